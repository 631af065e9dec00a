import bindings from '@duckdb/node-bindings'
import type { Vector } from '@duckdb/node-bindings'
import type { ColumnData } from './column-data.ts'
import { scratchOf } from './scratch.ts'

/*
 * A vector of texts is an array of duckdb_string_t (duckdb.h): 4 bytes length, then either up to 12 bytes of the text
 * itself, or its first 4 bytes and a pointer to all of it. One native call copies the texts of the whole chunk into
 * memory that belongs to the vector, as if they were the text of row 0; the pointer that this call leaves in row 0 then
 * serves for all rows. Two native calls for a chunk instead of one for each value; self-test.ts proves that it works.
 */

const entryBytes = 16
const inlineBytesMax = 12

/** Writes rows `start` to `start + count` of texts, JSON documents or byte strings. */
export function writeTextVector(vector: Vector, column: ColumnData, start: number, count: number): void {
  const { values, offsets } = column as { values: Uint8Array; offsets: Int32Array }
  const blockStart = offsets[start]!
  const block = values.subarray(blockStart, offsets[start + count])
  const pointer = block.length > inlineBytesMax ? copyBlock(vector, block) : { low: 0, high: 0 }
  const entries = scratchOf(count * entryBytes)
  const { bytes, uint32 } = entries
  let from = blockStart
  for (let row = 0; row < count; row++) {
    const to = offsets[start + row + 1]!
    const length = to - from
    const word = row * 4
    uint32[word] = length
    if (length <= inlineBytesMax) {
      uint32[word + 1] = 0
      uint32[word + 2] = 0
      uint32[word + 3] = 0
      for (let index = 0, at = row * entryBytes + 4; index < length; index++) bytes[at + index] = values[from + index]!
    } else {
      const at = row * entryBytes + 4
      bytes[at] = values[from]!
      bytes[at + 1] = values[from + 1]!
      bytes[at + 2] = values[from + 2]!
      bytes[at + 3] = values[from + 3]!
      const low = pointer.low + (from - blockStart)
      uint32[word + 2] = low
      uint32[word + 3] = pointer.high + (low > 0xffff_ffff ? 1 : 0)
    }
    from = to
  }
  bindings.copy_data_to_vector(vector, 0, entries.buffer, 0, count * entryBytes)
}

/** Returns where the block lies, as the two halves of its address. */
function copyBlock(vector: Vector, block: Uint8Array): { low: number; high: number } {
  bindings.vector_assign_string_element_len(vector, 0, block)
  const entry = bindings.vector_get_data(vector, entryBytes)
  const view = new DataView(entry.buffer, entry.byteOffset, entryBytes)
  return { low: view.getUint32(8, true), high: view.getUint32(12, true) }
}
