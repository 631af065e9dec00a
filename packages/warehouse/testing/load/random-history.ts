import type { StreamSchema } from '@eclusa/sdk'
import * as fc from 'fast-check'
import { unchanged } from './change-batch.ts'
import type { Change } from './change-batch.ts'
import { schemaOf } from './stream-batch.ts'

// Random histories of a table with few keys, and what they must come to: the model is a Map.

/** A value as the batch builder takes it, and as warehouses print it. */
interface Value {
  readonly sent: unknown
  readonly duckdb: string
  readonly snowflake: string
}

function alike(sentValue: unknown): Value {
  return { sent: sentValue, duckdb: String(sentValue), snowflake: String(sentValue) }
}

export const noValue: Value = { sent: null, duckdb: 'NULL', snowflake: 'NULL' }
const texts = ['short', 'a text of more than twelve bytes', ''].map(alike)
const documents = [{ sent: '{"a": [1, 2.50]}', duckdb: '{"a": [1, 2.50]}', snowflake: '{"a":[1,2.5]}' }, alike('null')]
const lists = [
  { sent: [1, null, 3], duckdb: '[1, NULL, 3]', snowflake: '[1,null,3]' },
  { sent: [], duckdb: '[]', snowflake: '[]' },
]
const numbers = [alike(7)]
const valuesOf: readonly (readonly Value[])[] = [texts, documents, lists, numbers]

/** `undefined`: not sent, where there is a row already. */
type Sent = readonly (Value | undefined)[]

export type Step =
  | { readonly type: 'put'; readonly key: number; readonly values: Sent }
  | { readonly type: 'delete'; readonly key: number }
  | { readonly type: 'rekey'; readonly key: number; readonly to: number; readonly values: Sent }
  | { readonly type: 'truncate' }

const key = fc.integer({ min: 0, max: 3 })
const sent = fc.tuple(
  ...valuesOf.map((values) =>
    fc.oneof({ arbitrary: fc.constant(undefined), weight: 2 }, fc.constantFrom(noValue, ...values)),
  ),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('put' as const), key, values: sent }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('rekey' as const), key, to: key, values: sent }) },
  { weight: 1, arbitrary: fc.constant({ type: 'truncate' as const }) },
)

export interface Plan {
  readonly transactions: readonly (readonly Step[])[]
  /** The copy is as of so many transactions. */
  readonly copiedAfter: number
  /** A column comes with this transaction. */
  readonly widerFrom: number
  /** Of each transaction: what is done when it is written. */
  readonly cuts: readonly ('none' | 'batch' | 'commit' | 'session')[]
  /** Where the log is read from after a cut: so many transactions before. */
  readonly rewinds: readonly number[]
}

const transactionsMax = 12

export const arbitraryPlan: fc.Arbitrary<Plan> = fc.record({
  transactions: fc.array(fc.array(step, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: transactionsMax }),
  copiedAfter: fc.nat({ max: 4 }),
  widerFrom: fc.nat({ max: transactionsMax * 2 }),
  cuts: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant('none' as const) },
      { weight: 4, arbitrary: fc.constantFrom('batch' as const, 'commit' as const) },
      { weight: 1, arbitrary: fc.constant('session' as const) },
    ),
    { minLength: transactionsMax, maxLength: transactionsMax },
  ),
  rewinds: fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 5 })), {
    minLength: transactionsMax,
    maxLength: transactionsMax,
  }),
})

export const narrow: StreamSchema = schemaOf({ id: 'int32', note: 'text', doc: 'json', tags: 'list<int32>' })
export const wide: StreamSchema = schemaOf(
  { id: 'int32', note: 'text', doc: 'json', tags: 'list<int32>', extra: 'int32' },
  2,
)

/** The values of a row, as they are printed, without its key. */
type Row = readonly Value[]

/** What one change leaves in the history. */
export interface HistoryRow {
  readonly position: bigint
  readonly order: number
  readonly key: number
  readonly row: Row
  readonly isDelete: boolean
}

/** A change of the log, or the loss of all rows. */
export type LogEntry = { readonly change: Change } | { readonly truncated: { position: bigint; order: number } }

export interface Transaction {
  readonly position: bigint
  readonly entries: readonly LogEntry[]
  /** After it. */
  readonly live: ReadonlyMap<number, Row>
  readonly history: readonly HistoryRow[]
  readonly schema: StreamSchema
}

export function positionOf(transaction: number): bigint {
  return BigInt(transaction + 1) * 10n
}

/** The log that the steps make, and the table after each transaction. */
export function logOf({ transactions, widerFrom }: Plan): Transaction[] {
  let live = new Map<number, Row>()
  return transactions.map((steps, index) => {
    const position = positionOf(index)
    const schema = index >= widerFrom ? wide : narrow
    const written = new Writer(position, schema, live)
    for (const one of steps) written.apply(one)
    live = new Map(written.live)
    return { position, entries: written.entries, live, history: written.history, schema }
  })
}

class Writer {
  readonly entries: LogEntry[] = []
  readonly history: HistoryRow[] = []
  readonly live: Map<number, Row>
  readonly #position: bigint
  readonly #width: number
  #order = 0

  constructor(position: bigint, schema: StreamSchema, live: ReadonlyMap<number, Row>) {
    this.live = new Map(live)
    this.#position = position
    this.#width = schema.columns.length - 1
  }

  apply(one: Step): void {
    if (one.type === 'truncate') this.#truncate()
    else if (one.type === 'delete') this.#delete(one.key)
    else if (one.type === 'put') {
      const before = this.live.get(one.key)
      this.#write(before === undefined ? 'insert' : 'update', one.key, { values: one.values, before })
    } else this.#rekey(one)
  }

  #rekey({ key: from, to, values }: { key: number; to: number; values: Sent }): void {
    const before = this.live.get(from)
    if (before === undefined || this.live.has(to)) return
    this.#delete(from)
    this.#write('rekey', to, { values, before })
  }

  #write(
    operation: Change['operation'],
    id: number,
    { values, before }: { values: Sent; before: Row | undefined },
  ): void {
    const sentValues = values
      .slice(0, this.#width)
      .map((value) => value ?? (before === undefined ? noValue : undefined))
    const row = sentValues.map((value, index) => value ?? before?.[index] ?? noValue)
    this.live.set(id, row)
    this.#log(operation, [id, ...sentValues.map((value) => (value === undefined ? unchanged : value.sent))])
    this.history.push({ ...this.#at(), key: id, row, isDelete: false })
  }

  #delete(id: number): void {
    if (!this.live.delete(id)) return
    this.#log('delete', [id])
    this.history.push({ ...this.#at(), key: id, row: [], isDelete: true })
  }

  #truncate(): void {
    this.#order++
    for (const id of this.live.keys()) this.history.push({ ...this.#at(), key: id, row: [], isDelete: true })
    this.live.clear()
    this.entries.push({ truncated: this.#at() })
  }

  #log(operation: Change['operation'], row: readonly unknown[]): void {
    this.#order++
    this.entries.push({ change: { operation, row, ...this.#at() } })
  }

  #at(): { position: bigint; order: number } {
    return { position: this.#position, order: this.#order }
  }
}

/** Rows of the table copy. */
export function copiedRows(live: ReadonlyMap<number, Row>, { columns }: StreamSchema): unknown[][] {
  return [...live].map(([id, row]) => columns.map((_, index) => (index === 0 ? id : (row[index - 1] ?? noValue).sent)))
}

/** `id|note|doc|tags|extra` as a query of the warehouse prints it. */
export function printed(warehouse: 'duckdb' | 'snowflake', id: number, row: Row): string {
  const cells = Array.from({ length: 4 }, (_, index) => (row[index] ?? noValue)[warehouse])
  return [String(id), ...cells].join('|')
}
