import type { TestSession } from './database.ts'

/*
 * Random changes of random tables, from a seed: keys that change, values in TOAST, savepoints, rollbacks, truncations of
 * several tables, altered tables, and transactions large enough to be streamed beside others. What they leave behind can
 * be read from the tables.
 */

type Random = (below: number) => number

/** Expressions over a row's id and a random number `r`. */
const columnTypes: Readonly<Record<string, (id: string, r: number) => string>> = {
  integer: (id, r) => `(${id} * ${r} % 100003)::int`,
  bigint: (id, r) => `${id}::int8 * ${r}`,
  text: (id, r) => `md5((${id} + ${r})::text)`,
  long: (id, r) => `(SELECT string_agg(md5((${id} * ${r} + j)::text), '') FROM generate_series(1, 90) AS j)`,
  'numeric(14,2)': (id, r) => `round(${id} * ${r} / 7.0, 2)`,
  numeric: (id, r) => `${id} / ${r + 1}.0`,
  timestamptz: (id, r) => `'2024-05-05 05:05:05Z'::timestamptz + ${id} * interval '${r} seconds'`,
  boolean: (id, r) => `(${id} + ${r}) % 2 = 0`,
  uuid: (id, r) => `md5((${id} - ${r})::text)::uuid`,
  jsonb: (id, r) => `jsonb_build_object('id', ${id}, 'r', ARRAY[${r}, NULL])`,
  'integer[]': (id, r) => `ARRAY[${id}::int, NULL, ${r}]`,
  bytea: (id, r) => `decode(md5((${id} + ${r})::text), 'hex')`,
  'double precision': (id, r) => `${id} / ${r + 3}.0::float8`,
  mood: (id, r) => `(ARRAY['sad', 'ok', NULL])[1 + (abs(${id}) + ${r}) % 3]::mood`,
  int4range: (id, r) => `int4range(0, ${r} + (abs(${id}) % 1000)::int)`,
}
/** These have a binary form that is decoded here; int4range has not. */
const binaryTypes = Object.keys(columnTypes).filter((type) => type !== 'int4range')

interface WorkloadTable {
  name: string
  nextId: number
  columns: { name: string; type: string }[]
  readonly hasCode: boolean
  readonly isFull: boolean
}

export interface WorkloadOptions {
  readonly seed: number
  /** Tables, and the changes of them, may have types without a binary form that is decoded here. Default: false. */
  readonly hasTextTypes?: boolean
}

export class RandomWorkload {
  readonly seed: number
  readonly #random: Random
  readonly #types: readonly string[]
  #tables: WorkloadTable[]
  #names = 0

  constructor({ seed, hasTextTypes = false }: WorkloadOptions) {
    this.seed = seed
    this.#random = randomNumbers(seed)
    this.#types = hasTextTypes ? Object.keys(columnTypes) : binaryTypes
    this.#tables = ['first', 'second', 'third', 'aside'].map((name, index) => ({
      name,
      nextId: 1,
      hasCode: index === 1,
      isFull: index === 2,
      columns: ['text', 'long', ...Array.from({ length: 2 + this.#random(4) }, () => this.#pick(binaryTypes))].map(
        (type) => ({ name: this.#newName(), type }),
      ),
    }))
  }

  /** Names of the tables as they begin, with their keys. */
  get keys(): Map<string, readonly string[]> {
    const names = ['first', 'second', 'third', 'aside'] as const
    return new Map(names.map((name) => [`public.${name}`, name === 'second' ? ['code', 'id'] : ['id']]))
  }

  setUpSql(): string {
    const tables = this.#tables.map(({ name, columns, hasCode, isFull }) => {
      const parts = [
        'id bigint',
        ...(hasCode ? ['code text'] : []),
        ...columns.map((column) => `${column.name} ${sqlType(column.type)}`),
        `PRIMARY KEY (${hasCode ? 'code, id' : 'id'})`,
      ]
      const external = columns.filter(({ type }) => type === 'long')
      return [
        `CREATE TABLE ${name} (${parts.join(', ')})`,
        ...external.map((column) => `ALTER TABLE ${name} ALTER ${column.name} SET STORAGE EXTERNAL`),
        ...(isFull ? [`ALTER TABLE ${name} REPLICA IDENTITY FULL`] : []),
      ].join('; ')
    })
    return [`CREATE TYPE mood AS ENUM ('sad', 'ok')`, ...tables].join('; ')
  }

  /** Runs transactions one after the other, and now and then one of another session beside them. */
  async run(main: TestSession, aside: TestSession, transactions: number): Promise<void> {
    let isOpen = false
    for (let index = 0; index < transactions; index++) {
      if (!isOpen && this.#random(4) === 0) {
        await aside.run('BEGIN')
        isOpen = true
      }
      if (isOpen) await aside.run(this.#changesOf(this.#aside, 1 + this.#random(2)))
      await main.run(this.#transaction())
      if (isOpen && this.#random(2) === 0) {
        await aside.run(this.#random(3) === 0 ? 'ROLLBACK' : 'COMMIT')
        isOpen = false
      }
    }
    if (isOpen) await aside.run('COMMIT')
  }

  /** The tables' rows now, as PostgreSQL prints them: by the name that each table began with. */
  async rows(session: TestSession): Promise<Map<string, { columns: string[]; rows: string[] }>> {
    const found = new Map<string, { columns: string[]; rows: string[] }>()
    for (const [index, key] of [...this.keys.keys()].entries()) {
      const { name, hasCode, columns } = this.#tables.at(index)!
      const names = ['id', ...(hasCode ? ['code'] : []), ...columns.map((column) => column.name)]
      await session.run(`SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO, YMD'`)
      const rows = await session.run(`SELECT ${names.join(', ')} FROM ${name}`)
      found.set(key, { columns: names, rows: rows.map((row) => JSON.stringify(row)).toSorted() })
    }
    return found
  }

  get #aside(): WorkloadTable {
    return this.#tables.at(3)!
  }

  #transaction(): string {
    const before = structuredClone(this.#tables)
    const parts = Array.from({ length: 1 + this.#random(3) }, () => this.#step())
    if (this.#random(6) > 0) return `BEGIN; ${parts.join('; ')}; COMMIT`
    this.#restore(before)
    return `BEGIN; ${parts.join('; ')}; ROLLBACK`
  }

  #step(): string {
    const table = this.#tables.at(this.#random(3))!
    switch (this.#random(10)) {
      case 0:
        return this.#alter(table)
      case 1:
        return this.#random(3) === 0 ? `TRUNCATE ${this.#tables.at(0)!.name}, ${table.name}` : this.#changesOf(table, 1)
      case 2:
      case 3:
        return this.#savepoint(table)
      default:
        return this.#changesOf(table, 1 + this.#random(3))
    }
  }

  #savepoint(table: WorkloadTable): string {
    const name = this.#newName()
    const before = structuredClone(this.#tables)
    const inner = this.#random(3) === 0 ? this.#alter(table) : this.#changesOf(table, 2)
    if (this.#random(2) === 0) return `SAVEPOINT ${name}; ${inner}; RELEASE ${name}`
    this.#restore(before)
    return `SAVEPOINT ${name}; ${inner}; ROLLBACK TO ${name}; ${this.#changesOf(this.#tables.at(0)!, 1)}`
  }

  /** What was rolled back is gone, but numbers and names once given are not given again. */
  #restore(tables: WorkloadTable[]): void {
    for (const [index, table] of tables.entries()) table.nextId = this.#tables.at(index)!.nextId
    this.#tables = tables
  }

  #changesOf(table: WorkloadTable, count: number): string {
    return Array.from({ length: count }, () => this.#change(table)).join('; ')
  }

  #change(table: WorkloadTable): string {
    const divisor = 2 + this.#random(5)
    const some = `abs(id) % ${divisor} = ${this.#random(divisor)}`
    const column = this.#pick(table.columns)
    switch (this.#random(8)) {
      case 0:
        return `DELETE FROM ${table.name} WHERE ${some}`
      case 1:
        return `UPDATE ${table.name} SET id = -id${table.hasCode ? ", code = code || 'x'" : ''} WHERE ${some}`
      case 2:
        return `UPDATE ${table.name} SET id = -id, ${this.#assign(column)} WHERE ${some}`
      case 3:
      case 4:
        return `UPDATE ${table.name} SET ${this.#assign(column)} WHERE ${some}`
      default:
        return this.#insert(table, this.#random(12) === 0 ? 300 : 1 + this.#random(12))
    }
  }

  #insert(table: WorkloadTable, count: number): string {
    const from = table.nextId
    table.nextId += count
    const names = ['id', ...(table.hasCode ? ['code'] : []), ...table.columns.map(({ name }) => name)]
    const values = table.columns.map(({ type }) => this.#value(type, 'i'))
    const all = ['i', ...(table.hasCode ? [`'c' || i % 3`] : []), ...values]
    return `INSERT INTO ${table.name} (${names.join(', ')}) SELECT ${all.join(', ')} FROM generate_series(${from}, ${from + count - 1}) AS i`
  }

  #assign({ name, type }: WorkloadTable['columns'][number]): string {
    return `${name} = ${this.#value(type, 'id')}`
  }

  #value(type: string, id: string): string {
    const r = 1 + this.#random(1000)
    const value = columnTypes[type]?.(id, r) ?? 'NULL'
    return this.#random(3) === 0 ? `CASE WHEN abs(${id}) % 3 = 0 THEN NULL ELSE ${value} END` : value
  }

  #alter(table: WorkloadTable): string {
    const { name } = table
    const column = this.#pick(table.columns)
    // Rows that are there are not sent by altering the table; what the log does not say is said by an update.
    const say = (what: string) => `UPDATE ${name} SET ${what} = ${what}`
    switch (this.#random(5)) {
      case 0: {
        if (column.type !== 'integer') break
        column.type = 'bigint'
        return `ALTER TABLE ${name} ALTER ${column.name} TYPE bigint`
      }
      case 1: {
        if (column.type === 'long') break
        const before = column.name
        column.name = this.#newName()
        return `ALTER TABLE ${name} RENAME ${before} TO ${column.name}; ${say(column.name)}`
      }
      case 2: {
        if (table.columns.length < 3) break
        table.columns = table.columns.filter((other) => other !== column)
        return `ALTER TABLE ${name} DROP ${column.name}`
      }
      case 3: {
        table.name = this.#newName()
        return `ALTER TABLE ${name} RENAME TO ${table.name}`
      }
    }
    const added = { name: this.#newName(), type: this.#pick(this.#types.filter((type) => type !== 'long')) }
    table.columns = [...table.columns, added]
    const add = `ALTER TABLE ${name} ADD ${added.name} ${sqlType(added.type)}`
    if (added.type !== 'uuid') return add
    return `${add} DEFAULT gen_random_uuid(); ${say(added.name)}`
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items.at(this.#random(items.length))!
  }

  #newName(): string {
    return `n${this.#names++}`
  }
}

function sqlType(type: string): string {
  return type === 'long' ? 'text' : type
}

/** A small generator of random numbers (mulberry32), the same for the same seed everywhere. */
export function randomNumbers(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
