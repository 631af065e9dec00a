import bindings from '@duckdb/node-bindings'
import type { Vector } from '@duckdb/node-bindings'
import type { ColumnType } from '@eclusa/sdk'
import { assertHoldsRows } from './column-bounds.ts'
import { valueBytesOf } from './column-data.ts'
import type { ColumnData } from './column-data.ts'
import { scratchOf } from './scratch.ts'
import { writeTextVector } from './text-vector.ts'

/** Copies rows `start` to `start + count` of an Arrow column into a DuckDB vector, NULLs included. */
export type VectorWriter = (vector: Vector, column: ColumnData, start: number, count: number) => void

/** The writer of a column type: mostly one copy of memory, since arrow-type.ts encodes as DuckDB does. */
export function vectorWriterOf(type: ColumnType): VectorWriter {
  const writeValues = valueWriterOf(type)
  return (vector, column, start, count) => {
    if (count === 0) return
    assertHoldsRows(type, column, start + count)
    writeValidity(vector, column, start, count)
    writeValues(vector, column, start, count)
  }
}

function valueWriterOf(type: ColumnType): VectorWriter {
  switch (type.type) {
    case 'boolean':
      return writeBooleans
    case 'text':
    case 'json':
    case 'bytes':
      return writeTextVector
    case 'uuid':
      return writeUuids
    case 'decimal':
      return decimalWriterOf(type.precision)
    case 'list':
      return listWriterOf(type.element)
    default:
      return copyWriterOf(valueBytesOf(type)!)
  }
}

function writeValidity(vector: Vector, column: ColumnData, start: number, count: number): void {
  const { validity } = column
  if (column.nullCount === 0 || validity === undefined) return
  const firstBit = column.bitOffset + start
  const bytes = (count + 7) >> 3
  bindings.vector_ensure_validity_writable(vector)
  if ((firstBit & 7) === 0) {
    const from = validity.byteOffset + (firstBit >> 3)
    bindings.copy_data_to_vector_validity(vector, 0, validity.buffer as ArrayBuffer, from, bytes)
    return
  }
  const scratch = scratchOf(bytes)
  shiftBits(validity, firstBit, scratch.bytes, bytes)
  bindings.copy_data_to_vector_validity(vector, 0, scratch.buffer, 0, bytes)
}

/** Moves bits that begin in the middle of a byte to where a byte begins. */
function shiftBits(bits: Uint8Array, firstBit: number, target: Uint8Array, bytes: number): void {
  const shift = firstBit & 7
  for (let index = 0, from = firstBit >> 3; index < bytes; index++, from++) {
    target[index] = (bits[from]! >> shift) | ((bits[from + 1] ?? 0) << (8 - shift))
  }
}

function copyWriterOf(width: number): VectorWriter {
  return (vector, column, start, count) => {
    const values = column.values!
    const from = values.byteOffset + start * width
    bindings.copy_data_to_vector(vector, 0, values.buffer as ArrayBuffer, from, count * width)
  }
}

/** Arrow has a bit for each, DuckDB a byte. */
function writeBooleans(vector: Vector, column: ColumnData, start: number, count: number): void {
  const bits = column.values!
  const { bytes, buffer } = scratchOf(count)
  for (let row = 0, bit = column.bitOffset + start; row < count; row++, bit++)
    bytes[row] = (bits[bit >> 3]! >> (bit & 7)) & 1
  bindings.copy_data_to_vector(vector, 0, buffer, 0, count)
}

/** DuckDB keeps a uuid as a signed 128-bit number, little-endian, with the top bit flipped so that it sorts as text. */
function writeUuids(vector: Vector, column: ColumnData, start: number, count: number): void {
  const values = column.values!
  const from = new DataView(values.buffer, values.byteOffset + start * 16, count * 16)
  const { uint32, buffer } = scratchOf(count * 16)
  for (let row = 0; row < count; row++) {
    const word = row * 4
    const byte = row * 16
    uint32[word] = from.getUint32(byte + 12)
    uint32[word + 1] = from.getUint32(byte + 8)
    uint32[word + 2] = from.getUint32(byte + 4)
    uint32[word + 3] = from.getUint32(byte) ^ 0x8000_0000
  }
  bindings.copy_data_to_vector(vector, 0, buffer, 0, count * 16)
}

/** The widths in which DuckDB stores decimals, by the largest precision that each holds. */
function storedDecimalBytes(precision: number): 2 | 4 | 8 | 16 {
  if (precision <= 4) return 2
  if (precision <= 9) return 4
  return precision <= 18 ? 8 : 16
}

/** Arrow's words are at least 64 bits wide; values of few digits lose only copies of the sign. */
function decimalWriterOf(precision: number): VectorWriter {
  const stored = storedDecimalBytes(precision)
  if (stored >= 8) return copyWriterOf(stored)
  return (vector, column, start, count) => {
    const values = column.values!
    const words = new Int32Array(values.buffer, values.byteOffset, values.byteLength >> 2)
    const { buffer, int16, int32 } = scratchOf(count * 4)
    const target = stored === 2 ? int16 : int32
    for (let row = 0, word = start * 2; row < count; row++, word += 2) target[row] = words[word]!
    bindings.copy_data_to_vector(vector, 0, buffer, 0, count * stored)
  }
}

/** A list is its position and length (64 bits each) among the elements of all lists of the chunk. */
function listWriterOf(elementType: ColumnType): VectorWriter {
  const writeElements = vectorWriterOf(elementType)
  return (vector, column, start, count) => {
    const offsets = column.offsets!
    const first = offsets[start]!
    const elementCount = offsets[start + count]! - first
    bindings.list_vector_reserve(vector, elementCount)
    bindings.list_vector_set_size(vector, elementCount)
    const { uint32, buffer } = scratchOf(count * 16)
    for (let row = 0; row < count; row++) {
      uint32[row * 4] = offsets[start + row]! - first
      uint32[row * 4 + 1] = 0
      uint32[row * 4 + 2] = offsets[start + row + 1]! - offsets[start + row]!
      uint32[row * 4 + 3] = 0
    }
    bindings.copy_data_to_vector(vector, 0, buffer, 0, count * 16)
    writeElements(bindings.list_vector_get_child(vector), column.elements!, first, elementCount)
  }
}
