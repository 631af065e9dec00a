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

/** For each length up to 12, which bits of three words belong to a text of that length. */
const inlineMasks = Uint32Array.from({ length: (inlineBytesMax + 1) * 3 }, (_, index) => {
  const bytes = Math.floor(index / 3) - (index % 3) * 4
  return bytes >= 4 ? 0xffff_ffff : bytes <= 0 ? 0 : 2 ** (bytes * 8) - 1
})

/** The last bytes of a block, and zeros behind them, so that three words can be read wherever a short text begins. */
const end = new Uint8Array(2 * inlineBytesMax)
const endWords = new DataView(end.buffer)

/** Writes rows `start` to `start + count` of texts, JSON documents or byte strings. */
export function writeTextVector(vector: Vector, column: ColumnData, start: number, count: number): void {
  const { values, offsets } = column as { values: Uint8Array; offsets: Int32Array }
  const blockStart = offsets[start]!
  const block = values.subarray(blockStart, offsets[start + count])
  const pointer = block.length > inlineBytesMax ? copyBlock(vector, block) : { low: 0, high: 0 }
  const words = new DataView(block.buffer, block.byteOffset, block.byteLength)
  const endStart = Math.max(0, block.length - inlineBytesMax)
  end.fill(0).set(block.subarray(endStart))
  const { uint32, buffer } = scratchOf(count * entryBytes)
  let from = 0
  for (let row = 0, word = 0; row < count; row++, word += 4) {
    const to = offsets[start + row + 1]! - blockStart
    const length = to - from
    uint32[word] = length
    if (length <= inlineBytesMax) {
      const mask = length * 3
      const isAtEnd = from >= endStart
      const view = isAtEnd ? endWords : words
      const at = isAtEnd ? from - endStart : from
      uint32[word + 1] = view.getUint32(at, true) & inlineMasks[mask]!
      uint32[word + 2] = view.getUint32(at + 4, true) & inlineMasks[mask + 1]!
      uint32[word + 3] = view.getUint32(at + 8, true) & inlineMasks[mask + 2]!
    } else {
      const low = pointer.low + from
      uint32[word + 1] = words.getUint32(from, true)
      uint32[word + 2] = low
      uint32[word + 3] = pointer.high + (low > 0xffff_ffff ? 1 : 0)
    }
    from = to
  }
  bindings.copy_data_to_vector(vector, 0, buffer, 0, count * entryBytes)
}

/** Returns where the block lies, as the two halves of its address. */
function copyBlock(vector: Vector, block: Uint8Array): { low: number; high: number } {
  bindings.vector_assign_string_element_len(vector, 0, block)
  const entry = bindings.vector_get_data(vector, entryBytes)
  const view = new DataView(entry.buffer, entry.byteOffset, entryBytes)
  return { low: view.getUint32(8, true), high: view.getUint32(12, true) }
}
