import { createHash } from 'node:crypto'
import type { ColumnData } from '../chunk/column-data.ts'

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

const rowsPerCommitMax = 2 ** 40

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

/** The ids of `count` rows of commit `sequence`, from its row `first` on, as an Arrow column of uuids. */
export function rawIdColumn(
  salt: RawIdSalt,
  { sequence, first, count }: { readonly sequence: number; readonly first: number; readonly count: number },
): ColumnData {
  if (first + count > rowsPerCommitMax) throw new RangeError(`a commit has at most ${rowsPerCommitMax} rows`)
  const values = new Uint8Array(count * 16)
  const view = new DataView(values.buffer)
  const [sequenceHigh, sequenceLow] = [Math.floor(sequence / 2 ** 16), sequence % 2 ** 16]
  const middle = ((sequenceLow << 16) | 0x8000 | salt.high) >>> 0
  for (let row = 0, at = 0; row < count; row++, at += 16) {
    const ordinal = first + row
    view.setUint32(at, sequenceHigh)
    view.setUint32(at + 4, middle)
    view.setUint32(at + 8, (0x8000_0000 | (salt.low << 8) | Math.floor(ordinal / 2 ** 32)) >>> 0)
    view.setUint32(at + 12, ordinal >>> 0)
  }
  return {
    length: count,
    bitOffset: 0,
    nullCount: 0,
    validity: undefined,
    values,
    offsets: undefined,
    elements: undefined,
  }
}

/** How the ids of a commit's rows begin; the row's number follows, as ten hexadecimal digits. */
export function rawIdText(salt: RawIdSalt, sequence: number): string {
  const row = rawIdColumn(salt, { sequence, first: 0, count: 1 }).values as Uint8Array
  const hex = Buffer.from(row).toString('hex').slice(0, -10)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** The greatest id that a row of commit `sequence` can have: rows of later commits have greater ones. */
export function rawIdMaxOf(sequence: number): string {
  const hex = sequence.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-ffff-ffff-ffffffffffff`
}
