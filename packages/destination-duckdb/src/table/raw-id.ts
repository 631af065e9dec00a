import { rowsPerCommitMax } from '@eclusa/warehouse/load'
import type { RawIdSalt } from '@eclusa/warehouse/load'
import type { ColumnData } from '../chunk/column-data.ts'

/** Arrow's numbers, and this machine's, begin with their last byte; a UUID begins with its first. */
function bigEndian(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}

/** The ids of `count` rows of commit `sequence`, from its row `first` on, as an Arrow column of uuids. */
export function rawIdColumn(
  salt: RawIdSalt,
  { sequence, first, count }: { readonly sequence: number; readonly first: number; readonly count: number },
): ColumnData {
  if (first + count > rowsPerCommitMax) throw new RangeError(`a commit has at most ${rowsPerCommitMax} rows`)
  // Words of this machine's order are written four times as fast as bytes through a view.
  const words = new Uint32Array(count * 4)
  const sequenceHigh = bigEndian(Math.floor(sequence / 2 ** 16))
  const middle = bigEndian(((sequence % 2 ** 16) << 16) | 0x8000 | salt.high)
  const saltLow = 0x8000_0000 | (salt.low << 8)
  for (let row = 0, at = 0; row < count; row++, at += 4) {
    const ordinal = first + row
    words[at] = sequenceHigh
    words[at + 1] = middle
    words[at + 2] = bigEndian(saltLow | (ordinal / 2 ** 32))
    words[at + 3] = bigEndian(ordinal)
  }
  return {
    length: count,
    bitOffset: 0,
    nullCount: 0,
    validity: undefined,
    values: new Uint8Array(words.buffer),
    offsets: undefined,
    elements: undefined,
  }
}
