import { changeOperation } from '@eclusa/sdk'
import type { RowChanges } from '@eclusa/sdk'

/** Bits of a word that are used: the highest one would make it negative. */
const bitsPerWord = 31

/** Where the delta says of a row that a column's value was not sent. */
export interface MarkPlace {
  readonly word: number
  /** A power of two. */
  readonly mask: number
}

/**
 * Gives a bit to each column of a stream that has come without a value so far, by name: columns may move when the schema
 * changes. Most streams never need one, and those that do need few.
 */
export class UnchangedMarks {
  readonly #bits = new Map<string, number>()
  /** Columns that the rows since `clear` leave out. */
  readonly #present = new Set<string>()

  get wordCount(): number {
    return Math.max(1, Math.ceil(this.#bits.size / bitsPerWord))
  }

  get columns(): ReadonlySet<string> {
    return this.#present
  }

  placeOf(column: string): MarkPlace {
    const bit = this.#bits.get(column)!
    return { word: Math.floor(bit / bitsPerWord), mask: 1 << (bit % bitsPerWord) }
  }

  clear(): void {
    this.#present.clear()
  }

  /**
   * Words with a bit for each value that was not sent; undefined for a word without any.
   *
   * @param names of the columns that `unchanged` is about. What a delete leaves out is no value that stays.
   */
  wordsOf({ operations, unchanged }: RowChanges, names: readonly string[]): (Int32Array | undefined)[] {
    const words: (Int32Array | undefined)[] = []
    for (const [index, bits] of unchanged.entries()) {
      const name = names[index]!
      const rows = bits === undefined ? [] : markedRows(bits, operations)
      if (rows.length === 0) continue
      if (!this.#bits.has(name)) this.#bits.set(name, this.#bits.size)
      this.#present.add(name)
      const { word, mask } = this.placeOf(name)
      const target = (words[word] ??= new Int32Array(operations.length))
      for (const row of rows) target[row]! |= mask
    }
    return Array.from({ length: this.wordCount }, (_, word) => words[word])
  }
}

function markedRows(bits: Uint8Array, operations: Uint8Array): number[] {
  const rows: number[] = []
  for (let row = 0; row < operations.length; row++) {
    const isMarked = (bits[row >> 3]! & (1 << (row & 7))) !== 0
    if (isMarked && operations[row] !== changeOperation.delete) rows.push(row)
  }
  return rows
}
