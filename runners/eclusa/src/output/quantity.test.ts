import { expect, test } from 'vitest'
import { formatBytes, formatCounted, formatDuration, formatRate } from './quantity.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [12_345, '12.3 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [35_123_456, '35.1 MB'],
  [123_456_789_012, '123 GB'],
  [5e15, '5000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  [0.4, '0 ms'],
  [850, '850 ms'],
  [999.6, '1.0 s'],
  [12_345, '12.3 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min 00 s'],
  [245_000, '4 min 05 s'],
  [3_599_600, '1 h 00 min'],
  [7_380_000, '2 h 03 min'],
])('%d ms are %s', (durationMs, text) => {
  expect(formatDuration(durationMs)).toBe(text)
})

test('one of a thing has no s', () => {
  expect([formatCounted(1, 'row'), formatCounted(0, 'row'), formatCounted(1234, 'row')]).toEqual([
    '1 row',
    '0 rows',
    '1,234 rows',
  ])
})

test('a rate needs some time to mean anything', () => {
  expect(formatRate({ rows: 1000, bytes: 1000 }, 10)).toBeUndefined()
  expect(formatRate({ rows: 213_417, bytes: 35_100_000 }, 1000)).toBe('210,000 rows/s, 35.1 MB/s')
})
