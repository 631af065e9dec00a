import type { Data } from 'apache-arrow'
import type { Interval } from './interval.ts'

/* Reading single values out of Arrow buffers, in the representations of arrow-type.ts. The value must not be NULL. */

/** Bits are not sliced with the data: they keep the offset of the whole. */
export function readBoolean(data: Data, row: number): boolean {
  const bit = data.offset + row
  return (data.values[bit >> 3] & (1 << (bit & 7))) !== 0
}

/** The bytes of a text or bytes value; a view of the column's buffer. */
export function readBytes(data: Data, row: number): Buffer {
  const values: Uint8Array = data.values
  const start = data.valueOffsets[row]!
  return Buffer.from(values.buffer, values.byteOffset + start, data.valueOffsets[row + 1]! - start)
}

export function readText(data: Data, row: number): string {
  return readBytes(data, row).toString('utf8')
}

/** The unscaled value of a decimal of 64 or 128 bits, stored as little-endian 32-bit words. */
export function readDecimal(data: Data, row: number): bigint {
  const words: Uint32Array = data.values
  const count = data.stride
  let value = 0n
  for (let word = count - 1; word >= 0; word--) value = (value << 32n) | BigInt(words[row * count + word]!)
  return BigInt.asIntN(count * 32, value)
}

export function readInterval(data: Data, row: number): Interval {
  const values: Uint8Array = data.values
  const view = new DataView(values.buffer, values.byteOffset + row * 16, 16)
  return { months: view.getInt32(0, true), days: view.getInt32(4, true), us: view.getBigInt64(8, true) }
}
