import { Buffer } from 'node:buffer'
import { parseRow, rowText } from '../artifact/manifest-text.ts'
import type { ManifestRows } from '../artifact/manifest-text.ts'

/** Where each row of a table comes from that is made of another: its place there, or `fresh(n)`. */
export type RowOrigins = Int32Array

/** The nth of the rows that are new. */
export function fresh(index: number): number {
  return -1 - index
}

/** Rows of text that were read from a file: those that are the same as before are written again without being read. */
export class RowTable {
  readonly rows: ManifestRows
  readonly #bytes: Uint8Array
  #offsets: Float64Array | undefined

  constructor(rows: ManifestRows) {
    this.rows = rows
    this.#bytes = rows.pieces.length === 1 ? rows.pieces[0]! : Buffer.concat(rows.pieces)
  }

  value(row: number): unknown {
    const offsets = this.#offsetsOf()
    return parseRow(this.#bytes.subarray(offsets[row], offsets[row + 1]))[1]
  }

  /** Rows that stay next to each other stay one piece. */
  rearranged(origins: RowOrigins, freshRows: readonly Uint8Array[]): ManifestRows {
    const offsets = this.#offsetsOf()
    const lengths = new Int32Array(origins.length)
    const pieces: Uint8Array[] = []
    let [start, end] = [0, 0]
    const close = () => {
      if (end > start) pieces.push(this.#bytes.subarray(offsets[start], offsets[end]))
      start = end
    }
    for (const [place, origin] of origins.entries()) {
      if (origin >= 0) {
        if (origin !== end) {
          close()
          start = origin
        }
        end = origin + 1
        lengths[place] = offsets[end]! - offsets[origin]!
        continue
      }
      close()
      const row = freshRows[-1 - origin]!
      pieces.push(row)
      lengths[place] = row.byteLength
    }
    close()
    return { lengths, pieces }
  }

  /** Where each row begins, and where the last ends. */
  #offsetsOf(): Float64Array {
    this.#offsets ??= sumsOf(this.rows.lengths)
    return this.#offsets
  }
}

export function rowBytes(id: string, value: unknown): Uint8Array {
  return Buffer.from(rowText(id, value))
}

export function rearrangedColumn(column: Int32Array, origins: RowOrigins, freshValues: readonly number[]): Int32Array {
  return origins.map((origin) => (origin >= 0 ? column[origin]! : freshValues[-1 - origin]!))
}

export function rearrangedList<Value>(
  list: readonly Value[],
  origins: RowOrigins,
  freshValues: readonly Value[],
): Value[] {
  return Array.from(origins, (origin) => (origin >= 0 ? list[origin]! : freshValues[-1 - origin]!))
}

function sumsOf(lengths: Int32Array): Float64Array {
  const offsets = new Float64Array(lengths.length + 1)
  let sum = 0
  for (let row = 0; row < lengths.length; row += 1) {
    sum += lengths[row]!
    offsets[row + 1] = sum
  }
  return offsets
}
