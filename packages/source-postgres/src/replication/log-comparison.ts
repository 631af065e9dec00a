import type { LastCommit } from './last-commit.ts'
import { compareLsn, formatLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import type { PgoutputMessage } from './pgoutput-message.ts'

/*
 * Whether the server's log is the one that was read. A server whose volume was restored together with its slots has the
 * system identifier, the timeline and the slot of before, and once more was written than had been, its log is longer than
 * the checkpoint. But its slot stands where it stood when the volume was saved, before what was written anew. So the part
 * of the log from there up to the checkpoint is looked at once more, for two things:
 *
 *   1. The last commit that was read is there, at its place and with its time, to the microsecond.
 *   2. Behind it nothing else was changed: keep-alives take a checkpoint far beyond the last commit.
 *
 * | message                            | before the last commit | at it             | behind it, before the checkpoint | at or behind the checkpoint |
 * |------------------------------------|------------------------|-------------------|----------------------------------|-----------------------------|
 * | begin, commit prepared             | passed over            | found; or a fault | see below                        | reached                     |
 * | change, or commit prepared         | passed over            | -                 | a fault                          | -                           |
 * | keep-alive, outside a transaction  | passed over            | -                 | passed over                      | reached                     |
 *
 * A transaction without a change is none of anybody's: version 14 sends it, later ones do not. What is prepared counts when
 * it is committed.
 */

export interface LogComparisonOptions {
  /** From where on the server sends commits. */
  readonly from: Lsn
  /** Of the checkpoint: everything that was committed before it was read. */
  readonly position: Lsn
  readonly lastCommit: LastCommit
}

/** How the part of the log begins that has to be compared; undefined when there is nothing to compare. */
export function comparisonOf(
  confirmed: Lsn,
  read: { readonly position: Lsn; readonly lastCommit: LastCommit | undefined },
): LogComparisonOptions | undefined {
  const { position, lastCommit } = read
  // What is confirmed up to the checkpoint was sent up to there, by this very server: it has read it.
  if (lastCommit === undefined || compareLsn(confirmed, position) >= 0) return undefined
  const from = compareLsn(lastCommit.position, confirmed) > 0 ? lastCommit.position : confirmed
  return compareLsn(from, position) < 0 ? { from, position, lastCommit } : undefined
}

/** Compares a part of the log with what was read of it, message by message. */
export class LogComparison {
  /** All of the part was looked at. */
  isReached = false
  /** What is different; final once it is set or the part's end was reached. */
  fault: string | undefined
  readonly #options: LogComparisonOptions
  /** The commit is yet to come. */
  #isExpected: boolean
  /** Where the transaction is committed that is being sent. */
  #current: Lsn | undefined
  #isInTransaction = false

  constructor(options: LogComparisonOptions) {
    this.#options = options
    const { from, lastCommit } = options
    this.#isExpected = lastCommit.committedAtUs !== undefined && compareLsn(lastCommit.position, from) >= 0
  }

  get isDone(): boolean {
    return this.isReached || this.fault !== undefined
  }

  /** @param walEnd how far the server has read its log. */
  keepAlive(walEnd: Lsn): void {
    if (!this.#isInTransaction && compareLsn(walEnd, this.#options.position) >= 0) this.#reach()
  }

  /** A row was changed, or tables were truncated. */
  change(): void {
    if (this.#current !== undefined) this.#refuse(this.#current)
  }

  message(message: PgoutputMessage): void {
    switch (message.kind) {
      case 'begin':
        this.#isInTransaction = true
        this.#current = this.#isNews(message.finalLsn, message.committedAtUs) ? message.finalLsn : undefined
        return
      case 'begin-prepare':
        this.#isInTransaction = true
        return
      case 'commit':
      case 'prepare':
        this.#isInTransaction = false
        this.#current = undefined
        return
      case 'truncate':
        this.change()
        return
      case 'commit-prepared':
        if (this.#isNews(message.commitLsn, message.committedAtUs)) this.#refuse(message.commitLsn)
        return
      default:
    }
  }

  /** True for a commit that must not have changed anything. */
  #isNews(at: Lsn, committedAtUs: bigint): boolean {
    const { position, lastCommit } = this.#options
    if (compareLsn(at, position) >= 0) {
      this.#reach()
      return false
    }
    if (lastCommit.committedAtUs === undefined || at !== lastCommit.position) {
      return compareLsn(at, lastCommit.position) >= 0
    }
    this.#isExpected = committedAtUs !== lastCommit.committedAtUs
    if (this.#isExpected) this.fault ??= `holds another commit at ${formatLsn(at)} than the one that was read there`
    return false
  }

  #refuse(at: Lsn): void {
    if (this.isDone) return
    const { lastCommit } = this.#options
    this.fault = this.#isExpected
      ? this.#lacksCommit()
      : `has a commit at ${formatLsn(at)}, and behind ${formatLsn(lastCommit.position)} none was read`
  }

  #reach(): void {
    if (this.isDone) return
    if (this.#isExpected) this.fault = this.#lacksCommit()
    else this.isReached = true
  }

  #lacksCommit(): string {
    return `lacks the commit at ${formatLsn(this.#options.lastCommit.position)} that was read`
  }
}
