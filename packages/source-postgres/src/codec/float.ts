import { formatFloat32, formatFloat64 } from '@eclusa/sdk'
import type { FixedColumn } from './arrow-column.ts'
import { expectLength, malformed } from './value-codec.ts'
import type { ValueCodec } from './value-codec.ts'

/* Floats move as integers of their width: a JavaScript number might not keep the bits of a NaN. */

export const float32Codec: ValueCodec = {
  columnType: { type: 'float32' },
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 4)
    target.words[row] = view.getInt32(start)
  },
  decodeText(target: FixedColumn, row, text) {
    scratch.setFloat32(0, parseFloatText(text))
    target.words[row] = scratch.getInt32(0)
  },
  formatBinary: ({ view }, start) => formatFloat32(view.getFloat32(start)),
  inline: { kind: 'fixed', length: 4, source: ({ words }) => `${words}[i] = view.getInt32(p);` },
}

export const float64Codec: ValueCodec = {
  columnType: { type: 'float64' },
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 8)
    target.words[2 * row + 1] = view.getInt32(start)
    target.words[2 * row] = view.getInt32(start + 4)
  },
  decodeText(target: FixedColumn, row, text) {
    scratch.setFloat64(0, parseFloatText(text))
    target.words[2 * row + 1] = scratch.getInt32(0)
    target.words[2 * row] = scratch.getInt32(4)
  },
  formatBinary: ({ view }, start) => formatFloat64(view.getFloat64(start)),
  inline: {
    kind: 'fixed',
    length: 8,
    source: ({ words }) => `${words}[2 * i + 1] = view.getInt32(p); ${words}[2 * i] = view.getInt32(p + 4);`,
  },
}

const scratch = new DataView(new ArrayBuffer(8))

function parseFloatText(text: string): number {
  const value = Number(text)
  if (text !== 'NaN' && (Number.isNaN(value) || text === '')) throw malformed('the text is no number')
  return value
}
