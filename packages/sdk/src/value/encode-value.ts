import type { ColumnType } from '../column-type.ts'
import { encodeDate, encodeTime, encodeTimestamp, encodeTimestamptz, encodeTimetz } from './encode-date-time.ts'
import { encodeInterval } from './encode-interval.ts'
import { encodeJson } from './encode-json.ts'
import { encodeDecimal, encodeFloat32, encodeFloat64, encodeInteger } from './encode-number.ts'
import type { Interval } from './interval.ts'
import { Misfit } from './misfit.ts'

/** A value in the form that goes into the column's buffers, see arrow-type.ts. */
export type Encoded = boolean | number | bigint | string | Uint8Array | Interval | readonly (Encoded | null)[]

export type Encoder = (value: unknown) => Encoded | Misfit

/** Makes the function that encodes values of a column; null and undefined are the caller's affair. */
export function encoderOf(type: ColumnType): Encoder {
  switch (type.type) {
    case 'boolean':
      return encodeBoolean
    case 'int16':
      return (value) => encodeSmallInteger(value, 16)
    case 'int32':
      return (value) => encodeSmallInteger(value, 32)
    case 'int64':
      return (value) => encodeInteger(value, 64)
    case 'float32':
      return encodeFloat32
    case 'float64':
      return encodeFloat64
    case 'decimal':
      return (value) => encodeDecimal(value, type.precision, type.scale)
    case 'text':
      return encodeText
    case 'bytes':
      return encodeBytes
    case 'date':
      return encodeDate
    case 'time':
      return encodeTime
    case 'timetz':
      return encodeTimetz
    case 'timestamp':
      return encodeTimestamp
    case 'timestamptz':
      return encodeTimestamptz
    case 'interval':
      return encodeInterval
    case 'uuid':
      return encodeUuid
    case 'json':
      return encodeJson
    case 'list':
      return listEncoder(type.element)
  }
}

function encodeSmallInteger(value: unknown, bits: 16 | 32): number | Misfit {
  const integer = encodeInteger(value, bits)
  return typeof integer === 'bigint' ? Number(integer) : integer
}

function encodeBoolean(value: unknown): boolean | Misfit {
  if (typeof value === 'boolean') return value
  if (value === 't' || value === 'true') return true
  return value === 'f' || value === 'false' ? false : new Misfit('not a boolean')
}

/** Numbers, booleans and dates have one obvious text; an object has none. */
function encodeText(value: unknown): string | Misfit {
  if (typeof value === 'string') return value.isWellFormed() ? value : new Misfit('not well-formed Unicode')
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
  return new Misfit('not a text')
}

/** Bytes, or PostgreSQL's hex form of them; no other text, whose encoding would be a guess. */
function encodeBytes(value: unknown): Uint8Array | Misfit {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (typeof value === 'string' && /^\\x(?:[\da-f]{2})*$/i.test(value)) return Buffer.from(value.slice(2), 'hex')
  return new Misfit('not bytes')
}

function encodeUuid(value: unknown): Uint8Array | Misfit {
  if (value instanceof Uint8Array && value.length === 16) return value
  const isUuid =
    typeof value === 'string' && /^[\da-f]{8}(-?)[\da-f]{4}\1[\da-f]{4}\1[\da-f]{4}\1[\da-f]{12}$/i.test(value)
  return isUuid ? Buffer.from(value.replaceAll('-', ''), 'hex') : new Misfit('not a uuid')
}

/** An array, or a typed array of numbers. One element that does not fit makes the whole list a misfit. */
function listEncoder(element: ColumnType): Encoder {
  const encodeElement = encoderOf(element)
  return (value) => {
    if (!isArrayLike(value)) return new Misfit('not a list')
    const elements: (Encoded | null)[] = []
    for (const member of value) {
      const encoded = member === null || member === undefined ? null : encodeElement(member)
      if (encoded instanceof Misfit) return new Misfit(`element ${elements.length}: ${encoded.reason}`)
      elements.push(encoded)
    }
    return elements
  }
}

function isArrayLike(value: unknown): value is Iterable<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
}
