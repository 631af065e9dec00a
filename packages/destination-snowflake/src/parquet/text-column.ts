import { Utf8, makeData } from 'apache-arrow'
import type { Data } from 'apache-arrow'

/** An Arrow column of texts: one for each row, null for NULL. */
export function textColumn(length: number, textOf: (row: number) => string | null): Data<Utf8> {
  const texts: (Uint8Array | undefined)[] = []
  const valueOffsets = new Int32Array(length + 1)
  const nullBitmap = new Uint8Array((length + 7) >> 3)
  let nullCount = 0
  for (let row = 0; row < length; row++) {
    const text = textOf(row)
    const bytes = text === null ? undefined : encoder.encode(text)
    if (bytes === undefined) nullCount++
    else nullBitmap[row >> 3]! |= 1 << (row & 7)
    texts.push(bytes)
    valueOffsets[row + 1] = valueOffsets[row]! + (bytes?.length ?? 0)
  }
  const data = new Uint8Array(valueOffsets[length]!)
  for (const [row, bytes] of texts.entries()) if (bytes !== undefined) data.set(bytes, valueOffsets[row])
  return makeData({ type: new Utf8(), length, nullCount, nullBitmap, valueOffsets, data })
}

const encoder = new TextEncoder()
