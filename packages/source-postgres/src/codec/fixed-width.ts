import type { BitColumn, FixedColumn } from './arrow-column.ts'
import { expectLength, malformed } from './value-codec.ts'
import type { ValueCodec } from './value-codec.ts'
import { wireLong, wireWord } from './wire-word.ts'

/* Booleans, integers and uuid: values whose bytes only change their order. */

export const booleanCodec: ValueCodec = {
  columnType: { type: 'boolean' },
  hasBinaryForm: true,
  decodeBinary(target: BitColumn, row, { bytes }, start, length) {
    expectLength(length, 1)
    const value = bytes[start]!
    if (value > 1) throw malformed(`the boolean is ${value}`)
    if (value === 1) target.set(row)
  },
  decodeText(target: BitColumn, row, text) {
    if (text === 't') target.set(row)
    else if (text !== 'f') throw malformed('the text is no boolean')
  },
  formatBinary: ({ bytes }, start) => (bytes[start] === 1 ? 't' : 'f'),
  inline: {
    kind: 'fixed',
    length: 1,
    source: ({ bits, slow }) => `if (bytes[p] === 1) ${bits}[i >> 3] |= 1 << (i & 7); else if (bytes[p] !== 0) ${slow}`,
  },
}

export const int16Codec: ValueCodec = {
  columnType: { type: 'int16' },
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 2)
    target.halves[row] = view.getInt16(start)
  },
  decodeText(target: FixedColumn, row, text) {
    target.halves[row] = parseInteger(text, -32_768, 32_767)
  },
  formatBinary: ({ view }, start) => String(view.getInt16(start)),
  inline: { kind: 'fixed', length: 2, source: ({ halves }) => `${halves}[i] = view.getInt16(p);` },
}

export const int32Codec: ValueCodec = {
  ...wireWord,
  columnType: { type: 'int32' },
  decodeText(target: FixedColumn, row, text) {
    target.words[row] = parseInteger(text, -2_147_483_648, 2_147_483_647)
  },
  formatBinary: ({ view }, start) => String(view.getInt32(start)),
}

export const int64Codec: ValueCodec = {
  ...wireLong,
  columnType: { type: 'int64' },
  decodeText(target: FixedColumn, row, text) {
    if (text.length <= 15) target.setLong(row, parseInteger(text, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER))
    else target.longs[row] = parseLong(text)
  },
  formatBinary: ({ view }, start) => String(view.getBigInt64(start)),
}

/** oid, xid, cid: unsigned 32 bits, which int64 holds. */
export const unsigned32Codec: ValueCodec = {
  columnType: { type: 'int64' },
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 4)
    target.words[2 * row] = view.getInt32(start)
    target.words[2 * row + 1] = 0
  },
  decodeText(target: FixedColumn, row, text) {
    target.setLong(row, parseInteger(text, 0, 0xffff_ffff))
  },
  formatBinary: ({ view }, start) => String(view.getUint32(start)),
  inline: {
    kind: 'fixed',
    length: 4,
    source: ({ words }) => `${words}[2 * i] = view.getInt32(p); ${words}[2 * i + 1] = 0;`,
  },
}

const uuidLength = 36
const uuidHyphens = [8, 13, 18, 23]
/** Where the digits of each byte stand between the hyphens. */
const uuidDigits = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]

export const uuidCodec: ValueCodec = {
  columnType: { type: 'uuid' },
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { bytes }, start, length) {
    expectLength(length, 16)
    target.bytes.set(bytes.subarray(start, start + 16), row * 16)
  },
  decodeText(target: FixedColumn, row, text) {
    const hasHyphens = uuidHyphens.every((at) => text[at] === '-')
    if (text.length !== uuidLength || !hasHyphens) throw malformed('the text is no uuid')
    for (let byte = 0; byte < 16; byte++) {
      const at = uuidDigits[byte]!
      const value = (hexDigit(text, at) << 4) | hexDigit(text, at + 1)
      if (value < 0) throw malformed('the text is no uuid')
      target.bytes[row * 16 + byte] = value
    }
  },
  formatBinary({ bytes }, start) {
    const digits = bytes.toString('hex', start, start + 16)
    return [8, 12, 16, 20, 32].map((end, group) => digits.slice([0, 8, 12, 16, 20][group], end)).join('-')
  },
  inline: {
    kind: 'fixed',
    length: 16,
    // Words keep the byte order of the wire when they are read as little-endian.
    source: ({ words }) =>
      [0, 1, 2, 3].map((word) => `${words}[4 * i + ${word}] = view.getInt32(p + ${4 * word}, true);`).join(' '),
  },
}

/** The value of a hexadecimal digit as PostgreSQL prints it; negative for anything else. */
function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code >= 48 && code <= 57) return code - 48
  return code >= 97 && code <= 102 ? code - 87 : -1
}

function parseInteger(text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^-?\d+$/.test(text) || value < min || value > max) throw malformed('the text is no integer of this width')
  return value
}

function parseLong(text: string): bigint {
  const value = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
  if (value === undefined || value !== BigInt.asIntN(64, value)) throw malformed('the text is no 64-bit integer')
  return value
}
