import type { SharedState } from '../checkpoint-state.ts'
import { formatLsn, parseLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'

/**
 * The last commit that was read of a transaction that changed anything published. Positions say how long a log is; the place
 * and the time of a commit say which one it is.
 */
export interface LastCommit {
  /** Where the commit record begins. */
  readonly position: Lsn
  /** Microseconds since 1970. Undefined: no commit was read; from the position on, nothing was changed. */
  readonly committedAtUs: bigint | undefined
}

/** Undefined where an earlier version wrote the checkpoint. */
export function lastCommitOf({ lastCommit }: Pick<SharedState, 'lastCommit'>): LastCommit | undefined {
  if (lastCommit === undefined) return undefined
  const { position, committedAtUs } = lastCommit
  return {
    position: parseLsn(position),
    committedAtUs: committedAtUs === null ? undefined : BigInt(committedAtUs),
  }
}

/** As the shared state holds it. */
export function lastCommitState({ position, committedAtUs }: LastCommit): NonNullable<SharedState['lastCommit']> {
  return { position: formatLsn(position), committedAtUs: committedAtUs === undefined ? null : String(committedAtUs) }
}
