import { runDuckdb } from './duckdb.ts'
import { SqlError } from './sql-error.ts'
import type { OpenTransaction, SessionState } from './session-state.ts'
import type { ResultRow, StatementResult } from './statement.ts'

export async function openTransaction(session: SessionState, isExplicit: boolean): Promise<OpenTransaction> {
  const open: OpenTransaction = {
    isExplicit,
    snapshot: session.engine.commits.last,
    journal: [],
    afterCommit: [],
    isBroken: false,
    isReplaying: false,
    lost: undefined,
  }
  await runDuckdb(session.connection, 'BEGIN TRANSACTION')
  session.open = open
  return open
}

/**
 * Runs a statement that changes rows as part of the open transaction. Its result is read at once - counts, or a row for
 * each file - since the same has to come out when the statement is done again.
 */
export async function journaled(
  session: SessionState,
  open: OpenTransaction,
  run: () => Promise<StatementResult>,
): Promise<StatementResult> {
  try {
    const result = await run()
    const rows = await readAll(result)
    open.journal.push({ rows, run })
    return { ...result, rows: once(rows) }
  } catch (error) {
    // Part of what it did may be there.
    open.isBroken = true
    throw error
  }
}

/** Whether others have committed to the table what the transaction cannot see. */
export function isStale({ engine }: SessionState, { snapshot }: OpenTransaction, tableId: number): boolean {
  const { rows, definitions } = engine.commits
  return (rows.get(tableId) ?? 0) > snapshot || (definitions.get(tableId) ?? 0) > snapshot
}

/**
 * A new transaction of DuckDB in the place of the old one, with all that the journal says. The tables that were changed
 * are still locked; should a statement yet give something else than its client was told, since what it reads has
 * changed meanwhile, then nothing of the transaction may be committed.
 */
export async function restart(session: SessionState, open: OpenTransaction): Promise<void> {
  const { connection, engine } = session
  await connection.run('ROLLBACK').catch(() => undefined)
  open.isReplaying = true
  try {
    open.snapshot = engine.commits.last
    await runDuckdb(connection, 'BEGIN TRANSACTION')
    for (const { rows, run } of open.journal) {
      const again = await readAll(await run())
      if (JSON.stringify(again) !== JSON.stringify(rows)) throw new Error('a statement gave another result')
    }
    open.isBroken = false
  } catch (cause) {
    await connection.run('ROLLBACK').catch(() => undefined)
    open.lost = new SqlError({
      code: '000603',
      sqlState: '25P02',
      message:
        'The transaction is lost: after a failed statement, or to see what others committed, its statements were done again, and that came out otherwise. Nothing of it is kept; ROLLBACK, then run it again.',
      cause,
    })
    throw open.lost
  } finally {
    open.isReplaying = false
  }
}

async function readAll({ rows }: StatementResult): Promise<readonly ResultRow[]> {
  const all: ResultRow[] = []
  for await (const block of rows) all.push(...block)
  return all
}

async function* once(rows: readonly ResultRow[]): StatementResult['rows'] & AsyncGenerator<readonly ResultRow[]> {
  await Promise.resolve()
  if (rows.length > 0) yield rows
}
