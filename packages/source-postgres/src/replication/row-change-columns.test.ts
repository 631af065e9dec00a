import { changeOperation } from '@eclusa/sdk'
import { expect, test } from 'vitest'
import { RowChangeColumns } from './row-change-columns.ts'

const { insert, update, delete: deleted, rekey } = changeOperation
const place = { position: 0x16_b374_d848n, committedAtUs: 1_700_000_000_000_000n }

test('holds what each row says, however many there are, and begins anew when they are taken', () => {
  const columns = new RowChangeColumns()
  for (let row = 0; row < 1000; row++) columns.add(row % 4, { ...place, position: BigInt(row) }, row * 2)
  const { operations, positions, orders, committedAtUs, unchanged } = columns.take([undefined])
  const rows = Array.from({ length: 1000 }, (_, row) => row)
  expect([...operations]).toEqual(rows.map((row) => row % 4))
  expect([...positions]).toEqual(rows.map(BigInt))
  expect([...orders]).toEqual(rows.map((row) => row * 2))
  expect(new Set(committedAtUs)).toEqual(new Set([place.committedAtUs]))
  expect(unchanged).toEqual([undefined])
  columns.add(insert, place, 0)
  expect(columns.take([])).toMatchObject({
    operations: Uint8Array.of(insert),
    positions: BigInt64Array.of(place.position),
  })
})

test('a value that was not sent is unchanged in updated rows alone', () => {
  const columns = new RowChangeColumns()
  for (const operation of [insert, update, deleted, rekey, update]) columns.add(operation, place, 0)
  const everywhere = Uint8Array.of(0b11111)
  const inDeleted = Uint8Array.of(0b00100)
  const { unchanged } = columns.take([everywhere, inDeleted, undefined])
  expect(unchanged).toEqual([Uint8Array.of(0b11010), undefined, undefined])
})
