import type { ChangeBatch, RowChanges } from '@eclusa/sdk'
import { firstRowAfter } from './log-position.ts'
import type { LogPosition } from './log-position.ts'

/**
 * Of a batch of changes, those that were not applied before: a source that reads its log again from further back than it
 * must changes nothing. The batch itself when that is all of them.
 */
export function unappliedRows(batch: ChangeBatch, applied: LogPosition | undefined): ChangeBatch {
  if (batch.changes === undefined) return batch
  const first = firstRowAfter(batch.changes, applied)
  if (first === 0) return batch
  return {
    ...batch,
    records: batch.records.slice(first),
    unrepresentable: batch.unrepresentable
      .filter(({ row }) => row >= first)
      .map((value) => ({ ...value, row: value.row - first })),
    changes: changesFrom(batch.changes, first),
  }
}

function changesFrom(
  { operations, positions, orders, committedAtUs, unchanged }: RowChanges,
  first: number,
): RowChanges {
  return {
    operations: operations.subarray(first),
    positions: positions.subarray(first),
    orders: orders.subarray(first),
    committedAtUs: committedAtUs.subarray(first),
    unchanged: unchanged.map((bits) => bits && bitsFrom(bits, { first, count: operations.length - first })),
  }
}

function bitsFrom(bits: Uint8Array, { first, count }: { first: number; count: number }): Uint8Array {
  const moved = new Uint8Array((count + 7) >> 3)
  for (let row = 0, from = first; row < count; row++, from++) {
    if ((bits[from >> 3]! & (1 << (from & 7))) !== 0) moved[row >> 3]! |= 1 << (row & 7)
  }
  return moved
}
