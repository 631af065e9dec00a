import { randomFrom } from './random-numbers.ts'
import type { Random } from './random-numbers.ts'

/*
 * Random tables and random writes to them, from a seed: keys of several types that change, are given again and swapped,
 * NULLs, values in TOAST that updates leave alone, savepoints, rollbacks, truncations of several tables, transactions
 * that stay open beside others, and altered tables. Nothing is remembered but shapes: what is right is what the source
 * holds in the end.
 */

/** A key's columns, as expressions over a row's number `n`; another number makes another key. */
const keys: readonly Readonly<Record<string, readonly [type: string, of: (n: string) => string]>>[] = [
  { k: ['bigint', (n) => n] },
  { k: ['text', (n) => `'k' || (${n})`] },
  { k: ['uuid', (n) => `md5((${n})::text)::uuid`] },
  { k: ['timestamptz', (n) => `'2024-03-31 00:00:00Z'::timestamptz + (${n}) * interval '1 second'`] },
  { k2: ['integer', (n) => `(${n}) % 3`], k1: ['text', (n) => `(${n})::text`] },
  { k: ['numeric(12,2)', (n) => `(${n}) / 4.0`], k1: ['date', (n) => `'2024-02-29'::date + (${n})::int`] },
]

/** Expressions over a row's number `n` and a number `r`. */
const columnTypes: Readonly<Record<string, (n: string, r: number) => string>> = {
  integer: (n, r) => `((${n}) * ${r} % 100003)::int`,
  smallint: (n, r) => `((${n}) * ${r} % 30000)::int2`,
  bigint: (n, r) => `(${n}) * ${r} * 1000003`,
  text: (n, r) => `repeat(chr(${r % 2 === 0 ? 228 : 65}) || (${n}), ${r % 4})`,
  long: (n, r) => `(SELECT string_agg(md5(((${n}) * ${r} + j)::text), '') FROM generate_series(1, 90) AS j)`,
  'numeric(14,2)': (n, r) => `round((${n}) * ${r} / 7.0, 2)`,
  timestamptz: (n, r) => `'2024-05-05 05:05:05.000005Z'::timestamptz + (${n}) * interval '${r} seconds'`,
  timestamp: (n, r) => `'1999-12-31 23:59:59'::timestamp - (${n}) * interval '${r} microseconds'`,
  date: (n, r) => `'1970-01-01'::date + ((${n}) * ${r} % 90000)::int`,
  boolean: (n, r) => `((${n}) + ${r}) % 2 = 0`,
  uuid: (n, r) => `md5(((${n}) - ${r})::text)::uuid`,
  jsonb: (n, r) => `jsonb_build_object('n', ${n}, 'r', jsonb_build_array(${r}, NULL, '"\\'))`,
  'integer[]': (n, r) => `ARRAY[((${n}) % 1000)::int, NULL, ${r}]`,
  bytea: (n, r) => `decode(md5(((${n}) + ${r})::text), 'hex')`,
  'double precision': (n, r) => `(${n}) / ${r + 3}.0::float8`,
  mood: (n, r) => `(ARRAY['sad', 'ok', NULL])[1 + (abs(${n}) + ${r}) % 3]::mood`,
}
const valueMakers = new Map(Object.entries(columnTypes))
const widerTypes: Readonly<Record<string, string>> = { smallint: 'integer', integer: 'bigint' }

interface Column {
  name: string
  type: string
}

export interface RandomTable {
  readonly name: string
  readonly keyColumns: readonly string[]
  /** Its stream is a history in the warehouse. */
  readonly isHistory: boolean
  readonly key: Readonly<Record<string, readonly [type: string, of: (n: string) => string]>>
  readonly isFull: boolean
  columns: Column[]
  nextNumber: number
}

export interface RandomWritesOptions {
  readonly seed: number
  /** Tables are altered within the transactions that write to them. Default: only by `alter`. */
  readonly altersWithin?: boolean
}

/** Runs statements, in one call. */
export type RunSql = (sql: string) => Promise<unknown>

export class RandomWrites {
  readonly tables: RandomTable[]
  readonly #random: Random
  readonly #altersWithin: boolean
  #names = 0
  #isAsideOpen = false

  constructor({ seed, altersWithin = false }: RandomWritesOptions) {
    this.#random = randomFrom(seed)
    this.#altersWithin = altersWithin
    this.tables = Array.from({ length: 5 }, (_, index) => this.#newTable(index))
  }

  setUpSql(): string {
    return [`CREATE TYPE mood AS ENUM ('sad', 'ok')`, ...this.tables.map((table) => this.#createSql(table))].join('; ')
  }

  /** Rows that are there before anything is replicated. */
  firstRowsSql(): string {
    return this.tables.map((table) => this.#insert(table, 20 + this.#random(200))).join('; ')
  }

  /** Transactions one after the other; in the last table those of another session, which stay open for a while. */
  async run(main: RunSql, aside: RunSql, transactions: number): Promise<void> {
    for (let index = 0; index < transactions; index++) {
      if (!this.#isAsideOpen && this.#random(4) === 0) {
        await aside('BEGIN')
        this.#isAsideOpen = true
      }
      if (this.#isAsideOpen) await aside(this.#changesOf(this.#aside, 1 + this.#random(2)))
      await main(this.#transaction())
      if (this.#isAsideOpen && this.#random(3) === 0) await this.closeAside(aside)
    }
  }

  /** Ends the transaction that may be open beside. */
  async closeAside(aside: RunSql): Promise<void> {
    if (!this.#isAsideOpen) return
    this.#isAsideOpen = false
    await aside(this.#random(3) === 0 ? 'ROLLBACK' : 'COMMIT')
  }

  /** One alteration: what alters the table, and then an update that writes what the log does not say of it. */
  alter(): { readonly alterSql: string; readonly updateSql: string } {
    return this.#alter(this.#pick(this.tables.slice(0, -1)))
  }

  get #main(): RandomTable {
    return this.tables.at(0)!
  }

  get #aside(): RandomTable {
    return this.tables.at(-1)!
  }

  #newTable(index: number): RandomTable {
    const key = this.#pick(keys)
    const types = Object.keys(columnTypes)
    const drawn = Array.from({ length: 2 + this.#random(5) }, () => this.#pick(types))
    return {
      name: `t${index}`,
      key,
      keyColumns: Object.keys(key),
      isHistory: index === 2 || index === 3,
      isFull: this.#random(3) === 0,
      columns: ['long', 'text', ...drawn].map((type) => ({ name: this.#newName(), type })),
      nextNumber: 1,
    }
  }

  #createSql({ name, key, keyColumns, columns, isFull }: RandomTable): string {
    const parts = [
      'n bigint',
      ...Object.entries(key).map(([column, [type]]) => `${column} ${type}`),
      ...columns.map((column) => `${column.name} ${sqlType(column.type)}`),
      `PRIMARY KEY (${keyColumns.join(', ')})`,
    ]
    const external = columns.filter(({ type }) => type === 'long')
    return [
      `CREATE TABLE ${name} (${parts.join(', ')})`,
      ...external.map((column) => `ALTER TABLE ${name} ALTER ${column.name} SET STORAGE EXTERNAL`),
      ...(isFull ? [`ALTER TABLE ${name} REPLICA IDENTITY FULL`] : []),
    ].join('; ')
  }

  #transaction(): string {
    const before = structuredClone(this.tables.map(({ columns }) => columns))
    const steps = Array.from({ length: 1 + this.#random(4) }, () => this.#step())
    if (this.#random(6) > 0) return `BEGIN; ${steps.join('; ')}; COMMIT`
    this.#restore(before)
    return `BEGIN; ${steps.join('; ')}; ROLLBACK`
  }

  #step(): string {
    const table = this.#pick(this.tables.slice(0, -1))
    switch (this.#random(12)) {
      case 0:
        return this.#altersWithin ? Object.values(this.#alter(table)).join('; ') : this.#changesOf(table, 1)
      case 1:
        return this.#random(3) === 0 ? this.#truncate() : this.#changesOf(table, 2)
      case 2:
      case 3:
        return this.#savepoint(table)
      default:
        return this.#changesOf(table, 1 + this.#random(3))
    }
  }

  #truncate(): string {
    const some = this.tables.slice(0, -1).filter((table) => table === this.#main || this.#random(2) === 0)
    return `TRUNCATE ${some.map(({ name }) => name).join(', ')}`
  }

  #savepoint(table: RandomTable): string {
    const name = this.#newName()
    const before = structuredClone(this.tables.map(({ columns }) => columns))
    const changes = this.#changesOf(table, 1 + this.#random(2))
    const inner =
      this.#altersWithin && this.#random(4) === 0
        ? `${Object.values(this.#alter(table)).join('; ')}; ${this.#changesOf(table, 1)}`
        : changes
    if (this.#random(2) === 0) return `SAVEPOINT ${name}; ${inner}; RELEASE ${name}`
    this.#restore(before)
    return `SAVEPOINT ${name}; ${inner}; ROLLBACK TO ${name}; ${this.#changesOf(this.#main, 1)}`
  }

  #restore(columns: readonly Column[][]): void {
    for (const [index, table] of this.tables.entries()) table.columns = columns[index]!
  }

  #changesOf(table: RandomTable, count: number): string {
    return Array.from({ length: count }, () => this.#change(table)).join('; ')
  }

  #change(table: RandomTable): string {
    const divisor = 2 + this.#random(6)
    const some = `abs(n) % ${divisor} = ${this.#random(divisor)}`
    const column = this.#pick(table.columns)
    switch (this.#random(10)) {
      case 0:
        return `DELETE FROM ${table.name} WHERE ${some}`
      case 1:
        return `UPDATE ${table.name} SET ${this.#number(table, '-n')} WHERE ${some}`
      case 2:
        return `UPDATE ${table.name} SET ${this.#number(table, '-n')}, ${this.#assign(column)} WHERE ${some}`
      case 3:
        return this.#swap(table)
      case 4:
        return this.#again(table)
      case 5:
      case 6:
        return `UPDATE ${table.name} SET ${this.#assign(column)} WHERE ${some}`
      default:
        return this.#insert(table, this.#random(10) === 0 ? 200 : 1 + this.#random(12))
    }
  }

  /** The rows with the least and the greatest number change their keys with each other. */
  #swap(table: RandomTable): string {
    const move = (from: string, to: string) => `UPDATE ${table.name} SET ${this.#number(table, to)} WHERE n = ${from}`
    return `DO $$ DECLARE a bigint; b bigint; BEGIN
      SELECT min(n), max(n) INTO a, b FROM ${table.name};
      IF a < b THEN ${move('a', '0::bigint')}; ${move('b', 'a')}; ${move('0', 'b')}; END IF; END $$`
  }

  /** A row goes and comes back under its key with other values. */
  #again(table: RandomTable): string {
    return `DO $$ DECLARE gone bigint; BEGIN
      DELETE FROM ${table.name} WHERE n = (SELECT min(n) FROM ${table.name}) RETURNING n INTO gone;
      IF gone IS NOT NULL THEN INSERT INTO ${table.name} ${this.#rows(table, 'SELECT gone AS i')}; END IF; END $$`
  }

  #insert(table: RandomTable, count: number): string {
    const from = table.nextNumber
    table.nextNumber += count
    return `INSERT INTO ${table.name} ${this.#rows(table, `SELECT i FROM generate_series(${from}::bigint, ${from + count - 1}) AS i`)}`
  }

  #rows(table: RandomTable, numbersSql: string): string {
    const names = ['n', ...table.keyColumns, ...table.columns.map(({ name }) => name)]
    const keyValues = Object.values(table.key).map(([, of]) => of('i'))
    const values = table.columns.map(({ type }) => this.#value(type, 'i'))
    return `(${names.join(', ')}) SELECT ${['i', ...keyValues, ...values].join(', ')} FROM (${numbersSql}) AS numbers`
  }

  #number(table: RandomTable, to: string): string {
    const parts = Object.entries(table.key).map(([column, [, of]]) => `${column} = ${of(to)}`)
    return [`n = ${to}`, ...parts].join(', ')
  }

  #assign({ name, type }: Column): string {
    return `${name} = ${this.#value(type, 'n')}`
  }

  #value(type: string, n: string): string {
    const value = valueMakers.get(type)!(n, 1 + this.#random(1000))
    return this.#random(3) === 0 ? `CASE WHEN abs(${n}) % 3 = 0 THEN NULL ELSE ${value} END` : value
  }

  #alter(table: RandomTable): { alterSql: string; updateSql: string } {
    const { name } = table
    const column = this.#pick(table.columns)
    const wider = widerTypes[column.type]
    const kind = this.#random(4)
    if (kind === 0 && wider !== undefined) {
      table.columns = table.columns.map((other) => (other === column ? { ...column, type: wider } : other))
      return { alterSql: `ALTER TABLE ${name} ALTER ${column.name} TYPE ${wider}`, updateSql: 'SELECT' }
    }
    if (kind === 1 && column.type !== 'long') {
      const renamed = { ...column, name: this.#newName() }
      table.columns = table.columns.map((other) => (other === column ? renamed : other))
      return {
        alterSql: `ALTER TABLE ${name} RENAME ${column.name} TO ${renamed.name}`,
        updateSql: `UPDATE ${name} SET ${renamed.name} = ${renamed.name}`,
      }
    }
    if (kind === 2 && table.columns.length > 3) {
      table.columns = table.columns.filter((other) => other !== column)
      return { alterSql: `ALTER TABLE ${name} DROP ${column.name}`, updateSql: 'SELECT' }
    }
    const type = this.#pick(Object.keys(columnTypes).filter((other) => other !== 'long'))
    const added = { name: this.#newName(), type }
    table.columns = [...table.columns, added]
    const add = `ALTER TABLE ${name} ADD ${added.name} ${sqlType(type)}`
    if (type !== 'uuid' && type !== 'integer') return { alterSql: add, updateSql: 'SELECT' }
    const value = type === 'uuid' ? 'gen_random_uuid()' : '7'
    const updateSql = `UPDATE ${name} SET ${added.name} = ${added.name}`
    return { alterSql: `${add} DEFAULT ${value}`, updateSql }
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items.at(this.#random(items.length))!
  }

  #newName(): string {
    return `c${this.#names++}`
  }
}

function sqlType(type: string): string {
  return type === 'long' ? 'text' : type
}
