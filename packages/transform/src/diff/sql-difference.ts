import type { SqlValue, WarehouseConnection } from '@eclusa/sdk'
import type { Dialect } from '@eclusa/warehouse'
import type { ColumnPair } from './column-pairs.ts'
import type { RowDifference, SampleRow } from './model-difference.ts'

export interface SqlDifferenceOptions {
  readonly connection: WarehouseConnection
  readonly dialect: Dialect
  /** What to read, as it stands behind FROM. */
  readonly before: string
  readonly after: string
  readonly pairs: readonly ColumnPair[]
  readonly key: readonly ColumnPair[]
  /** Rows to show at most. */
  readonly limit: number
  readonly signal: AbortSignal
}

/** Compares two relations of one database there: nothing but counts, and the rows to be shown, leaves it. */
export class SqlDifference {
  readonly #options: SqlDifferenceOptions

  constructor(options: SqlDifferenceOptions) {
    this.#options = options
  }

  /** Why the key does not tell rows apart; undefined when it does. */
  async faultOfKey(): Promise<string | undefined> {
    const { key, before, after } = this.#options
    const facts: string[] = []
    for (const [side, from] of [
      ['before', before],
      ['after', after],
    ] as const) {
      const names = key.map((pair) => this.#quote(pair[side].name))
      const isNull = names.map((name) => `${name} is null`).join(' or ')
      // Rows that are not counted: a NULL among several columns is a value of the whole, but not in Snowflake's form.
      const uncounted = names.length === 1 || this.#isSnowflake ? isNull : 'false'
      const whole = names.length === 1 || this.#isSnowflake ? names.join(', ') : `(${names.join(', ')})`
      const [[repeated, nulls] = []] = await this.#query(
        `select count(*) - count(distinct ${whole}) - ${this.#count(uncounted)}, ${this.#count(isNull)} from ${from}`,
      )
      if (Number(repeated) > 0) facts.push(`repeats ${String(repeated)} times ${side}`)
      if (Number(nulls) > 0) facts.push(`is NULL in ${String(nulls)} rows ${side}`)
    }
    return facts.length === 0 ? undefined : facts.join(', ')
  }

  async byKey(): Promise<RowDifference> {
    const others = this.#others()
    const changed = others.map((pair) => this.#isChanged(pair))
    const isBoth = 'b._eclusa_is_there and a._eclusa_is_there'
    const counts = [
      'b._eclusa_is_there',
      'a._eclusa_is_there',
      'b._eclusa_is_there is null',
      'a._eclusa_is_there is null',
      `${isBoth} and (${changed.length === 0 ? 'false' : changed.join(' or ')})`,
      ...changed.map((condition) => `${isBoth} and ${condition}`),
    ].map((condition) => this.#count(condition))
    const [row = []] = await this.#query(`select ${counts.join(', ')} from ${this.#joined()}`)
    const [before = 0, after = 0, added = 0, removed = 0, rowsChanged = 0, ...byColumn] = row.map(Number)
    const columns = others.map(({ name }, index): [string, number] => [name, byColumn[index] ?? 0])
    return {
      before,
      after,
      added,
      removed,
      changed: rowsChanged,
      changedColumns: Object.fromEntries(columns.filter(([, count]) => count > 0)),
      sample: added + removed + rowsChanged === 0 ? [] : await this.#sampleByKey(),
    }
  }

  async byRow(): Promise<RowDifference> {
    const { before, after, limit } = this.#options
    const count = async (from: string) => Number((await this.#query(`select count(*) from ${from}`))[0]?.[0])
    const [removed, added] = [this.#rowsMissing('before', 'after'), this.#rowsMissing('after', 'before')]
    const sample: SampleRow[] = []
    const counts = { removed: await count(`(${removed}) as x`), added: await count(`(${added}) as x`) }
    for (const [kind, sql] of [
      ['removed', removed],
      ['added', added],
    ] as const) {
      const room = limit - sample.length
      if (room <= 0 || counts[kind] === 0) continue
      const rows = await this.#query(`select * from (${sql}) as x limit ${room}`)
      sample.push(...rows.map((row) => ({ kind, values: this.#valuesOf(this.#options.pairs, row) })))
    }
    const totals = { before: await count(before), after: await count(after) }
    return { ...totals, ...counts, changed: 0, changedColumns: {}, sample }
  }

  async #sampleByKey(): Promise<SampleRow[]> {
    const { limit, key, pairs } = this.#options
    if (limit <= 0) return []
    const others = this.#others()
    const changed = others.map((pair) => this.#isChanged(pair))
    const columns = [
      'b._eclusa_is_there',
      'a._eclusa_is_there',
      ...changed,
      ...pairs.flatMap(({ before, after }) => [`b.${this.#quote(before.name)}`, `a.${this.#quote(after.name)}`]),
    ]
    // A name of its own for each: both sides have the same.
    const named = columns.map((column, index) => `${column} as c${index}`)
    const rows = await this.#query(
      `select ${named.join(', ')} from ${this.#joined()}
       where b._eclusa_is_there is null or a._eclusa_is_there is null ${changed.map((condition) => `or ${condition}`).join(' ')}
       limit ${limit}`,
    )
    return rows.map(([isBefore, isAfter, ...rest]): SampleRow => {
      const values = rest.slice(changed.length)
      const side = (offset: 0 | 1, of: readonly ColumnPair[]) =>
        Object.fromEntries(of.map((pair) => [pair.name, values[pairs.indexOf(pair) * 2 + offset] ?? null]))
      if (isBefore === null) return { kind: 'added', values: side(1, pairs) }
      if (isAfter === null) return { kind: 'removed', values: side(0, pairs) }
      const differing = others.filter((_, index) => rest[index] === true)
      const [from, to] = [side(0, differing), side(1, differing)]
      const changes = differing.map(({ name }) => [name, { before: from[name] ?? null, after: to[name] ?? null }])
      return {
        kind: 'changed',
        values: side(1, key),
        changes: Object.fromEntries(changes) as SampleRow['changes'] & {},
      }
    })
  }

  #valuesOf(pairs: readonly ColumnPair[], row: readonly SqlValue[]): Record<string, SqlValue> {
    return Object.fromEntries(pairs.map(({ name }, index) => [name, row[index] ?? null]))
  }

  #others(): ColumnPair[] {
    const { pairs, key } = this.#options
    return pairs.filter((pair) => !key.includes(pair))
  }

  #joined(): string {
    const { before, after, key } = this.#options
    const conditions = key.map((pair) => `${this.#value(pair, 'before')} = ${this.#value(pair, 'after')}`)
    return `(select true as _eclusa_is_there, x.* from ${before} as x) as b
      full join (select true as _eclusa_is_there, x.* from ${after} as x) as a on ${conditions.join(' and ')}`
  }

  #rowsMissing(side: 'before' | 'after', other: 'before' | 'after'): string {
    const { pairs } = this.#options
    const select = (from: 'before' | 'after') => {
      const values = pairs.map((pair) => {
        const name = this.#quote(pair[from].name)
        return pair.asText ? `cast(${name} as text)` : name
      })
      if (!this.#isSnowflake) return `select ${values.join(', ')} from ${this.#options[from]}`
      const named = values.map((value, index) => `${value} as c${index}`)
      const number = `row_number() over (partition by ${values.join(', ')} order by null) as nth`
      return `select ${named.join(', ')}, ${number} from ${this.#options[from]}`
    }
    if (!this.#isSnowflake) return `${select(side)} except all ${select(other)}`
    // Snowflake's EXCEPT knows no ALL: equal rows are numbered, so that no two are the same.
    const columns = pairs.map((_, index) => `c${index}`)
    return `select ${columns.join(', ')} from (${select(side)} except ${select(other)}) as numbered`
  }

  get #isSnowflake(): boolean {
    return this.#options.dialect.type === 'snowflake'
  }

  #count(condition: string): string {
    return this.#isSnowflake ? `count_if(${condition})` : `count(*) filter (where ${condition})`
  }

  #isChanged(pair: ColumnPair): string {
    return `${this.#value(pair, 'before')} is distinct from ${this.#value(pair, 'after')}`
  }

  #value(pair: ColumnPair, side: 'before' | 'after'): string {
    const name = `${side === 'before' ? 'b' : 'a'}.${this.#quote(pair[side].name)}`
    return pair.asText ? `cast(${name} as text)` : name
  }

  #quote(name: string): string {
    return this.#options.dialect.quoteIdentifier(name)
  }

  async #query(sql: string): Promise<readonly (readonly SqlValue[])[]> {
    const { connection, signal } = this.#options
    return (await connection.query(sql, { signal })).rows
  }
}
