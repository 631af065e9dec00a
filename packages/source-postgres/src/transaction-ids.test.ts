import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatXids, parseXids, widenXid, writtenSince, xid32 } from './transaction-ids.ts'

const xid = fc.bigInt({ min: 3n, max: 2n ** 63n })

it('gives an id of 32 bits its upper half back, if it is not older than the reference', () => {
  fc.assert(
    fc.property(xid, fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), (from, distance) => {
      expect(widenXid(xid32(from + distance), from)).toBe(from + distance)
    }),
  )
})

it('writes sets of ids as ranges and reads them again', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.bigInt({ min: 0n, max: 60n })),
      fc.bigInt({ min: 0n, max: 2n ** 60n }),
      (offsets, base) => {
        const xids = offsets.map((offset) => base + offset)
        expect(parseXids(formatXids(xids))).toEqual(new Set(xids))
      },
    ),
  )
  expect(formatXids([])).toBe('')
  expect(formatXids([9n, 7n, 8n, 12n, 4_294_967_296n])).toBe('7-9,12,4294967296')
})

it('compares in SQL by the lower 32 bits', () => {
  expect(writtenSince(2n ** 32n + 700n)).toContain(`age('700'::pg_catalog.xid)`)
})
