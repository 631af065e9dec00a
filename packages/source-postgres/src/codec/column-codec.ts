import { decimalPrecisionMax } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import type { PostgresType } from '../postgres-type.ts'
import { bitStringCodec } from './bit-string.ts'
import { dateCodec, timeCodec, timestampCodec, timetzCodec } from './date-time.ts'
import { booleanCodec, int16Codec, int32Codec, int64Codec, unsigned32Codec, uuidCodec } from './fixed-width.ts'
import { float32Codec, float64Codec } from './float.ts'
import { intervalCodec } from './interval.ts'
import { jsonTextCodec } from './json-text.ts'
import { listCodec } from './list.ts'
import { moneyCodec } from './money.ts'
import { cidrCodec, inetCodec, macaddrCodec } from './network.ts'
import { decimalCodec, decimalTypeOf, numericTextCodec } from './numeric.ts'
import { overriddenCodec } from './override.ts'
import { byteaCodec, charCodec, jsonbCodec, printedByServerCodec, textCodec } from './textual.ts'
import { typeOid } from './type-oid.ts'
import { lsnCodec, xid8Codec } from './unsigned-long.ts'
import type { ValueCodec } from './value-codec.ts'

export interface ColumnOptions {
  /** pg_attribute.attndims; above 1 the column becomes json, nested as deep as its values are. Default: 1. */
  readonly dimensions?: number
  /** Digits after the point of `money`, which lc_monetary of the source's database decides. Default: 2. */
  readonly moneyScale?: number
  /** What `numeric` without precision becomes. Default: text, which alone keeps every value and its scale. */
  readonly unconstrainedNumeric?: Extract<ColumnType, { type: 'text' | 'decimal' }>
  /** The column type the user asked for instead of the natural one. Default: none. */
  readonly override?: ColumnType
}

/** How the values of one column travel from PostgreSQL into Arrow. */
export interface ColumnCodec {
  /** Its Arrow form is fixed by the SDK's arrow-type.ts. */
  readonly columnType: ColumnType
  /** format_type of the column, for messages and documentation. */
  readonly sourceType: string
  /** True: the query must select the column as `"name"::text`, since its binary form is not decoded here. */
  readonly selectAsText: boolean
  readonly value: ValueCodec
}

/**
 * Chooses the column type of a PostgreSQL type and how its values are decoded.
 *
 * A value is what the type's output function prints: char(n) keeps its padding, inet has a mask only where it is
 * shorter than the address, xml has no encoding declaration. It is the same by COPY, by replication and from text rows.
 *
 * @throws CONFIG_INVALID when `override` is a type that values of this column cannot be turned into exactly.
 */
export function planColumn(type: PostgresType, options: ColumnOptions = {}): ColumnCodec {
  const value = planValue(type, options)
  return {
    columnType: value.columnType,
    sourceType: type.formatted,
    selectAsText: !value.hasBinaryForm,
    value,
  }
}

/**
 * How a column is written in the select list of a COPY: plain, or cast to text.
 * @param identifier the column's name, quoted and qualified as the query needs it.
 */
export function selectExpression(codec: ColumnCodec, identifier: string): string {
  return codec.selectAsText ? `${identifier}::text` : identifier
}

function planValue(type: PostgresType, options: ColumnOptions): ValueCodec {
  if (type.kind === 'domain' && type.base) return planValue(type.base, options)
  const { override } = options
  if (override?.type === 'list' && type.kind === 'array') return planArray(type, options)
  const natural = naturalCodec(type, options)
  return override ? overriddenCodec(type, natural, override, jsonOptions(options)) : natural
}

function naturalCodec(type: PostgresType, options: ColumnOptions): ValueCodec {
  switch (type.kind) {
    case 'array':
      return (options.dimensions ?? 1) > 1 ? jsonTextCodec(type, jsonOptions(options)) : planArray(type, options)
    case 'composite':
      return jsonTextCodec(type, jsonOptions(options))
    case 'enum':
      return textCodec('text')
    case 'base':
      return baseCodec(type, options)
    default:
      return printedByServerCodec
  }
}

/** An array as a list; an override of list type is one of its elements. */
function planArray(type: PostgresType, { override, ...options }: ColumnOptions): ValueCodec {
  if (!type.element) return printedByServerCodec
  const elementOverride = override?.type === 'list' ? { override: override.element } : {}
  const element = planValue(type.element, { ...options, ...elementOverride, dimensions: 1 })
  return listCodec(element, type.element.delimiter ?? ',')
}

function baseCodec(type: PostgresType, options: ColumnOptions): ValueCodec {
  if (type.oid === typeOid.numeric) return numericCodec(type, options)
  if (type.oid === typeOid.money) return moneyCodec(jsonOptions(options).moneyScale)
  // Extension types have no fixed oid; citext is text with other operators.
  if (type.name === 'citext' && type.schema !== 'pg_catalog') return textCodec('text')
  return codecsByOid.get(type.oid) ?? printedByServerCodec
}

function numericCodec(type: PostgresType, { unconstrainedNumeric }: ColumnOptions): ValueCodec {
  const decimal = type.typmod >= 0 ? decimalTypeOf(type.typmod) : unconstrainedNumeric
  const fits = decimal?.type === 'decimal' && decimal.precision <= decimalPrecisionMax
  return fits ? decimalCodec(decimal) : numericTextCodec
}

function jsonOptions({ moneyScale = 2 }: ColumnOptions) {
  return { moneyScale }
}

const codecsByOid: ReadonlyMap<number, ValueCodec> = new Map([
  [typeOid.bool, booleanCodec],
  [typeOid.bytea, byteaCodec],
  [typeOid.char, charCodec],
  [typeOid.name, textCodec('text')],
  [typeOid.int8, int64Codec],
  [typeOid.int2, int16Codec],
  [typeOid.int4, int32Codec],
  [typeOid.text, textCodec('text')],
  [typeOid.oid, unsigned32Codec],
  [typeOid.xid, unsigned32Codec],
  [typeOid.cid, unsigned32Codec],
  [typeOid.json, textCodec('json')],
  [typeOid.xml, textCodec('text')],
  [typeOid.cidr, cidrCodec],
  [typeOid.float4, float32Codec],
  [typeOid.float8, float64Codec],
  [typeOid.macaddr8, macaddrCodec(8)],
  [typeOid.macaddr, macaddrCodec(6)],
  [typeOid.inet, inetCodec],
  [typeOid.bpchar, textCodec('text')],
  [typeOid.varchar, textCodec('text')],
  [typeOid.date, dateCodec],
  [typeOid.time, timeCodec],
  [typeOid.timestamp, timestampCodec('timestamp')],
  [typeOid.timestamptz, timestampCodec('timestamptz')],
  [typeOid.interval, intervalCodec],
  [typeOid.timetz, timetzCodec],
  [typeOid.bit, bitStringCodec],
  [typeOid.varbit, bitStringCodec],
  [typeOid.uuid, uuidCodec],
  [typeOid.pgLsn, lsnCodec],
  [typeOid.jsonb, jsonbCodec],
  [typeOid.xid8, xid8Codec],
])
