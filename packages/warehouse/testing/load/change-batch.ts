import { changeOperation } from '@eclusa/sdk'
import type { ChangeBatch, ChangeOperation, ConfiguredStream, RowChanges, StreamSchema } from '@eclusa/sdk'
import { batchOf, configured } from './stream-batch.ts'
import type { Columns } from './stream-batch.ts'

// Batches of changes, as a source that follows a log gives them.

/** A value that the source did not send. */
export const unchanged = Symbol('unchanged')

export interface Change {
  readonly operation: ChangeOperation
  /** Default: 1. */
  readonly position?: bigint
  /** Default: its place in the batch. */
  readonly order?: number
  /** By column of the stream; columns that are not named are NULL. */
  readonly row: readonly unknown[]
}

export function insert(id: number, note: unknown, position = 1n): Change {
  return { operation: 'insert', row: [id, note], position }
}

export function update(id: number, note: unknown, position = 1n): Change {
  return { operation: 'update', row: [id, note], position }
}

export function remove(id: number, position = 1n): Change {
  return { operation: 'delete', row: [id], position }
}

export function rekey(from: number, to: number, note: unknown, position = 1n): Change[] {
  return [remove(from, position), { operation: 'rekey', row: [to, note], position }]
}

/** A replicated stream of orders with key `id`, merged by it unless told otherwise. */
export function replicated(options: Partial<ConfiguredStream> & { readonly columns?: Columns } = {}): ConfiguredStream {
  return configured({ isReplicated: true, syncMode: 'incremental', destinationSyncMode: 'append_dedup', ...options })
}

/** Microseconds of the commit at a position: the test's clock ticks a second for each. */
export function committedAtUs(position: bigint): bigint {
  return 1_700_000_000_000_000n + position * 1_000_000n
}

export function changesOf(
  changes: readonly Change[],
  of: ConfiguredStream = replicated(),
  schema: StreamSchema = of.schema,
): ChangeBatch {
  const rows = changes.map(({ row }) => schema.columns.map((_, index) => sent(row[index])))
  return { ...batchOf(rows, of, schema), changes: rowChangesOf(changes, schema) }
}

/** Rows of the table copy. */
export function copyOf(
  rows: readonly (readonly unknown[])[],
  of: ConfiguredStream = replicated(),
  position = 0n,
): ChangeBatch {
  return { ...batchOf(rows, of), copiedAt: { position, atUs: committedAtUs(position) } }
}

function sent(value: unknown): unknown {
  return value === unchanged || value === undefined ? null : value
}

function rowChangesOf(changes: readonly Change[], schema: StreamSchema): RowChanges {
  const positions = changes.map(({ position = 1n }) => position)
  return {
    operations: Uint8Array.from(changes, ({ operation }) => changeOperation[operation]),
    positions: BigInt64Array.from(positions),
    orders: Int32Array.from(changes, ({ order }, index) => order ?? index),
    committedAtUs: BigInt64Array.from(positions, committedAtUs),
    unchanged: schema.columns.map((_, index) => bitsOf(changes.map(({ row }) => row[index] === unchanged))),
  }
}

function bitsOf(marks: readonly boolean[]): Uint8Array | undefined {
  if (!marks.includes(true)) return undefined
  const bits = new Uint8Array((marks.length + 7) >> 3)
  for (const [row, isMarked] of marks.entries()) {
    if (isMarked) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7))
  }
  return bits
}
