import { runDuckdb } from '../engine/duckdb.ts'
import type { StatementScope } from '../engine/environment.ts'
import type { SessionState } from '../engine/session-state.ts'

/*
 * Time Travel on versions of our own. Each statement that changes rows has a number: the time at which it began, in
 * microseconds since 1970, moved on where two would have the same. Every row of a table has in `_v` the
 * number of the statement that wrote it; before rows are changed or deleted, they go as they were to the table's history
 * with the number of the statement that ended them in `_end`. The table as it was at number n is then: the rows with
 * `_v` <= n, and those of the history that began by n and ended behind it. What this costs goes by the rows changed.
 */

export interface StatementVersion {
  readonly version: number
  readonly queryId: string
}

export const usPerMs = 1000

/** So many statements can be named by AT (STATEMENT => …). */
const versionsMax = 100_000

/** Gives the statement its number, which inserted rows take by the default of their column `_v`. */
export async function nextVersion({ session, request }: StatementScope): Promise<number> {
  const { versions } = session.engine
  const version = Math.max((versions.at(-1)?.version ?? 0) + 1, Date.now() * usPerMs)
  versions.push({ version, queryId: request.queryId })
  if (versions.length > versionsMax) versions.shift()
  await runDuckdb(session.connection, `SET VARIABLE statement_version = ${version}::BIGINT`)
  return version
}

/** The number up to which all that has been done so far reaches. */
export function lastVersion({ engine }: SessionState): number {
  return Math.max(engine.versions.at(-1)?.version ?? 0, Date.now() * usPerMs - 1)
}
