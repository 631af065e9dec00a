import { createBatchBuilder } from '@eclusa/sdk'
import { expect, it } from 'vitest'
import { asUpdates } from './filled-columns.ts'

it.each([1, 8, 9])('marks all other columns of %i rows as unchanged, and no row beyond them', (rows) => {
  const schema = {
    version: 1,
    columns: ['id', 'note', 'vat'].map((name) => ({ name, type: { type: 'int32' }, nullable: true }) as const),
  }
  const budget = { batchBytesMax: Infinity, batchRowsMax: Infinity }
  const builder = createBatchBuilder({ stream: { name: 't' }, schema, budget })
  for (let id = 0; id < rows; id++) builder.append([id, null, 19])
  const at = { position: 7n, atUs: 5n }
  const { changes } = asUpdates(builder.finish(), { filled: new Set(['id', 'vat']), at })
  const marks = { 1: [1], 8: [255], 9: [255, 1] }[rows]!
  expect(changes?.unchanged).toEqual([undefined, Uint8Array.from(marks), undefined])
  expect([...changes!.positions, ...changes!.orders]).toEqual([
    ...Array.from({ length: rows }, () => 7n),
    ...Array.from({ length: rows }, () => -1),
  ])
})
