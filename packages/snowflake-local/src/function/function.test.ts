import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { civilTime, microsecondsOf } from './civil-time.ts'
import { executionFault } from './execution-error.ts'
import { writeJson } from './json-value.ts'
import { nativeNumberFunctions } from './native-number.ts'
import { formatNumber, parseNumber } from './number-format.ts'
import { parseJson, parseJsonDocuments } from './parse-json.ts'
import { parseTime } from './parse-time.ts'
import { formatTime } from './time-format.ts'

describe('JSON', () => {
  test('means the same after it was read and written, whatever its strings hold', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), (value) => {
        const text = JSON.stringify(value)
        expect(JSON.parse(writeJson(parseJson(text)))).toEqual(JSON.parse(text))
      }),
      { numRuns: 50 },
    )
  })

  test('keeps 38 digits, and writes doubles with an exponent', () => {
    expect(writeJson(parseJson('[12345678901234567890.123456789012345678, -0.10, 1.912e2, 007]'))).toBe(
      '[12345678901234567890.123456789012345678,-0.1,1.912000000000000e+02,7]',
    )
  })

  test('is refused with the place of its fault', () => {
    for (const text of ['{"a"', '{"a":}', '[1 2]', 'tru', '"a', '{a:1}', '1 2']) {
      expect(() => parseJson(text)).toThrow(/^Error parsing JSON: .*pos \d+$/u)
    }
  })

  test('documents stand one after the other', () => {
    expect([...parseJsonDocuments(' {"b":1,"a":2}\n[1]  2 ')].map(writeJson)).toEqual(['{"a":2,"b":1}', '[1]', '2'])
  })
})

const microseconds = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })

describe('times', () => {
  test('are the same after they were taken apart and put together', () => {
    fc.assert(
      fc.property(microseconds, (instant) => {
        expect(microsecondsOf(civilTime(instant))).toBe(instant)
      }),
    )
  })

  test('are read by the formats that they were written with', () => {
    const formats = ['YYYY-MM-DD HH24:MI:SS.FF6', 'DD-MON-YYYY HH24:MI:SS.FF', 'MM/DD/YYYY HH12:MI:SS.FF6 AM']
    fc.assert(
      fc.property(microseconds, fc.constantFrom(...formats), (instant, format) => {
        expect(parseTime(formatTime(instant, null, format), format)?.microseconds).toBe(instant)
      }),
    )
  })

  test('tell their offset', () => {
    expect(parseTime('2024-02-29T10:00:00.5-07:30', 'AUTO')).toMatchObject({
      offset: -450,
      hasDate: true,
      hasTime: true,
    })
    expect(parseTime('2024-02-29 10:00:00 +0200', 'AUTO')).toMatchObject({ offset: 120 })
    expect(parseTime('Thu, 29 Feb 2024 10:00:00 +0000', 'AUTO')).toMatchObject({ offset: 0 })
  })

  test('of days that are not there are refused', () => {
    for (const text of ['2023-02-29', '2024-13-01', '2024-01-01 25:00:00', '', 'tomorrow']) {
      expect(parseTime(text, 'AUTO')).toBeUndefined()
    }
  })
})

function native(name: string): (...values: readonly unknown[]) => unknown {
  const found = nativeNumberFunctions.find((definition) => definition.name === name)
  return found?.compute as (...values: readonly unknown[]) => unknown
}

describe('numbers', () => {
  const units = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })

  test('are divided to the nearest step, half away from zero', () => {
    fc.assert(
      fc.property(
        units,
        units.filter((value) => value !== 0n),
        (left, right) => {
          const scaled = BigInt(String(native('sf_divide')(String(left), String(right), 6n)).replace('.', ''))
          const error = scaled * right - left * 1_000_000n
          const [size, step] = [error < 0n ? -error : error, right < 0n ? -right : right]
          expect(size * 2n <= step).toBe(true)
        },
      ),
    )
  })

  test('are rounded in each of the ways that there are', () => {
    const round = (mode: string): unknown[] =>
      ['2.5', '-2.5', '1.4', '-1.4'].map((text) => native('sf_round')(text, 0n, mode))
    expect(round('HALF_AWAY_FROM_ZERO')).toEqual(['3.0', '-3.0', '1.0', '-1.0'])
    expect(round('HALF_TO_EVEN')).toEqual(['2.0', '-2.0', '1.0', '-1.0'])
    expect(round('FLOOR')).toEqual(['2.0', '-3.0', '1.0', '-2.0'])
    expect(round('CEIL')).toEqual(['3.0', '-2.0', '2.0', '-1.0'])
    expect(round('DOWN')).toEqual(['2.0', '-2.0', '1.0', '-1.0'])
  })

  test('are written and read by formats', () => {
    expect(formatNumber('1234.5', '999,990.00')).toBe('   1,234.50')
    expect(formatNumber('-1234.5', 'FM999,999.99')).toBe('-1,234.5')
    expect(formatNumber('12', 'FM000')).toBe('012')
    expect(formatNumber('123456', '9,999')).toBe('######')
    expect(formatNumber('255', 'FMXX')).toBe('FF')
    expect(parseNumber('$1,234.50', '$9,999.99')).toBe('1234.50')
    expect(parseNumber('12x', '999')).toBeUndefined()
    expect(parseNumber('12345', '999')).toBeUndefined()
  })
})

test('failures that DuckDB wraps are told with their number', () => {
  expect(executionFault("Invalid Input Error: SF100037:22018:Boolean value 'x' is not recognized")).toEqual({
    code: '100037',
    sqlState: '22018',
    message: "Boolean value 'x' is not recognized",
  })
  expect(executionFault('Conversion Error: Could not convert string "a" to DECIMAL(38,0)')?.code).toBe('100038')
  expect(executionFault('Catalog Error: Table does not exist')).toBeUndefined()
})
