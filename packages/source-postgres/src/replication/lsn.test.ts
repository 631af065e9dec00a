import { EclusaError } from '@eclusa/sdk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareLsn, formatLsn, parseLsn } from './lsn.ts'

const lsn = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

test('a position prints as PostgreSQL prints it, and is read again', () => {
  expect(formatLsn(0n)).toBe('0/0')
  expect(formatLsn(0x16_b374d848n)).toBe('16/B374D848')
  expect(parseLsn('16/b374d848')).toBe(0x16_b374d848n)
  fc.assert(fc.property(lsn, (value) => parseLsn(formatLsn(value)) === value))
})

test('positions are ordered as unsigned numbers, beyond what a JS number tells apart', () => {
  expect([2n ** 63n, 2n ** 53n + 1n, 2n ** 53n, 0n].toSorted(compareLsn)).toEqual([
    0n,
    2n ** 53n,
    2n ** 53n + 1n,
    2n ** 63n,
  ])
  fc.assert(fc.property(lsn, lsn, (a, b) => compareLsn(a, b) === -compareLsn(b, a) + 0))
  expect(compareLsn(7n, 7n)).toBe(0)
})

test('other texts are refused', () => {
  const texts = ['', '0', '/', '1/', '/1', '123456789/0', '0/123456789', 'g/0', '0x1/0', ' 1/0', '1/0 ', '-1/0']
  const codes = texts.map((text) => {
    try {
      return parseLsn(text)
    } catch (error) {
      return EclusaError.isInstance(error) && error.code
    }
  })
  expect(new Set(codes)).toEqual(new Set(['REPLICATION_PROTOCOL_VIOLATION']))
})
