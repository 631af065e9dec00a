import {
  Binary,
  Bool,
  DateDay,
  Decimal,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  List,
  Schema,
  TimeMicrosecond,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow'
import type { DataType } from 'apache-arrow'
import type { ColumnType } from './column-type.ts'
import type { Column, StreamSchema } from './stream.ts'

/*
 * The one Arrow form of each column type.
 *
 * | type        | Arrow                      | encoding and special values                                              |
 * |-------------|----------------------------|--------------------------------------------------------------------------|
 * | boolean     | Bool                       | bits                                                                     |
 * | int16/32/64 | Int16/32/64                |                                                                          |
 * | float32/64  | Float32/64                 | NaN, infinities and -0 keep their bits                                   |
 * | decimal     | Decimal 64 bits for p <= 18, else 128 bits | little-endian two's complement, scaled by 10^scale       |
 * | text        | Utf8                       |                                                                          |
 * | bytes       | Binary                     |                                                                          |
 * | date        | Date (days since 1970)     | infinity = 2147483647, -infinity = -2147483647, as in DuckDB             |
 * | time        | Time (us since midnight)   | 24:00:00 = 86400000000                                                   |
 * | timetz      | Int64, `eclusa.timetz`     | us << 24 | (57599 - offset seconds east of UTC), as in DuckDB             |
 * | timestamp   | Timestamp (us since 1970)  | infinity = 2^63-1, -infinity = -(2^63-1), as in DuckDB                   |
 * | timestamptz | Timestamp (us, UTC)        | the same                                                                 |
 * | interval    | FixedSizeBinary(16), `eclusa.interval` | little-endian int32 months, int32 days, int64 us, kept apart |
 * | uuid        | FixedSizeBinary(16), `arrow.uuid`      | big-endian, as printed                                       |
 * | json        | Utf8, `arrow.json`         | the document's text as the source has it                                 |
 * | list        | List                       | elements nullable                                                        |
 */

/** Largest finite value plus one of a date: `infinity`; its negative is `-infinity`. Unit: days since 1970. */
export const dateInfinityDays = 2_147_483_647
/** `infinity` of timestamp and timestamptz; its negative is `-infinity`. Unit: microseconds since 1970. */
export const timestampInfinityUs = 9_223_372_036_854_775_807n
/** The offset (seconds east of UTC) from which `timetz` counts downwards, so that packed values sort as DuckDB's do. */
export const timetzOffsetMax = 57_599

const extensionNameKey = 'ARROW:extension:name'

/** The widest precision whose unscaled values fit 64 bits. */
export const decimal64PrecisionMax = 18

const extensionNames: Partial<Record<ColumnType['type'], string>> = {
  interval: 'eclusa.interval',
  json: 'arrow.json',
  timetz: 'eclusa.timetz',
  uuid: 'arrow.uuid',
}

/** The Arrow type of a column type, as the table above states it. A new object at each call. */
export function arrowTypeOf(type: ColumnType): DataType {
  switch (type.type) {
    case 'boolean':
      return new Bool()
    case 'int16':
      return new Int16()
    case 'int32':
      return new Int32()
    case 'int64':
    case 'timetz':
      return new Int64()
    case 'float32':
      return new Float32()
    case 'float64':
      return new Float64()
    case 'decimal':
      return new Decimal(type.scale, type.precision, type.precision <= decimal64PrecisionMax ? 64 : 128)
    case 'text':
    case 'json':
      return new Utf8()
    case 'bytes':
      return new Binary()
    case 'date':
      return new DateDay()
    case 'time':
      return new TimeMicrosecond()
    case 'timestamp':
      return new TimestampMicrosecond()
    case 'timestamptz':
      return new TimestampMicrosecond('UTC')
    case 'interval':
    case 'uuid':
      return new FixedSizeBinary(16)
    case 'list':
      return new List(arrowFieldOf({ name: 'item', type: type.element, nullable: true }))
  }
}

/** The Arrow field of a column, with its extension name where it has one. */
export function arrowFieldOf(column: Pick<Column, 'name' | 'type' | 'nullable'>): Field {
  const extension = extensionNames[column.type.type]
  const metadata = extension === undefined ? undefined : new Map([[extensionNameKey, extension]])
  return new Field(column.name, arrowTypeOf(column.type), column.nullable, metadata)
}

/** The Arrow schema of a stream: one field per column, in order. */
export function arrowSchemaOf(schema: StreamSchema): Schema {
  return new Schema(schema.columns.map(arrowFieldOf))
}
