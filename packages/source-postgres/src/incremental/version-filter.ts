import type { ExportedSnapshot } from '../copy/exported-snapshot.ts'
import { widenXid, xidsMax } from '../transaction-ids.ts'

/*
 * Which row versions are new since the last pass, whatever order their transactions committed in.
 *
 * The last pass read a snapshot S1 and kept two things: the horizon H = xmin of S1, below which every transaction had
 * ended; and D, the transactions from H on whose rows it delivered. This pass delivers, of the row versions that a
 * later snapshot S2 shows, those whose transaction x is neither below H nor in D.
 *
 * - Nothing is missed. Take a row version that S2 shows and that was not delivered. If S1 showed it, it would have been.
 *   S1 did not, and S2 does not see it deleted, so neither did S1: S1 did not see its transaction x as committed. Then
 *   x is not below H; and no row of x was visible in S1, so x is not in D.
 * - Nothing is delivered twice. Take one that was delivered. Its transaction was visible in S1: it is below H, or in D.
 *
 * That holds of parts that the last pass has read. Of one that was attached since, or of another table that has taken
 * the name, nothing was delivered, however old its rows are: all of them are new, whatever H and D say.
 *
 * D for the next pass is what, of D and of the transactions delivered now, is not below the new horizon. Mostly it is
 * empty: it holds what overlapped with the oldest writer that was active. While that one stays open for long, D grows;
 * at its limit, the rows of further transactions wait for a later pass, as if they had not been committed yet.
 *
 * Subtransactions need no thought, because only ids found in rows are compared. The list of running transactions in a
 * pg_snapshot leaves them out: with pg_visible_in_snapshot, a row written in a savepoint of a transaction that was
 * running during S1 would be lost.
 */

export interface VersionFilterOptions {
  readonly horizon: bigint
  readonly delivered: ReadonlySet<bigint>
  readonly snapshot: Pick<ExportedSnapshot, 'xmin' | 'xmax'>
  /** Ids that the next checkpoint may hold. Default: `xidsMax`. */
  readonly idsMax?: number
}

/** Chooses among row versions written since the horizon, by the text of their xmin. */
export class VersionFilter {
  readonly #options: VersionFilterOptions
  readonly #idsMax: number
  /** D of the next pass. */
  readonly #next: Set<bigint>
  #rowsDeferred = 0

  constructor(options: VersionFilterOptions) {
    this.#options = options
    this.#idsMax = options.idsMax ?? xidsMax
    this.#next = new Set([...options.delivered].filter((xid) => xid >= options.snapshot.xmin))
  }

  /** True when the row version is to be delivered now. @param part that it lies in: read by the last pass, or not. */
  accepts(xmin: string, part: 'known' | 'new' = 'known'): boolean {
    const { horizon, delivered, snapshot } = this.#options
    const xid = widenXid(xmin, horizon)
    if (part === 'known' && delivered.has(xid)) return false
    // From xmax on there are only ids of rows too old to tell: see transaction-ids.ts.
    if (xid < snapshot.xmin || xid >= snapshot.xmax || this.#next.has(xid)) return true
    if (this.#next.size >= this.#idsMax) {
      this.#rowsDeferred++
      return false
    }
    this.#next.add(xid)
    return true
  }

  /** Transactions from the new horizon on whose rows are delivered. */
  get delivered(): ReadonlySet<bigint> {
    return this.#next
  }

  get rowsDeferred(): number {
    return this.#rowsDeferred
  }
}
