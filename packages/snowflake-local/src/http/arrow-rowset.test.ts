import { tableFromIPC, type Struct } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import type { ResultColumn, ResultRow } from '../engine/statement.ts'
import { encodeArrow, readScaled } from './arrow-rowset.ts'

function column(type: ResultColumn['type'], more: Partial<ResultColumn> = {}): ResultColumn {
  return { name: 'C', type, nullable: true, ...more }
}

function decode(of: ResultColumn, ...texts: readonly (string | null)[]) {
  const table = tableFromIPC(
    encodeArrow(
      texts.map((value): ResultRow => [value]),
      [of],
    ),
  )
  const vector = table.getChildAt(0)
  return {
    field: table.schema.fields[0],
    values: Array.from({ length: table.numRows }, (_, index) => vector?.get(index) as unknown),
  }
}

describe('encodeArrow', () => {
  it('writes exact numbers of up to 18 digits as whole numbers with a scale', () => {
    const { field, values } = decode(column('fixed', { precision: 18, scale: 2 }), '-12.50', '3', null)
    expect(values).toEqual([-1250n, 300n, null])
    expect(field?.metadata.get('scale')).toBe('2')
    expect(field?.metadata.get('logicalType')).toBe('FIXED')
  })

  it('writes larger ones as decimals, to the last digit', () => {
    const largest = '9'.repeat(38)
    const { values } = decode(column('fixed', { precision: 38, scale: 0 }), largest, `-${largest}`, null, '-1')
    expect(values.map((value) => (value === null ? null : wide(value as Uint32Array)))).toEqual([
      BigInt(largest),
      -BigInt(largest),
      null,
      -1n,
    ])
  })

  it.each([
    ['real', ['1.5', 'NaN', '-inf', null], [1.5, Number.NaN, -Infinity, null]],
    ['boolean', ['1', '0', 'true', null], [true, false, true, null]],
    ['text', ['é', '', null, 'x'], ['é', '', null, 'x']],
    ['variant', ['{"a": 1}', null], ['{"a": 1}', null]],
    ['binary', ['00FF', '', null], [Uint8Array.of(0, 255), Uint8Array.of(), null]],
  ] as const)('writes %s', (type, texts, expected) => {
    expect(decode(column(type), ...texts).values).toEqual(expected)
  })

  it('writes times and timestamps of up to microseconds as one number', () => {
    expect(decode(column('time', { scale: 9 }), '3600.123456789').values).toEqual([3_600_123_456_789n])
    expect(decode(column('timestamp_ntz', { scale: 6 }), '-1.500000').values).toEqual([-1_500_000n])
  })

  it('writes finer timestamps as seconds rounded down and the nanoseconds after them', () => {
    const [value] = decode(column('timestamp_ltz', { scale: 9 }), '-1.500000001').values
    expect({ ...(value as Record<string, unknown>) }).toEqual({ epoch: -2n, fraction: 499_999_999 })
  })

  it('writes the offset of a timestamp as a third field, and says how many there are', () => {
    const { field, values } = decode(column('timestamp_tz', { scale: 9 }), '1700000000.5 1380', null)
    expect({ ...(values[0] as Record<string, unknown>) }).toEqual({
      epoch: 1_700_000_000n,
      fraction: 500_000_000,
      timezone: 1380,
    })
    expect(values[1]).toBeNull()
    expect(field?.metadata.get('byteLength')).toBe('16')
    expect((field?.type as Struct | undefined)?.children).toHaveLength(3)
  })

  it('writes batches of an odd number of rows, whatever their sum', () => {
    for (const count of [1, 2, 3, 8]) {
      const rows = Array.from({ length: count }, (_, index): ResultRow => [String(index)])
      const table = tableFromIPC(encodeArrow(rows, [column('text')]))
      expect(table.numRows).toBe(count)
      expect(table.batches.every((batch) => batch.numRows % 2 === 1)).toBe(true)
    }
  })

  it('writes the columns of a result without rows', () => {
    const table = tableFromIPC(encodeArrow([], [column('text')]))
    expect(table.numRows).toBe(0)
    expect(table.schema.names).toEqual(['C'])
  })
})

describe('readScaled', () => {
  it.each([
    ['0', 0, 0n],
    ['-0.5', 1, -5n],
    ['1.5', 3, 1500n],
    ['12', 2, 1200n],
    ['-1.500000000', 9, -1_500_000_000n],
    ['1.29', 1, 12n],
  ])('reads %s with scale %i', (text, scale, expected) => {
    expect(readScaled(text, scale)).toBe(expected)
  })
})

function wide(words: Uint32Array): bigint {
  const value = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n)
  return BigInt.asIntN(128, value)
}
