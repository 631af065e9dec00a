import { decimal64PrecisionMax } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import type { Data } from 'apache-arrow'

/**
 * One Arrow column as plain bytes. `values` and `offsets` begin at the first row;
 * only bits (validity, booleans) keep a distance to it, as in Arrow.
 */
export interface ColumnData {
  readonly length: number
  /** Bits before the first row in `validity`, and in `values` of booleans. */
  readonly bitOffset: number
  /** 0 when no row is NULL; else `validity` says which are. */
  nullCount: number
  validity: Uint8Array | undefined
  /** Fixed-width values, bits of booleans, or the bytes of all texts; absent for lists. */
  readonly values: Uint8Array | undefined
  /** Of texts, bytes and lists: `length + 1` positions in `values` or in the elements. */
  readonly offsets: Int32Array | undefined
  /** The elements of a list. */
  readonly elements: ColumnData | undefined
}

const valueBytes: Partial<Record<ColumnType['type'], number>> = {
  int16: 2,
  int32: 4,
  float32: 4,
  date: 4,
  int64: 8,
  float64: 8,
  time: 8,
  timetz: 8,
  timestamp: 8,
  timestamptz: 8,
  interval: 16,
  uuid: 16,
}

/** Bytes of one value in Arrow; undefined for booleans (bits) and for texts, bytes and lists (any length). */
export function valueBytesOf(type: ColumnType): number | undefined {
  if (type.type === 'decimal') return type.precision <= decimal64PrecisionMax ? 8 : 16
  return valueBytes[type.type]
}

/** Views of the column's own buffers; nothing is copied. */
export function viewColumn(data: Data): ColumnData {
  return {
    length: data.length,
    bitOffset: data.offset,
    nullCount: data.nullCount,
    validity: data.nullCount === 0 ? undefined : data.nullBitmap,
    values: data.values === undefined ? undefined : bytesOf(data.values as ArrayBufferView),
    offsets: data.valueOffsets,
    elements: data.children[0] === undefined ? undefined : viewColumn(data.children[0]),
  }
}

/** A copy of what belongs to rows `start` to `start + length`, in buffers that hold nothing else. */
export function copyColumn(type: ColumnType, column: ColumnData, start = 0, length = column.length): ColumnData {
  const firstBit = column.bitOffset + start
  const copy = {
    length,
    bitOffset: firstBit & 7,
    nullCount: column.nullCount,
    validity: column.validity && copyBits(column.validity, firstBit, length),
    values: undefined,
    offsets: undefined,
    elements: undefined,
  }
  const width = valueBytesOf(type)
  if (width !== undefined) return { ...copy, values: column.values!.slice(start * width, (start + length) * width) }
  if (type.type === 'boolean') return { ...copy, values: copyBits(column.values!, firstBit, length) }
  // Arrow allows a column without rows to have no offsets at all.
  const [first, last] = length === 0 ? [0, 0] : [column.offsets![start]!, column.offsets![start + length]!]
  const offsets = Int32Array.from({ length: length + 1 }, (_, row) =>
    length === 0 ? 0 : column.offsets![start + row]! - first,
  )
  if (type.type === 'list')
    return { ...copy, offsets, elements: copyColumn(type.element, column.elements!, first, last - first) }
  return { ...copy, offsets, values: column.values!.slice(first, last) }
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}

function copyBits(bits: Uint8Array, firstBit: number, length: number): Uint8Array {
  return bits.slice(firstBit >> 3, (firstBit + length + 7) >> 3)
}

export function isNullAt(column: ColumnData, row: number): boolean {
  if (column.nullCount === 0 || column.validity === undefined) return false
  const bit = column.bitOffset + row
  return ((column.validity[bit >> 3]! >> (bit & 7)) & 1) === 0
}

/** Makes a row NULL; the first one of a column without NULLs gives it a validity bitmap. */
export function setNullAt(column: ColumnData, row: number): void {
  column.validity ??= new Uint8Array((column.bitOffset + column.length + 7) >> 3).fill(255)
  const bit = column.bitOffset + row
  column.validity[bit >> 3]! &= ~(1 << (bit & 7))
  column.nullCount++
}
