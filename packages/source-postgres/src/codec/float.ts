import { formatFloat32, formatFloat64 } from '@eclusa/sdk'
import type { FixedColumn } from './arrow-column.ts'
import { malformed } from './value-codec.ts'
import type { ValueCodec } from './value-codec.ts'
import { wireLong, wireWord } from './wire-word.ts'

/* Floats move as integers of their width: a JavaScript number might not keep the bits of a NaN. */

export const float32Codec: ValueCodec = {
  ...wireWord,
  columnType: { type: 'float32' },
  decodeText(target: FixedColumn, row, text) {
    scratch.setFloat32(0, parseFloatText(text))
    target.words[row] = scratch.getInt32(0)
  },
  formatBinary: ({ view }, start) => formatFloat32(view.getFloat32(start)),
}

export const float64Codec: ValueCodec = {
  ...wireLong,
  columnType: { type: 'float64' },
  decodeText(target: FixedColumn, row, text) {
    scratch.setFloat64(0, parseFloatText(text))
    target.words[2 * row + 1] = scratch.getInt32(0)
    target.words[2 * row] = scratch.getInt32(4)
  },
  formatBinary: ({ view }, start) => formatFloat64(view.getFloat64(start)),
}

const scratch = new DataView(new ArrayBuffer(8))

function parseFloatText(text: string): number {
  const value = Number(text)
  if (text !== 'NaN' && (Number.isNaN(value) || text === '')) throw malformed('the text is no number')
  return value
}
