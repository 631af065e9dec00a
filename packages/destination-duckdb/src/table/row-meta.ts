import type { ColumnData } from '../chunk/column-data.ts'

/** One text for each row: `changed` by row, `unchanged` for all others. */
export function metaColumn(rowCount: number, unchanged: string, changed: ReadonlyMap<number, string>): ColumnData {
  const usual = Buffer.from(unchanged)
  const texts = new Map([...changed].map(([row, text]) => [row, Buffer.from(text)]))
  const extraBytes = [...texts.values()].reduce((sum, text) => sum + text.length - usual.length, 0)
  const values = new Uint8Array(rowCount * usual.length + extraBytes)
  const offsets = new Int32Array(rowCount + 1)
  let end = 0
  for (let row = 0; row < rowCount; row++) {
    const text = texts.get(row) ?? usual
    values.set(text, end)
    end += text.length
    offsets[row + 1] = end
  }
  return { length: rowCount, bitOffset: 0, nullCount: 0, validity: undefined, values, offsets, elements: undefined }
}
