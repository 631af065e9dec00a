/**
 * Which values of a batch were not sent: those that an update left unchanged in TOAST storage, those beside the key of a
 * key-only tuple, and columns that the relation does not have. Their slots are null, which they do not mean.
 */
export class AbsentValues {
  #columns: (Uint8Array | undefined)[]
  readonly #columnCount: number

  constructor(columnCount: number) {
    this.#columnCount = columnCount
    this.#columns = Array.from({ length: columnCount })
  }

  mark(column: number, row: number): void {
    let bits = this.#columns[column]
    const byte = row >> 3
    if (bits === undefined || byte >= bits.length) {
      const grown = new Uint8Array(Math.max(64, 2 * (byte + 1)))
      if (bits !== undefined) grown.set(bits)
      this.#columns[column] = bits = grown
    }
    bits[byte]! |= 1 << (row & 7)
  }

  /** One bitmap per column, the lowest bit first; undefined where every value was sent. Begins anew for the next batch. */
  take(rows: number): readonly (Uint8Array | undefined)[] {
    const columns = this.#columns
    this.#columns = Array.from({ length: this.#columnCount })
    const length = Math.ceil(rows / 8)
    return columns.map((bits) => {
      if (bits === undefined || bits.length === length) return bits
      const exact = new Uint8Array(length)
      exact.set(bits.subarray(0, length))
      return exact
    })
  }
}
