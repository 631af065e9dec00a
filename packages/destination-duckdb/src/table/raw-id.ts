import { rowsPerCommitMax } from '@eclusa/warehouse/load'
import type { RawIdSalt } from '@eclusa/warehouse/load'
import type { ColumnData } from '../chunk/column-data.ts'

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
