import { changeOperation } from '@eclusa/sdk'
import type { RowChanges } from '@eclusa/sdk'

const rowsMin = 64

/** What `RowChanges` says beside the rows of the batch that is being filled: parallel columns that grow with it. */
export class RowChangeColumns {
  rows = 0
  #operations = new Uint8Array(rowsMin)
  #positions = new BigInt64Array(rowsMin)
  #orders = new Int32Array(rowsMin)
  #committedAtUs = new BigInt64Array(rowsMin)

  add(operation: number, place: { readonly position: bigint; readonly committedAtUs: bigint }, order: number): void {
    const row = this.rows++
    if (row === this.#operations.length) this.#grow()
    this.#operations[row] = operation
    this.#positions[row] = place.position
    this.#orders[row] = order
    this.#committedAtUs[row] = place.committedAtUs
  }

  /**
   * The columns of the rows so far; begins anew. @param absent per column the rows whose value was not sent: of an update
   * it is unchanged, of an insert or delete it is NULL, as for the columns that a key does not have.
   */
  take(absent: readonly (Uint8Array | undefined)[]): RowChanges {
    const { rows } = this
    const changes = {
      operations: this.#operations.subarray(0, rows),
      positions: this.#positions.subarray(0, rows),
      orders: this.#orders.subarray(0, rows),
      committedAtUs: this.#committedAtUs.subarray(0, rows),
    }
    this.rows = 0
    this.#allocate(Math.max(rowsMin, rows))
    return { ...changes, unchanged: unchangedOf(absent, changes.operations) }
  }

  #allocate(rows: number): void {
    this.#operations = new Uint8Array(rows)
    this.#positions = new BigInt64Array(rows)
    this.#orders = new Int32Array(rows)
    this.#committedAtUs = new BigInt64Array(rows)
  }

  #grow(): void {
    const [operations, positions, orders, times] = [
      this.#operations,
      this.#positions,
      this.#orders,
      this.#committedAtUs,
    ]
    this.#allocate(2 * operations.length)
    this.#operations.set(operations)
    this.#positions.set(positions)
    this.#orders.set(orders)
    this.#committedAtUs.set(times)
  }
}

function unchangedOf(
  absent: readonly (Uint8Array | undefined)[],
  operations: Uint8Array,
): readonly (Uint8Array | undefined)[] {
  if (absent.every((bits) => bits === undefined)) return absent
  const updated = new Uint8Array(Math.ceil(operations.length / 8))
  for (let row = 0; row < operations.length; row++) {
    const operation = operations[row]
    if (operation === changeOperation.update || operation === changeOperation.rekey)
      updated[row >> 3]! |= 1 << (row & 7)
  }
  return absent.map((bits) => {
    const unchanged = bits?.map((byte, index) => byte & updated[index]!)
    return unchanged?.some((byte) => byte !== 0) === true ? unchanged : undefined
  })
}
