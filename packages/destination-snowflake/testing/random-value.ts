import type { ColumnType } from '@eclusa/sdk'
import * as fc from 'fast-check'

/** A value as `createBatchBuilder` accepts it, and whether Snowflake's type for it holds it. */
export interface RandomValue {
  readonly value: unknown
  readonly isHeld: boolean
}

export const everyType: readonly ColumnType[] = [
  { type: 'boolean' },
  { type: 'int16' },
  { type: 'int32' },
  { type: 'int64' },
  { type: 'float32' },
  { type: 'float64' },
  ...[1, 9, 18, 19, 38].map((precision) => ({ type: 'decimal', precision, scale: precision >> 1 }) as const),
  { type: 'decimal', precision: 38, scale: 38 },
  { type: 'text' },
  { type: 'bytes' },
  { type: 'date' },
  { type: 'time' },
  { type: 'timetz' },
  { type: 'timestamp' },
  { type: 'timestamptz' },
  { type: 'interval' },
  { type: 'uuid' },
  { type: 'json' },
  ...(['boolean', 'int64', 'float64', 'text', 'json', 'date', 'uuid'] as const).map(
    (type) => ({ type: 'list', element: { type } }) as const,
  ),
  { type: 'list', element: { type: 'list', element: { type: 'decimal', precision: 38, scale: 5 } } },
]

const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n
const timestampMin = -62_135_596_800_000_000n
const timestampMax = 253_402_300_799_999_999n

export function arbitraryValue(type: ColumnType): fc.Arbitrary<RandomValue> {
  switch (type.type) {
    case 'boolean':
      return held(fc.boolean())
    case 'int16':
      return held(fc.integer({ min: -32_768, max: 32_767 }), -32_768, 32_767)
    case 'int32':
      return held(fc.integer(), -(2 ** 31), 2 ** 31 - 1)
    case 'int64':
      return held(fc.bigInt({ min: int64Min, max: int64Max }), int64Min, int64Max)
    case 'float32':
      return held(fc.float(), Number.NaN, Infinity, -Infinity)
    case 'float64':
      // The last lies half-way to its neighbour in its shortest digits: PostgreSQL prints one more.
      return held(fc.double(), Number.NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, -150920761543050800)
    case 'decimal':
      return held(arbitraryDecimal(type))
    case 'text':
      return held(fc.string({ unit: 'grapheme', maxLength: 30 }), '', 'é漢😀', 'a'.repeat(70_000))
    case 'bytes':
      return held(fc.uint8Array({ maxLength: 40 }), new Uint8Array(), new Uint8Array(300).fill(255))
    case 'date':
      return fc.oneof(
        held<unknown>(fc.integer({ min: -719_162, max: 2_932_896 }).map(dateOf), '0001-01-01', '9999-12-31'),
        unheld('infinity', '-infinity', '0001-12-31 BC', '10000-01-01', '5874897-12-31'),
      )
    case 'time':
      return fc.oneof(held(fc.bigInt({ min: 0n, max: 86_399_999_999n })), unheld('24:00:00'))
    case 'timetz':
      return held(fc.constantFrom('00:00:00+00', '24:00:00-15:59:59', '12:34:56.000001+05:30'))
    case 'timestamp':
    case 'timestamptz':
      return fc.oneof(
        held(fc.bigInt({ min: timestampMin, max: timestampMax }), timestampMin, timestampMax, 0n, -1n),
        unheld('infinity', '-infinity', timestampMin - 1n, timestampMax + 1n),
      )
    case 'interval':
      return held(
        fc.record({ months: fc.integer(), days: fc.integer(), us: fc.bigInt({ min: int64Min + 1n, max: int64Max }) }),
      )
    case 'uuid':
      return held(fc.uuid(), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    case 'json':
      return fc.oneof(held(fc.json({ maxDepth: 3 }), ...heldJson), unheld(...unheldJson))
    case 'list':
      return arbitraryList(type.element)
  }
}

const heldJson = [
  ' [1.0, -2.50 , 1e2]',
  'null',
  '[null]',
  '{}',
  '[]',
  '""',
  '{"a":{"a":1},"b":{"a":2}}',
  '"\\ud83d\\ude00 \\u00e9 \\n\\/"',
  '12345678901234567890123456789012345678',
  '0.1234567890123456789012345678901234567',
  '-99999999999999999999999999999999999.999',
  '1.7976931348623157e308',
  `{${Array.from({ length: 40 }, (_, index) => `"k${index}":${index}`).join()}}`,
]

const unheldJson = [
  '{"a":1,"a":2}',
  '{"a":1,"\\u0061":2}',
  '[{"b":[{"é":1,"é":1}]}]',
  `{${Array.from({ length: 40 }, (_, index) => `"k${index}":${index}`).join()},"k3":0}`,
  '1e400',
  '[-1e400]',
  '123456789012345678901234567890123456789',
  '0.12345678901234567890123456789012345678',
  '1.23456789012345678e5',
  '"\\u0000"',
  '"\\ud800"',
  '{"\\udc00\\ud800":1}',
]

function arbitraryList(element: ColumnType): fc.Arbitrary<RandomValue> {
  // Within JSON every date is a text, and holds.
  const elements = arbitraryValue(element).map((one) => (element.type === 'date' ? { ...one, isHeld: true } : one))
  return fc.array(fc.option(elements), { maxLength: 6 }).map((list) => ({
    value: list.map((one) => one?.value ?? null),
    isHeld: list.every((one) => one?.isHeld ?? true),
  }))
}

function held<Value>(values: fc.Arbitrary<Value>, ...special: readonly Value[]): fc.Arbitrary<RandomValue> {
  const all = special.length === 0 ? values : fc.oneof(values, fc.constantFrom(...special))
  return all.map((value) => ({ value, isHeld: true }))
}

function unheld(...values: readonly unknown[]): fc.Arbitrary<RandomValue> {
  return fc.constantFrom(...values).map((value) => ({ value, isHeld: false }))
}

function dateOf(days: number): Date {
  return new Date(days * 86_400_000)
}

function arbitraryDecimal({ precision, scale }: { precision: number; scale: number }): fc.Arbitrary<string> {
  const limit = 10n ** BigInt(precision) - 1n
  const unscaled = fc.oneof(fc.bigInt({ min: -limit, max: limit }), fc.constantFrom(limit, -limit, 0n, -1n))
  return unscaled.map((value) => {
    const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0')
    const point = digits.length - scale
    return `${value < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`
  })
}
