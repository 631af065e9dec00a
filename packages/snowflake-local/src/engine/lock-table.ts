import type { Table } from '../catalog/catalog-object.ts'
import type { StatementScope } from './environment.ts'
import { SqlError } from './sql-error.ts'
import type { LockMode } from './table-locks.ts'
import { freshen } from './transaction.ts'

const lockTimeoutSecondsDefault = 43_200
/** What a timer of Node takes at most. */
const timerMsMax = 2_147_483_647

/**
 * Locks the table until the statement or its transaction ends, waiting for others by LOCK_TIMEOUT. Then has the
 * transaction see what they committed, in the table and in all that the statement reads: so the lock comes behind the
 * translation and before anything is written. @throws SqlError 000625
 */
export async function lockTable(scope: StatementScope, table: Table, mode: LockMode): Promise<void> {
  const { session } = scope
  await waitForLock(scope, table, mode)
  const isNew = mode === 'append' && !definedSince(scope, table.id)
  await freshen(session, [...(scope.tablesRead ?? []), ...(isNew ? [] : [table.id])])
}

/** Rows that others inserted do not matter to one who inserts; a column that they added does. */
function definedSince({ session }: StatementScope, tableId: number): boolean {
  const { open, engine } = session
  return open !== undefined && (engine.commits.definitions.get(tableId) ?? 0) > open.snapshot
}

async function waitForLock(scope: StatementScope, table: Table, mode: LockMode): Promise<void> {
  const { session, request } = scope
  const given = request.parameters?.get('LOCK_TIMEOUT') ?? session.parameters.get('LOCK_TIMEOUT')
  const waitMs = Math.min(timerMsMax, Number(given ?? lockTimeoutSecondsDefault) * 1000)
  const wish = { holder: session, tableId: table.id, mode }
  const outcome = await session.engine.locks.acquire(wish, { waitMs, signal: request.signal }).catch(() => {
    throw new SqlError({ code: '000604', sqlState: '57014', message: 'SQL execution canceled' })
  })
  if (outcome === 'granted') return
  const why =
    outcome === 'deadlock'
      ? 'Your statement was aborted because waiting for the lock would have been a deadlock.'
      : 'Your statement was aborted because LOCK_TIMEOUT was over.'
  throw new SqlError({
    code: '000625',
    sqlState: '57014',
    message: `Another statement has locked table '${table.name}' and this lock has not yet been released. ${why}`,
  })
}
