import { changeOperation, createBatchBuilder } from '@eclusa/sdk'
import type { SourceMessage } from '@eclusa/sdk'
import { expect, it } from 'vitest'
import { partBefore } from './log-part.ts'

const stream = { name: 't' }

/** A row for each position, whose id is its index and whose second value was not sent. */
function batchAt(positions: readonly bigint[]): SourceMessage & { type: 'batch' } {
  const builder = createBatchBuilder({
    stream,
    schema: {
      version: 1,
      columns: ['id', 'v'].map((name) => ({ name, type: { type: 'int32' }, nullable: true })),
    },
    budget: { batchBytesMax: Infinity, batchRowsMax: Infinity },
  })
  for (const id of positions.keys()) builder.append([id, null])
  const marks = new Uint8Array((positions.length + 7) >> 3).fill(0xff)
  const changes = {
    operations: new Uint8Array(positions.length).fill(changeOperation.update),
    positions: BigInt64Array.from(positions),
    orders: Int32Array.from(positions.keys()),
    committedAtUs: BigInt64Array.from(positions),
    unchanged: [undefined, marks],
  }
  return { type: 'batch', batch: { ...builder.finish(), changes } }
}

it('keeps what comes before the position, and leaves out what stands there or behind it', () => {
  const positions = Array.from({ length: 12 }, (_, index) => BigInt(index < 10 ? 7 : 9))
  const kept = partBefore(batchAt(positions), 9n) as SourceMessage & { type: 'batch' }
  const { records, changes, recycle } = kept.batch
  expect([...records.getChildAt(0)!]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect([changes?.operations.length, changes?.positions, changes?.orders.length]).toEqual([
    10,
    BigInt64Array.from(positions.slice(0, 10)),
    10,
  ])
  expect([changes?.committedAtUs.length, changes?.unchanged[1]?.length, recycle]).toEqual([10, 2, undefined])
})

it('leaves messages as they are that are whole before it, and gives nothing for those behind it', () => {
  const batch = batchAt([5n, 6n])
  expect(partBefore(batch, 7n)).toBe(batch)
  expect(partBefore(batch, 5n)).toBeUndefined()
  const truncated = (position: bigint) =>
    ({ type: 'stream_truncated', stream, change: { position, order: 0, committedAtUs: 0n } }) as const
  expect(partBefore(truncated(6n), 7n)).toEqual(truncated(6n))
  expect(partBefore(truncated(7n), 7n)).toBeUndefined()
  const checkpoint = { type: 'checkpoint', checkpoints: [] } as const
  expect(partBefore(checkpoint, 1n)).toBe(checkpoint)
})
