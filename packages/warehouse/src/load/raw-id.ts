import { createHash } from 'node:crypto'

/*
 * `_airbyte_raw_id` is a UUID of version 8 (RFC 9562) that counts instead of being drawn, which is cheap, compresses
 * well, and orders rows as they arrived:
 *
 *   48 bits  sequence of the commit
 *    4 bits  version (8)
 *   12 bits  salt
 *    2 bits  variant
 *   22 bits  salt
 *   40 bits  number of the row within its commit
 *
 * Sequences grow over all runs of a pipeline, so two rows of one pipeline never share an id; the salt, made from
 * pipeline, table and run, keeps rows of different pipelines and warehouses apart.
 */

/** A commit has no more rows. */
export const rowsPerCommitMax = 2 ** 40

export interface RawIdSalt {
  /** 12 bits. */
  readonly high: number
  /** 22 bits. */
  readonly low: number
}

export function rawIdSalt(parts: readonly string[]): RawIdSalt {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest()
  return { high: digest.readUInt16BE(0) & 0xfff, low: digest.readUIntBE(2, 3) & 0x3f_ffff }
}

/** How the ids of a commit's rows begin; the row's number follows, as ten hexadecimal digits. */
export function rawIdText({ high, low }: RawIdSalt, sequence: number): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
  const first = hex(sequence, 12)
  const variant = hex(0x80_0000 | low, 6)
  return [first.slice(0, 8), first.slice(8), `8${hex(high, 3)}`, variant.slice(0, 4), variant.slice(4)].join('-')
}

/** The greatest id that a row of commit `sequence` can have: rows of later commits have greater ones. */
export function rawIdMaxOf(sequence: number): string {
  const hex = sequence.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-ffff-ffff-ffffffffffff`
}
