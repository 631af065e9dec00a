import type { FixedColumn } from './arrow-column.ts'
import { printedCodec } from './textual.ts'
import { expectLength, malformed } from './value-codec.ts'
import type { ValueCodec } from './value-codec.ts'

/** xid8: unsigned 64 bits, beyond int64, so a decimal of 20 digits. */
export const xid8Codec: ValueCodec = {
  columnType: { type: 'decimal', precision: 20, scale: 0 },
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 8)
    target.words[4 * row] = view.getInt32(start + 4)
    target.words[4 * row + 1] = view.getInt32(start)
    target.words[4 * row + 2] = target.words[4 * row + 3] = 0
  },
  decodeText(target: FixedColumn, row, text) {
    if (!/^\d{1,20}$/.test(text)) throw malformed('the text is no xid8')
    target.longs[2 * row] = BigInt(text)
    target.longs[2 * row + 1] = 0n
  },
  formatBinary: ({ view }, start) => String(view.getBigUint64(start)),
}

/** pg_lsn as text: two halves in hexadecimal, `16/B374D848`. */
export const lsnCodec: ValueCodec = printedCodec(({ view }, start, length) => {
  expectLength(length, 8)
  const half = (at: number) => view.getUint32(at).toString(16).toUpperCase()
  return `${half(start)}/${half(start + 4)}`
})
