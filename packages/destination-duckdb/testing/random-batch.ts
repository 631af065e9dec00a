import { createBatchBuilder, timestampInfinityUs } from '@eclusa/sdk'
import type { ChangeBatch, ColumnType, StreamSchema } from '@eclusa/sdk'
import * as fc from 'fast-check'

// Arbitrary batches of every column type, for property tests.

export const everyType: readonly ColumnType[] = [
  { type: 'boolean' },
  { type: 'int16' },
  { type: 'int32' },
  { type: 'int64' },
  { type: 'float32' },
  { type: 'float64' },
  ...[1, 4, 5, 9, 10, 18, 19, 38].map((precision) => ({ type: 'decimal', precision, scale: precision >> 1 }) as const),
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
  ...(['boolean', 'int64', 'text', 'json', 'uuid', 'interval'] as const).map(
    (type) => ({ type: 'list', element: { type } }) as const,
  ),
  { type: 'list', element: { type: 'decimal', precision: 4, scale: 2 } },
  { type: 'list', element: { type: 'list', element: { type: 'text' } } },
]

/** The least finite timestamp of DuckDB: -290308-12-22 00:00:00. */
export const timestampUsMin = -9_223_372_022_400_000_000n
const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n

/** Values of a type as `createBatchBuilder` accepts them, the ends of their range among them. */
export function arbitraryValue(type: ColumnType): fc.Arbitrary<unknown> {
  switch (type.type) {
    case 'boolean':
      return fc.boolean()
    case 'int16':
      return fc.oneof(fc.integer({ min: -32_768, max: 32_767 }), fc.constantFrom(-32_768, 32_767))
    case 'int32':
      return fc.oneof(fc.integer(), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1))
    case 'int64':
      return fc.oneof(fc.bigInt({ min: int64Min, max: int64Max }), fc.constantFrom(int64Min, int64Max))
    case 'float32':
      return fc.oneof(fc.float(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0))
    case 'float64':
      return fc.oneof(fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 5e-324))
    case 'decimal':
      return arbitraryDecimal(type)
    case 'text':
      return arbitraryText
    case 'bytes':
      return fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(new Uint8Array(), new Uint8Array(300).fill(255)),
      )
    case 'date':
      return fc.oneof(
        fc.constantFrom('infinity', '-infinity', '0001-01-01', '4713-11-24 BC', '5874897-12-31', '1970-01-01'),
        fc.integer({ min: -719_162, max: 2_932_896 }).map((days) => new Date(days * 86_400_000)),
      )
    case 'time':
      return fc.oneof(fc.bigInt({ min: 0n, max: 86_399_999_999n }), fc.constant('24:00:00'))
    case 'timetz':
      return fc.constantFrom('00:00:00+00', '24:00:00-15:59:59', '12:34:56.000001+05:30', '23:59:59.999999+15:59:59')
    case 'timestamp':
    case 'timestamptz':
      return fc.oneof(
        fc.bigInt({ min: timestampUsMin, max: timestampInfinityUs - 1n }),
        fc.constantFrom('infinity', '-infinity', timestampUsMin, 0n, -1n),
      )
    case 'interval':
      return fc.record({
        months: fc.integer(),
        days: fc.integer(),
        us: fc.oneof(fc.bigInt({ min: int64Min + 1n, max: int64Max }), fc.constantFrom(-1n, 0n)),
      })
    case 'uuid':
      return fc.oneof(
        fc.uuid(),
        fc.constantFrom('ffffffff-ffff-ffff-ffff-ffffffffffff', `${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`),
      )
    case 'json':
      return fc.oneof(fc.json(), fc.constantFrom('{"a":1,"a":2}', ' [1.0, 1e400] ', 'null', '"\\u0000"'))
    case 'list':
      return fc.oneof(fc.array(fc.option(arbitraryValue(type.element)), { maxLength: 6 }), fc.constant([]))
  }
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

/** Lengths on both sides of the 12 bytes that DuckDB keeps inline, and NUL characters. */
const arbitraryText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('', '\0', 'a'.repeat(12), 'a'.repeat(13), 'é'.repeat(6), 'é'.repeat(7), '漢字'.repeat(100)),
)

export function schemaOf(types: readonly ColumnType[]): StreamSchema {
  return { version: 1, columns: types.map((type, index) => ({ name: `c${index}`, type, nullable: true })) }
}

/** Rows in which one value in five or so is NULL. */
export function arbitraryRows(types: readonly ColumnType[], rowsMax: number): fc.Arbitrary<unknown[][]> {
  const row = fc.tuple(...types.map((type) => fc.option(arbitraryValue(type), { freq: 5 })))
  return fc.array(row, { maxLength: rowsMax })
}

export function batchOf(schema: StreamSchema, rows: readonly (readonly unknown[])[]): ChangeBatch {
  const budget = { batchBytesMax: Infinity, batchRowsMax: Infinity }
  const builder = createBatchBuilder({ stream: { name: 'random' }, schema, budget })
  for (const row of rows) builder.append(row)
  return builder.finish()
}
