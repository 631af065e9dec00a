import type { SqlValue, Warehouse } from '@eclusa/sdk'
import type { Dialect } from '@eclusa/warehouse'
import type { ColumnPair } from './column-pairs.ts'
import type { RowDifference, SampleRow } from './model-difference.ts'
import { canonicalValue, keyText } from './canonical-value.ts'

/** One of two relations in different databases. */
export interface StreamedSide {
  readonly warehouse: Warehouse
  readonly dialect: Dialect
  /** What to read, as it stands behind FROM. */
  readonly from: string
}

export interface StreamedDifferenceOptions {
  readonly before: StreamedSide
  readonly after: StreamedSide
  readonly pairs: readonly ColumnPair[]
  /** Empty: whole rows are compared, which takes two warehouses of one kind. */
  readonly key: readonly ColumnPair[]
  readonly limit: number
  readonly signal: AbortSignal
}

/** Rows that are fetched at once from a warehouse that does not stream. */
const rowsPerFetch = 2000

/** The key has the same value in several rows of one side. */
export class RepeatedKey extends Error {}

/**
 * Compares relations of two databases: both are read in the order of a hash of their keys, which is the same everywhere,
 * and merged. Sorting is the warehouses' work; here are never more rows than come at once.
 *
 * @throws RepeatedKey
 */
export async function streamedDifference(options: StreamedDifferenceOptions): Promise<RowDifference> {
  const merge = new Merge(options)
  const [before, after] = [groups(options, 'before'), groups(options, 'after')]
  try {
    let [left, right] = [await before.next(), await after.next()]
    while (left.done !== true || right.done !== true) {
      const order = compareGroups(left.value, right.value)
      merge.add(order <= 0 ? left.value : undefined, order >= 0 ? right.value : undefined)
      if (order <= 0) left = await before.next()
      if (order >= 0) right = await after.next()
    }
  } finally {
    await Promise.all([before.return(undefined), after.return(undefined)])
  }
  return merge.result()
}

/** Rows of one key: the first of them, and how many there are. */
interface Group {
  readonly hash: string
  readonly row: readonly SqlValue[]
  readonly count: number
}

function compareGroups(left: Group | undefined | void, right: Group | undefined | void): number {
  if (left === undefined) return 1
  if (right === undefined) return -1
  return left.hash < right.hash ? -1 : left.hash > right.hash ? 1 : 0
}

async function* groups(
  options: StreamedDifferenceOptions,
  name: 'before' | 'after',
): AsyncGenerator<Group, undefined, undefined> {
  let group: Group | undefined
  for await (const [hash, ...row] of rowsOf(options[name], sortedQuery(options, name), options.signal)) {
    if (group !== undefined && group.hash === hash) {
      if (options.key.length > 0) throw new RepeatedKey(name)
      group = { ...group, count: group.count + 1 }
    } else {
      if (group !== undefined) yield group
      group = { hash: String(hash), row, count: 1 }
    }
  }
  if (group !== undefined) yield group
  return undefined
}

/** The hash first, then the columns that both sides have. */
function sortedQuery({ before, after, pairs, key }: StreamedDifferenceOptions, name: 'before' | 'after'): string {
  const { dialect, from } = name === 'before' ? before : after
  const isOneKind = before.dialect.type === after.dialect.type
  const parts = (key.length === 0 ? pairs : key).map((pair) => keyText(pair, name, { dialect, isOneKind }))
  const columns = pairs.map((pair) => {
    const column = dialect.quoteIdentifier(pair[name].name)
    return pair.asText ? `cast(${column} as text)` : column
  })
  const hash = `md5(${parts.join(' || chr(31) || ')})`
  const named = [`${hash} as row_hash`, ...columns.map((column, index) => `${column} as c${index}`)]
  const order = dialect.type === 'postgres' ? 'row_hash collate "C"' : 'row_hash'
  // PostgreSQL sorts by an expression of a result column only when that is the column of a subquery.
  return `select * from (select ${named.join(', ')} from ${from}) as rows_hashed order by ${order}`
}

async function* rowsOf(
  { warehouse }: StreamedSide,
  sql: string,
  signal: AbortSignal,
): AsyncGenerator<readonly SqlValue[], undefined, undefined> {
  if (warehouse.read !== undefined) {
    for await (const part of warehouse.read(sql, { signal })) {
      if (part.type === 'rows') yield* part.rows
    }
    return undefined
  }
  await using connection = await warehouse.connect()
  await connection.query('begin read only', { signal })
  await connection.query(`declare difference no scroll cursor for ${sql}`, { signal })
  for (;;) {
    const { rows } = await connection.query(`fetch ${rowsPerFetch} from difference`, { signal })
    if (rows.length === 0) return undefined
    yield* rows
  }
}

/** What is found out while groups come by. */
class Merge {
  readonly #options: StreamedDifferenceOptions
  readonly #sample: SampleRow[] = []
  readonly #changedColumns = new Map<string, number>()
  #counts = { before: 0, after: 0, added: 0, removed: 0, changed: 0 }

  constructor(options: StreamedDifferenceOptions) {
    this.#options = options
  }

  add(before: Group | undefined, after: Group | undefined): void {
    const [left, right] = [before?.count ?? 0, after?.count ?? 0]
    this.#counts.before += left
    this.#counts.after += right
    this.#counts.added += Math.max(right - left, 0)
    this.#counts.removed += Math.max(left - right, 0)
    if (left > right) this.#show(left - right, { kind: 'removed', values: this.#valuesOf(before!) })
    else if (right > left) this.#show(right - left, { kind: 'added', values: this.#valuesOf(after!) })
    else if (this.#options.key.length > 0) this.#compare(before!, after!)
  }

  result(): RowDifference {
    return { ...this.#counts, changedColumns: Object.fromEntries(this.#changedColumns), sample: this.#sample }
  }

  #compare(before: Group, after: Group): void {
    const { pairs, key } = this.#options
    const changes: Record<string, { before: SqlValue; after: SqlValue }> = {}
    for (const [index, pair] of pairs.entries()) {
      const [from, to] = [before.row[index] ?? null, after.row[index] ?? null]
      if (key.includes(pair) || canonicalValue(from, pair) === canonicalValue(to, pair)) continue
      changes[pair.name] = { before: from, after: to }
      this.#changedColumns.set(pair.name, (this.#changedColumns.get(pair.name) ?? 0) + 1)
    }
    if (Object.keys(changes).length === 0) return
    this.#counts.changed += 1
    const values = key.map((pair): [string, SqlValue] => [pair.name, after.row[pairs.indexOf(pair)] ?? null])
    this.#show(1, { kind: 'changed', values: Object.fromEntries(values), changes })
  }

  #show(count: number, row: SampleRow): void {
    for (let shown = 0; shown < count && this.#sample.length < this.#options.limit; shown += 1) this.#sample.push(row)
  }

  #valuesOf({ row }: Group): Record<string, SqlValue> {
    return Object.fromEntries(this.#options.pairs.map(({ name }, index) => [name, row[index] ?? null]))
  }
}
