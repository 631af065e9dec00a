import {
  Binary,
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  Field,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
} from 'apache-arrow'
import type { ResultColumn, ResultRow } from '../engine/statement.ts'
import { defaultScale } from './answer.ts'

/*
 * Results as an Arrow IPC stream in Snowflake's own dress: plain Arrow types, and in the metadata of each field what they
 * stand for (`logicalType`, `scale`, `precision`). Drivers find the converter by the two together.
 */

type Values = readonly (string | null)[]

interface ColumnEncoding {
  readonly type: DataType
  readonly encode: (values: Values) => Data
  /** Of TIMESTAMP_TZ: tells drivers how many fields the struct has. */
  readonly byteLength?: number
}

const int64DigitsMax = 18
const nanosecondDigits = 9
/** Up to microseconds, a timestamp of the years 0 to 9999 is one 64-bit number. */
const singleFieldScaleMax = 6

/** One stream of at most two batches, or of none if there are no rows. */
export function encodeArrow(rows: readonly ResultRow[], columns: readonly ResultColumn[]): Buffer {
  const encodings = columns.map((column) => encodingOf(column))
  const fields = columns.map((column, index) => fieldOf(column, encodings[index] as ColumnEncoding))
  const schema = new Schema(fields)
  if (rows.length === 0) return Buffer.from(tableToIPC(new Table(schema), 'stream'))
  const batches = divideOddly(rows).map((part) => {
    const children = encodings.map((encoding, index) => encoding.encode(part.map((row) => row[index] ?? null)))
    return new RecordBatch(schema, makeData({ type: new Struct(fields), length: part.length, nullCount: 0, children }))
  })
  return Buffer.from(tableToIPC(new Table(batches), 'stream'))
}

/**
 * Batches of an odd number of rows. Their offsets of texts, one more than the rows, fill whole words of eight bytes;
 * apache-arrow counts the zeros with which it fills up others as offsets, and nanoarrow in the Python connector refuses
 * offsets that go back.
 */
function divideOddly(rows: readonly ResultRow[]): readonly (readonly ResultRow[])[] {
  return rows.length % 2 === 1 ? [rows] : [rows.slice(0, -1), rows.slice(-1)]
}

function fieldOf(column: ResultColumn, { type, byteLength }: ColumnEncoding): Field {
  const metadata = new Map([
    ['logicalType', column.type.toUpperCase()],
    ['precision', String(column.precision ?? 38)],
    ['scale', String(column.scale ?? defaultScale(column) ?? 0)],
    ['charLength', String(column.length ?? 0)],
    ['byteLength', String(byteLength ?? column.byteLength ?? 0)],
    ['finalType', 'T'],
  ])
  return new Field(column.name, type, column.nullable, metadata)
}

function encodingOf(column: ResultColumn): ColumnEncoding {
  const scale = column.scale ?? defaultScale(column) ?? 0
  switch (column.type) {
    case 'fixed':
      return fixedEncoding(column.precision ?? 38, scale)
    case 'real':
      return { type: new Float64(), encode: (values) => encodeNumbers(values, new Float64(), readReal) }
    case 'boolean':
      return { type: new Bool(), encode: encodeBooleans }
    case 'date':
      return { type: new DateDay(), encode: (values) => encodeNumbers(values, new DateDay(), Number) }
    case 'time':
      return { type: new Int64(), encode: (values) => encodeInt64(values, (text) => readScaled(text, scale)) }
    case 'timestamp_ntz':
    case 'timestamp_ltz':
      return scale > singleFieldScaleMax ? timestampEncoding() : encodingOf({ ...column, type: 'time' })
    case 'timestamp_tz':
      return zonedEncoding()
    case 'binary':
      return {
        type: new Binary(),
        encode: (values) => encodeBytes(values, new Binary(), (text) => Buffer.from(text, 'hex')),
      }
    default:
      return { type: new Utf8(), encode: (values) => encodeBytes(values, new Utf8(), (text) => Buffer.from(text)) }
  }
}

function fixedEncoding(precision: number, scale: number): ColumnEncoding {
  if (precision <= int64DigitsMax) {
    return { type: new Int64(), encode: (values) => encodeInt64(values, (text) => readScaled(text, scale)) }
  }
  const type = new Decimal(scale, precision, 128)
  return { type, encode: (values) => encodeDecimals(values, type) }
}

/** Seconds since 1970, rounded down, and the nanoseconds after them. */
function timestampEncoding(): ColumnEncoding {
  const type = new Struct([new Field('epoch', new Int64(), true), new Field('fraction', new Int32(), true)])
  return { type, encode: (values) => encodeStruct(values, type, [epochs(values), fractions(values)]) }
}

/** With the offset in minutes + 1440 as a third field. */
function zonedEncoding(): ColumnEncoding {
  const type = new Struct([
    new Field('epoch', new Int64(), true),
    new Field('fraction', new Int32(), true),
    new Field('timezone', new Int32(), true),
  ])
  const encode = (values: Values) => {
    const times = values.map((value) => value?.split(' ')[0] ?? null)
    const zones = values.map((value) => value?.split(' ')[1] ?? null)
    return encodeStruct(values, type, [epochs(times), fractions(times), encodeNumbers(zones, new Int32(), Number)])
  }
  return { type, encode, byteLength: 16 }
}

function epochs(values: Values): Data {
  return encodeInt64(values, (text) => splitSeconds(text).seconds)
}

function fractions(values: Values): Data {
  return encodeNumbers(values, new Int32(), (text) => Number(splitSeconds(text).nanoseconds))
}

function splitSeconds(text: string): { readonly seconds: bigint; readonly nanoseconds: bigint } {
  const total = readScaled(text, nanosecondDigits)
  const nanoseconds = ((total % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return { seconds: (total - nanoseconds) / 1_000_000_000n, nanoseconds }
}

/** The digits of a decimal text as a whole number of `scale` decimals: `-1.5` with 3 is -1500. */
export function readScaled(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = text.split('.')
  const digits = whole + fraction.slice(0, scale).padEnd(scale, '0')
  return BigInt(digits.startsWith('+') ? digits.slice(1) : digits)
}

function readReal(text: string): number {
  if (/^-?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return Number(text)
}

function encodeNumbers(values: Values, type: Float64 | Int32 | DateDay, read: (text: string) => number): Data {
  const data = new type.ArrayType(values.length)
  values.forEach((value, index) => {
    if (value !== null) data[index] = read(value)
  })
  return makeData({ type, length: values.length, ...validity(values), data } as never)
}

function encodeInt64(values: Values, read: (text: string) => bigint): Data {
  const data = new BigInt64Array(values.length)
  values.forEach((value, index) => {
    if (value !== null) data[index] = read(value)
  })
  return makeData({ type: new Int64(), length: values.length, ...validity(values), data })
}

function encodeDecimals(values: Values, type: Decimal): Data {
  const data = new BigInt64Array(values.length * 2)
  values.forEach((value, index) => {
    if (value === null) return
    const scaled = readScaled(value, type.scale)
    data[index * 2] = BigInt.asIntN(64, scaled)
    data[index * 2 + 1] = BigInt.asIntN(64, scaled >> 64n)
  })
  return makeData({ type, length: values.length, ...validity(values), data: new Uint32Array(data.buffer) })
}

function encodeBooleans(values: Values): Data {
  const data = bitmap(values.map((value) => value === '1' || value?.toLowerCase() === 'true'))
  return makeData({ type: new Bool(), length: values.length, ...validity(values), data })
}

function encodeBytes(values: Values, type: Utf8 | Binary, read: (text: string) => Buffer): Data {
  const parts = values.map((value) => (value === null ? Buffer.alloc(0) : read(value)))
  const valueOffsets = new Int32Array(values.length + 1)
  parts.forEach((part, index) => {
    valueOffsets[index + 1] = (valueOffsets[index] ?? 0) + part.length
  })
  return makeData({
    type,
    length: values.length,
    ...validity(values),
    valueOffsets,
    data: new Uint8Array(Buffer.concat(parts)),
  } as never)
}

function encodeStruct(values: Values, type: Struct, children: readonly Data[]): Data {
  return makeData({ type, length: values.length, ...validity(values), children: [...children] as never })
}

function validity(values: Values): { readonly nullCount: number; readonly nullBitmap: Uint8Array } {
  const nullCount = values.reduce((count, value) => (value === null ? count + 1 : count), 0)
  return { nullCount, nullBitmap: nullCount === 0 ? new Uint8Array(0) : bitmap(values.map((value) => value !== null)) }
}

function bitmap(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8))
  bits.forEach((bit, index) => {
    if (bit) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7))
  })
  return bytes
}
