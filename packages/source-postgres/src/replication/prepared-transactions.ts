import type { Lsn } from './lsn.ts'
import type { PrepareMessage } from './pgoutput-message.ts'

/*
 * A slot with two_phase sends a transaction at its PREPARE, and at its COMMIT PREPARED no more than that it was committed: the
 * transaction itself comes again only if reading begins at its PREPARE or before it. Therefore the server may not be told of a
 * position behind a PREPARE that is not resolved, although what was committed meanwhile is durable up to far behind it.
 *
 * What was prepared before the slot got two_phase comes whole at its commit, with its PREPARE before where reading began: it
 * will always do so, and holds nothing up.
 */

/** The transactions that are prepared, and from where on they have to be read again. */
export class PreparedTransactions {
  /** By transaction id, where the record of its PREPARE begins. */
  readonly #unresolved = new Map<number, Lsn>()
  /** Where this connection began to read. */
  #startedAt: Lsn
  /** Those of the connection before lie at or behind `#startedAt`, and come again before this is reached. */
  #caughtUpAt: Lsn

  constructor({ from, readFrom }: { readonly from: Lsn; readonly readFrom: Lsn }) {
    this.#startedAt = readFrom
    this.#caughtUpAt = from
  }

  add({ xid, prepareLsn }: PrepareMessage): void {
    if (prepareLsn >= this.#startedAt) this.#unresolved.set(xid, prepareLsn)
  }

  resolve(xid: number): void {
    this.#unresolved.delete(xid)
  }

  /** All that ended before this position was read. */
  moveTo(position: Lsn): void {
    if (position >= this.#caughtUpAt) this.#caughtUpAt = 0n
  }

  /** The next connection begins at `readFrom`. */
  disconnect(position: Lsn): void {
    this.#startedAt = this.readFrom(position)
    this.#caughtUpAt = position
    this.#unresolved.clear()
  }

  readFrom(position: Lsn): Lsn {
    let from = this.#caughtUpAt > 0n && this.#startedAt < position ? this.#startedAt : position
    for (const prepareLsn of this.#unresolved.values()) if (prepareLsn < from) from = prepareLsn
    return from
  }
}
