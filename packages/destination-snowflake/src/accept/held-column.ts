import { Binary, Utf8, makeData } from 'apache-arrow'
import type { Data } from 'apache-arrow'

/**
 * The column with NULL in these rows, in buffers of its own: those of a batch may be shared. The bytes of a text go too,
 * because the encoder looks at all texts, those below a NULL among them.
 */
export function withNulls(data: Data, rows: readonly number[]): Data {
  const isText = data.type instanceof Utf8 || data.type instanceof Binary
  return isText ? withoutBytes(data, new Set(rows)) : withoutBits(data, rows)
}

function withoutBits(data: Data, rows: readonly number[]): Data {
  const { type, offset, length } = data
  const bits = validityOf(data)
  for (const row of rows) bits[(offset + row) >> 3]! &= ~(1 << ((offset + row) & 7))
  const buffers = [data.valueOffsets, data.values, bits, data.typeIds] as Data['buffers']
  return data.clone(type, offset, length, data.nullCount + rows.length, buffers)
}

function validityOf(data: Data): Uint8Array {
  if (data.nullCount > 0) return data.nullBitmap.slice()
  return new Uint8Array((data.offset + data.length + 7) >> 3).fill(0xff)
}

function withoutBytes(data: Data, rows: ReadonlySet<number>): Data {
  const { length } = data
  const [bytes, offsets] = [data.values as Uint8Array, data.valueOffsets as Int32Array]
  const isKept = (row: number) => data.getValid(row) && !rows.has(row)
  const valueOffsets = new Int32Array(length + 1)
  const nullBitmap = new Uint8Array((length + 7) >> 3)
  for (let row = 0; row < length; row++) {
    if (isKept(row)) nullBitmap[row >> 3]! |= 1 << (row & 7)
    valueOffsets[row + 1] = valueOffsets[row]! + (isKept(row) ? offsets[row + 1]! - offsets[row]! : 0)
  }
  const values = new Uint8Array(valueOffsets[length]!)
  for (let row = 0; row < length; row++) {
    if (isKept(row)) values.set(bytes.subarray(offsets[row], offsets[row + 1]), valueOffsets[row])
  }
  const nullCount = data.nullCount + rows.size
  return makeData({ type: data.type as Utf8, length, nullCount, nullBitmap, valueOffsets, data: values })
}
