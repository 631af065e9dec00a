import { isUtf8 } from 'node:buffer'
import type { ColumnType } from '@eclusa/sdk'
import type { VariableColumn } from './arrow-column.ts'
import { malformed, textNotUtf8, textOnlyCodec } from './value-codec.ts'
import type { ValueCodec, WireBytes } from './value-codec.ts'

/* Types whose values are stored as text or bytes. Text is UTF-8, the client encoding of every session here. */

/** Types whose binary form is their text: text, varchar, bpchar (with its padding), name, citext, xml, enums, json. */
export function textCodec(type: 'text' | 'json'): ValueCodec {
  return {
    columnType: { type },
    hasBinaryForm: true,
    keepsText: true,
    decodeBinary(target: VariableColumn, row, { bytes }, start, length) {
      target.appendBytes(row, bytes, start, length)
    },
    decodeText(target: VariableColumn, row, text) {
      target.appendText(row, text)
    },
    formatBinary: ({ bytes }, start, length) => bytes.toString('utf8', start, start + length),
    inline: { kind: 'copy' },
  }
}

const jsonbVersion = 1

export const jsonbCodec: ValueCodec = {
  columnType: { type: 'json' },
  hasBinaryForm: true,
  keepsText: true,
  decodeBinary(target: VariableColumn, row, { bytes }, start, length) {
    if (bytes[start] !== jsonbVersion || length === 0) throw malformed('the jsonb has an unknown version')
    target.appendBytes(row, bytes, start + 1, length - 1)
  },
  decodeText(target: VariableColumn, row, text) {
    target.appendText(row, text)
  },
  formatBinary: ({ bytes }, start, length) => bytes.toString('utf8', start + 1, start + length),
  inline: { kind: 'copy', versionByte: jsonbVersion },
}

export const byteaCodec: ValueCodec = {
  columnType: { type: 'bytes' },
  hasBinaryForm: true,
  decodeBinary(target: VariableColumn, row, { bytes }, start, length) {
    target.appendBytes(row, bytes, start, length)
  },
  decodeText(target: VariableColumn, row, text) {
    if (!/^\\x(?:[0-9a-f]{2})*$/.test(text)) throw malformed('the text is no bytea in the hex format')
    const bytes = Buffer.from(text.slice(2), 'hex')
    target.appendBytes(row, bytes, 0, bytes.length)
  },
  formatBinary: ({ bytes }, start, length) => `\\x${bytes.toString('hex', start, start + length)}`,
  inline: { kind: 'copy' },
}

/** A codec for types that are stored as their text but have a binary form of their own. */
export function printedCodec(
  format: (wire: WireBytes, start: number, length: number) => string,
  columnType: Extract<ColumnType, { type: 'text' | 'json' }> = { type: 'text' },
): ValueCodec {
  return {
    columnType,
    hasBinaryForm: true,
    keepsText: true,
    decodeBinary(target: VariableColumn, row, wire, start, length) {
      target.appendText(row, format(wire, start, length))
    },
    decodeText(target: VariableColumn, row, text) {
      target.appendText(row, text)
    },
    formatBinary: format,
  }
}

/** A codec for the same values where the server sends their text: a column cast to text, or a text in replication. */
export function sentAsText(codec: ValueCodec): ValueCodec {
  if (codec.keepsText) return textCodec(codec.columnType.type === 'json' ? 'json' : 'text')
  return {
    columnType: codec.columnType,
    hasBinaryForm: true,
    decodeBinary(target, row, wire, start, length) {
      codec.decodeText(target, row, readText(wire, start, length))
    },
    decodeText: (target, row, text) => codec.decodeText(target, row, text),
    formatBinary: readText,
  }
}

/** Decoding to a string would replace invalid bytes silently. */
function readText({ bytes }: WireBytes, start: number, length: number): string {
  if (!isUtf8(bytes.subarray(start, start + length))) throw textNotUtf8()
  return bytes.toString('utf8', start, start + length)
}

/** Types whose binary form is not decoded here: the server prints them. */
export const printedByServerCodec: ValueCodec = textOnlyCodec(textCodec('text'))

/**
 * "char": one byte. PostgreSQL prints zero as nothing, and bytes beyond ASCII in octal (since version 15; before, as a
 * byte that is no valid text).
 */
export const charCodec: ValueCodec = printedCodec(({ bytes }, start, length) => {
  if (length !== 1) throw malformed(`the "char" has ${length} bytes`)
  const byte = bytes[start]!
  if (byte === 0) return ''
  return byte < 128 ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`
})
