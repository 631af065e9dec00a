import type { SessionState } from './session-state.ts'

/** Counts commits, so that a transaction can tell whether what it sees of a table is still all that there is. */
export interface CommitClock {
  last: number
  /** The last commit that changed rows of a table, and the last that changed or made the table, by its id. */
  readonly rows: Map<number, number>
  readonly definitions: Map<number, number>
}

export function commitClock(): CommitClock {
  return { last: 0, rows: new Map(), definitions: new Map() }
}

/** The session has committed: what it had locked has changed. */
export function noteCommit(session: SessionState): void {
  const { commits, locks } = session.engine
  const held = locks.heldBy(session)
  if (held.length === 0) return
  commits.last += 1
  for (const { tableId } of held) commits.rows.set(tableId, commits.last)
}

export function noteDefinition(commits: CommitClock, tableIds: readonly number[]): void {
  commits.last += 1
  for (const id of tableIds) commits.definitions.set(id, commits.last)
}
