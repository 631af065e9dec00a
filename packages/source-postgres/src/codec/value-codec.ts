import { EclusaError } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import type { ArrowColumn } from './arrow-column.ts'

/** Bytes of the server's messages, with a view on the same bytes. */
export interface WireBytes {
  readonly bytes: Buffer
  readonly view: DataView
}

/**
 * Decodes the values of one type. The same codec serves COPY and logical replication (binary or text per value) and
 * rows of query streams (text), so that a value is the same whichever way it came.
 *
 * `target` is the Arrow column of `columnType`; exactly one of its rows is written by each call. A value that the
 * column cannot hold is rejected there with its exact text; bytes that are no value of the type throw.
 */
export interface ValueCodec {
  readonly columnType: ColumnType
  /** False: only the text form is understood, so the server has to send text. */
  readonly hasBinaryForm: boolean
  /** True: the column stores the text form as it is. */
  readonly keepsText?: boolean
  /** @param length bytes of the value, 0 or more: nulls are the caller's. */
  decodeBinary(target: ArrowColumn, row: number, wire: WireBytes, start: number, length: number): void
  /** @param text what the type's output function prints under `sessionSettings`. */
  decodeText(target: ArrowColumn, row: number, text: string): void
  /** The text that the type's output function prints for a value in binary form. */
  readonly formatBinary: (wire: WireBytes, start: number, length: number) => string
  /** Absent: the generated decoder calls `decodeBinary`. */
  readonly inline?: InlineDecoder
}

/**
 * What the generated decoder does instead of calling `decodeBinary`, with the same effect.
 * - `fixed`: statements for values that all have `length` bytes.
 * - `variable`: statements for values of any length, which may fall back to `slow`.
 * - `copy`: the value's bytes, after a version byte where there is one, are what the column stores.
 *
 * Statements see `view` and `bytes` (WireBytes), `p` and `n` (start and length of the value) and `i` (the row).
 */
export type InlineDecoder =
  | { readonly kind: 'fixed'; readonly length: number; readonly source: (names: InlineNames) => string }
  | { readonly kind: 'variable'; readonly source: (names: InlineNames) => string }
  | { readonly kind: 'copy'; readonly versionByte?: number }

/** Variables that hold the column's arrays, by the storage it has, and a call of decodeBinary for this value. */
export interface InlineNames {
  readonly words: string
  readonly halves: string
  readonly bits: string
  readonly slow: string
}

/** A codec of a type whose binary form is not understood: see `hasBinaryForm`. */
export function textOnlyCodec(codec: Pick<ValueCodec, 'columnType' | 'keepsText' | 'decodeText'>): ValueCodec {
  return {
    ...codec,
    hasBinaryForm: false,
    decodeBinary() {
      throw malformed('its binary form is not understood')
    },
    formatBinary() {
      throw malformed('its binary form is not understood')
    },
  }
}

/** Bytes or text that are no value of the announced type; readers add the column's name. */
export function malformed(reason: string): EclusaError {
  return new EclusaError('POSTGRES_VALUE_MALFORMED', { message: `A value cannot be decoded: ${reason}.` })
}

/** Text that is no UTF-8, which servers with the encoding SQL_ASCII pass on; readers add the column's name. */
export function textNotUtf8(): EclusaError {
  return new EclusaError('POSTGRES_TEXT_NOT_UTF8', { message: 'A text is not valid UTF-8.' })
}

/** Fails unless the value has the length that its type always has. */
export function expectLength(length: number, expected: number): void {
  if (length !== expected) throw malformed(`it has ${length} bytes instead of ${expected}`)
}
