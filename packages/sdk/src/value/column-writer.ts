import assert from 'node:assert'
import { Data } from 'apache-arrow'
import { arrowTypeOf, decimal64PrecisionMax } from '../arrow-type.ts'
import type { ColumnType } from '../column-type.ts'
import type { Encoded } from './encode-value.ts'
import { GrowingArray } from './growing-array.ts'
import type { Interval } from './interval.ts'

/** Collects the values of one column in Arrow's buffers. */
export interface ColumnWriter {
  /** Bytes of the buffers that `finish` would give. */
  readonly byteLength: number
  /** Appends a value of the form that `encoderOf` the column's type gives, or NULL. */
  write(value: Encoded | null): void
  /** Hands over the buffers, each in an ArrayBuffer of its own and exact size, and starts again empty. */
  finish(): Data
}

/** What a kind of column keeps beside the bitmap of its nulls. For a NULL it writes a placeholder. */
interface ValueBuffers {
  readonly byteLength: number
  write(value: Encoded | null): void
  finish(): { values?: Data['values']; offsets?: Int32Array; children?: Data[] }
}

export function columnWriter(type: ColumnType): ColumnWriter {
  const arrowType = arrowTypeOf(type)
  const buffers = valueBuffers(type)
  const validity = new GrowingArray(Uint8Array)
  let length = 0
  let nullCount = 0
  return {
    get byteLength() {
      return buffers.byteLength + (nullCount === 0 ? 0 : validity.byteLength)
    },
    write(value) {
      writeBit(validity, length++, value !== null)
      if (value === null) nullCount++
      buffers.write(value)
    },
    finish() {
      const bitmap = validity.take()
      const { values, offsets, children } = buffers.finish()
      const parts: Partial<Data['buffers']> = { 0: offsets, 1: values, 2: nullCount === 0 ? new Uint8Array() : bitmap }
      const data = new Data(arrowType, 0, length, nullCount, parts, children)
      length = 0
      nullCount = 0
      return data
    },
  }
}

function writeBit(bits: GrowingArray<Uint8Array<ArrayBuffer>>, index: number, bit: boolean): void {
  if ((index & 7) === 0) bits.values[bits.reserve(1)] = 0
  if (bit) bits.values[index >> 3]! |= 1 << (index & 7)
}

/* The encoder of a type decides the form of its values, so the writers below narrow them without looking. */

function valueBuffers(type: ColumnType): ValueBuffers {
  switch (type.type) {
    case 'boolean':
      return bitBuffers()
    case 'int16':
      return numberBuffers(new GrowingArray(Int16Array))
    case 'int32':
    case 'date':
      return numberBuffers(new GrowingArray(Int32Array))
    case 'float32':
      return numberBuffers(new GrowingArray(Float32Array))
    case 'float64':
      return numberBuffers(new GrowingArray(Float64Array))
    case 'int64':
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return bigintBuffers()
    case 'decimal':
      return decimalBuffers(type.precision <= decimal64PrecisionMax ? 2 : 4)
    case 'interval':
      return sixteenBytesBuffers(writeInterval)
    case 'uuid':
      return sixteenBytesBuffers((bytes, at, value) => bytes.set(value as Uint8Array, at))
    case 'text':
    case 'json':
      return variableBuffers(appendText)
    case 'bytes':
      return variableBuffers(appendBytes)
    case 'list':
      return listBuffers(type.element)
  }
}

function bitBuffers(): ValueBuffers {
  const bits = new GrowingArray(Uint8Array)
  let length = 0
  return {
    get byteLength() {
      return bits.byteLength
    },
    write: (value) => writeBit(bits, length++, value === true),
    finish() {
      length = 0
      return { values: bits.take() }
    },
  }
}

type NumberArray =
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>

function numberBuffers<Values extends NumberArray>(array: GrowingArray<Values>): ValueBuffers {
  return {
    get byteLength() {
      return array.byteLength
    },
    write(value) {
      const at = array.reserve(1)
      array.values[at] = (value as number | null) ?? 0
    },
    finish: () => ({ values: array.take() }),
  }
}

function bigintBuffers(): ValueBuffers {
  const array = new GrowingArray(BigInt64Array)
  return {
    get byteLength() {
      return array.byteLength
    },
    write(value) {
      const at = array.reserve(1)
      array.values[at] = (value as bigint | null) ?? 0n
    },
    finish: () => ({ values: array.take() }),
  }
}

/** Decimals are little-endian 32-bit words, the least significant first. */
function decimalBuffers(wordCount: 2 | 4): ValueBuffers {
  const array = new GrowingArray(Uint32Array)
  return {
    get byteLength() {
      return array.byteLength
    },
    write(value) {
      const at = array.reserve(wordCount)
      let rest = (value as bigint | null) ?? 0n
      for (let word = 0; word < wordCount; word++, rest >>= 32n) array.values[at + word] = Number(rest & 0xff_ff_ff_ffn)
    },
    finish: () => ({ values: array.take() }),
  }
}

function sixteenBytesBuffers(writeValue: (bytes: Uint8Array, at: number, value: Encoded) => void): ValueBuffers {
  const bytes = new GrowingArray(Uint8Array)
  return {
    get byteLength() {
      return bytes.byteLength
    },
    write(value) {
      const at = bytes.reserve(16)
      if (value === null) bytes.values.fill(0, at, at + 16)
      else writeValue(bytes.values, at, value)
    },
    finish: () => ({ values: bytes.take() }),
  }
}

function writeInterval(bytes: Uint8Array, at: number, value: Encoded): void {
  const { months, days, us } = value as Interval
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16)
  view.setInt32(0, months, true)
  view.setInt32(4, days, true)
  view.setBigInt64(8, us, true)
}

/** Where each value ends; the first one starts at 0. */
function endOffsets() {
  const offsets = new GrowingArray(Int32Array)
  offsets.values[offsets.reserve(1)] = 0
  return {
    get byteLength() {
      return offsets.byteLength
    },
    push(end: number) {
      assert(end <= 0x7f_ff_ff_ff, 'a column of one batch holds at most 2 GiB')
      const at = offsets.reserve(1)
      offsets.values[at] = end
    },
    take() {
      const taken = offsets.take()
      offsets.values[offsets.reserve(1)] = 0
      return taken
    },
  }
}

/** Values of any length, which `append` adds to the bytes of those before. */
function variableBuffers(append: (bytes: GrowingArray<Uint8Array<ArrayBuffer>>, value: Encoded) => void): ValueBuffers {
  const bytes = new GrowingArray(Uint8Array)
  const offsets = endOffsets()
  return {
    get byteLength() {
      return bytes.byteLength + offsets.byteLength
    },
    write(value) {
      if (value !== null) append(bytes, value)
      offsets.push(bytes.length)
    },
    finish: () => ({ values: bytes.take(), offsets: offsets.take() }),
  }
}

function appendBytes(bytes: GrowingArray<Uint8Array<ArrayBuffer>>, value: Encoded): void {
  const source = value as Uint8Array
  const at = bytes.reserve(source.length)
  bytes.values.set(source, at)
}

function appendText(bytes: GrowingArray<Uint8Array<ArrayBuffer>>, value: Encoded): void {
  const text = value as string
  const byteLength = Buffer.byteLength(text)
  const at = bytes.reserve(byteLength)
  Buffer.from(bytes.values.buffer).write(text, at, byteLength)
}

function listBuffers(element: ColumnType): ValueBuffers {
  const elements = columnWriter(element)
  const offsets = endOffsets()
  let length = 0
  return {
    get byteLength() {
      return elements.byteLength + offsets.byteLength
    },
    write(value) {
      const list = (value as readonly (Encoded | null)[] | null) ?? []
      for (const member of list) elements.write(member)
      length += list.length
      offsets.push(length)
    },
    finish() {
      length = 0
      return { offsets: offsets.take(), children: [elements.finish()] }
    },
  }
}
