import type { SourceMessage } from '@eclusa/sdk'
import type { Lsn } from './lsn.ts'

/*
 * Reading the log up to a place that is no end of a transaction, such as that of a snapshot: the reader ends with the first
 * transaction that ends there or beyond it. What of it lies beyond is left out here, and comes again when reading goes on.
 */

/** What of a message comes before the position; undefined when nothing does. Checkpoints are the reader's own affair. */
export function partBefore(message: SourceMessage, position: Lsn): SourceMessage | undefined {
  if (message.type === 'stream_truncated') return message.change.position < position ? message : undefined
  if (message.type !== 'batch' || message.batch.changes === undefined) return message
  const { recycle: _, ...batch } = message.batch
  const { positions, operations, orders, committedAtUs, unchanged } = message.batch.changes
  const found = positions.findIndex((at) => at >= position)
  if (found === -1) return message
  if (found === 0) return undefined
  return {
    type: 'batch',
    batch: {
      ...batch,
      records: batch.records.slice(0, found),
      unrepresentable: batch.unrepresentable.filter(({ row }) => row < found),
      changes: {
        operations: operations.subarray(0, found),
        positions: positions.subarray(0, found),
        orders: orders.subarray(0, found),
        committedAtUs: committedAtUs.subarray(0, found),
        unchanged: unchanged.map((bits) => bits?.subarray(0, (found + 7) >> 3)),
      },
    },
  }
}
