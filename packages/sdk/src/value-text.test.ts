import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dateInfinityDays, timestampInfinityUs } from './arrow-type.ts'
import { createBatchBuilder } from './batch-builder.ts'
import { parseColumnType } from './column-type.ts'
import { formatValue } from './value-text.ts'
import { civilFromDays, daysFromCivil } from './value/civil-date.ts'
import { formatDate, formatTimestamp, formatTimetz } from './value/date-time-text.ts'
import { formatFloat32, formatFloat64 } from './value/float-text.ts'
import { formatInterval, intervalInfinity, intervalMinusInfinity } from './value/interval.ts'

/*
 * The texts in this file were printed by PostgreSQL 15.18; @eclusa/source-postgres compares random values of every type
 * with living servers.
 */

function digitCount(text: string): number {
  return text
    .replace(/e.*/, '')
    .replaceAll(/\D/g, '')
    .replace(/^0+|0+$/g, '').length
}

/** Noon, at an offset in seconds east of UTC. */
function noonAt(offset: number): bigint {
  return (43_200_000_000n << 24n) | BigInt(57_599 - offset)
}

function uuid(index: number): string {
  return `00000000-0000-0000-0000-${String(index).padStart(12, '0')}`
}

describe('floats', () => {
  test.each([
    [50_475_156_883_111_936, '5.0475156883111936e+16'],
    [23_676_756_990_991_552, '2.3676756990991552e+16'],
    [2e23, '1.9999999999999998e+23'],
    [5e-324, '5e-324'],
    [2.225_073_858_507_201_4e-308, '2.2250738585072014e-308'],
    [1.797_693_134_862_315_7e308, '1.7976931348623157e+308'],
    [9_007_199_254_740_992, '9.007199254740992e+15'],
    [1e15, '1e+15'],
    [999_999_999_999_999, '999999999999999'],
    [0.0001, '0.0001'],
    [0.000_01, '1e-05'],
    [123_456.789e3, '123456789'],
    [0.1 + 0.2, '0.30000000000000004'],
    [-0, '-0'],
    [0, '0'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ])('a float8 of %d is %s', (value, text) => {
    expect(formatFloat64(value)).toBe(text)
  })

  test.each([
    [2 ** -149, '1e-45'],
    [3.402_823_466_385_288_6e38, '3.4028235e+38'],
    [1e6, '1e+06'],
    [999_999, '999999'],
    [16_777_216, '1.6777216e+07'],
    [Math.fround(0.1), '0.1'],
    [2 ** -126, '1.1754944e-38'],
    [8_388_608, '8.388608e+06'],
    [67_108_864, '6.7108864e+07'],
    [-0, '-0'],
  ])('a float4 of %d is %s', (value, text) => {
    expect(formatFloat32(value)).toBe(text)
  })

  test('read back as the same float, with at most 17 and 9 digits', () => {
    const wide = fc.tuple(fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n }), fc.integer({ min: 0, max: 90 }))
    const doubles = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      wide.map(([mantissa, shift]) => Number(mantissa << BigInt(shift))),
    )
    fc.assert(
      fc.property(doubles, (value) => {
        const text = formatFloat64(value)
        expect(Object.is(Number(text), value)).toBe(true)
        expect(digitCount(text)).toBeLessThanOrEqual(17)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = formatFloat32(value)
        expect(Object.is(Math.fround(Number(text)), value)).toBe(true)
        expect(digitCount(text)).toBeLessThanOrEqual(9)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('dates and times', () => {
  test.each([
    [-2_440_550, '4713-01-01 BC'],
    [-719_163, '0001-12-31 BC'],
    [-719_162, '0001-01-01'],
    [2_932_896, '9999-12-31'],
    [2_932_897, '10000-01-01'],
    [2_145_042_905, '5874897-12-31'],
    [dateInfinityDays, 'infinity'],
    [-dateInfinityDays, '-infinity'],
  ])('day %d is %s', (days, text) => {
    expect(formatDate(days)).toBe(text)
  })

  test.each([
    ['4713-11-24 00:00:00 BC', -210_835_180_800_000_000n],
    ['0044-03-15 12:00:00.5+00 BC', -63_517_780_799_500_000n],
    ['294246-12-31 23:59:59.999999', 9_223_371_244_799_999_999n],
    ['1969-12-31 23:59:59.999999', -1n],
    ['infinity', timestampInfinityUs],
    ['-infinity', -timestampInfinityUs],
  ])('%s is printed as such', (text, us) => {
    expect(formatTimestamp(us, text.includes('+00') ? '+00' : '')).toBe(text)
  })

  test('offsets of timetz show as many parts as they need', () => {
    expect(formatTimetz(noonAt(0))).toBe('12:00:00+00')
    expect(formatTimetz(noonAt(19_800))).toBe('12:00:00+05:30')
    expect(formatTimetz(noonAt(1))).toBe('12:00:00+00:00:01')
    expect(formatTimetz(noonAt(-57_599))).toBe('12:00:00-15:59:59')
  })

  test('the calendar agrees with JavaScript, and every day has one date', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (days) => {
        const { year, month, day } = civilFromDays(days)
        const date = new Date(days * 86_400_000)
        expect([year, month, day]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()])
      }),
    )
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (days) => {
        expect(daysFromCivil(civilFromDays(days))).toBe(days)
      }),
    )
  })
})

test.each([
  ['-1 mons +1 day -00:00:01', { months: -1, days: 1, us: -1_000_000n }],
  ['11 mons', { months: 11, days: 0, us: 0n }],
  ['-1 days +00:00:01', { months: 0, days: -1, us: 1_000_000n }],
  ['1 year 1 mon', { months: 13, days: 0, us: 0n }],
  ['1 mon 1 day 100:00:00', { months: 1, days: 1, us: 360_000_000_000n }],
  ['00:00:00', { months: 0, days: 0, us: 0n }],
  ['-00:00:00.000001', { months: 0, days: 0, us: -1n }],
  ['-1 mons -1 days +01:00:00', { months: -1, days: -1, us: 3_600_000_000n }],
  ['infinity', intervalInfinity],
  ['-infinity', intervalMinusInfinity],
])('the interval %s is printed as such', (text, interval) => {
  expect(formatInterval(interval)).toBe(text)
})

test('a slice of a column is read from its own start', () => {
  const types = ['boolean', 'int32', 'decimal(5,2)', 'decimal(30,2)', 'text', 'uuid', 'list<text>', 'interval']
  const columns = types.map((text) => {
    const type = parseColumnType(text)
    if (type === undefined) throw new Error(`${text} is no column type`)
    return { name: text, type, nullable: true }
  })
  const builder = createBatchBuilder({
    stream: { name: 'toy' },
    schema: { version: 1, columns },
    budget: { batchBytesMax: 1_000_000, batchRowsMax: 1000 },
  })
  for (let row = 0; row < 40; row++) {
    const list = Array.from({ length: row % 4 }, () => `${row}`)
    builder.append([row % 3 === 0, row, row, -row, row % 5 === 0 ? null : `t${row}`, uuid(row), list, { days: row }])
  }
  const { records } = builder.finish()
  const sliced = records.slice(11, 37)
  for (const [index, { type }] of columns.entries()) {
    const whole = records.data.children.at(index)
    const part = sliced.data.children.at(index)
    for (let row = 0; row < 26; row++) expect(formatValue(type, part!, row)).toBe(formatValue(type, whole!, row + 11))
  }
})
