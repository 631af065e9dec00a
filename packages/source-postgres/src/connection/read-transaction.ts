import { EclusaError } from '@eclusa/sdk'
import { sessionSettings } from '../codec/session-settings.ts'
import type { PostgresConfig } from '../config.ts'
import { quoteLiteral } from '../sql-text.ts'
import type { Attempt } from './server-error.ts'
import type { Session } from './session.ts'

/*
 * Everything is read inside REPEATABLE READ READ ONLY transactions that end with ROLLBACK. That way settings reach
 * exactly our own statements: behind a pooler in transaction mode, a session setting would stay with the server's
 * connection and change what other applications print.
 */

/** Settings of every transaction that reads, beyond those that fix how values print. */
function readSettings(config: PostgresConfig): Readonly<Record<string, string>> {
  return {
    ...sessionSettings,
    // Off makes PostgreSQL refuse a query whose rows a policy would filter, instead of leaving rows out silently.
    row_security: config.row_level_security === 'apply' ? 'on' : 'off',
    statement_timeout: String(config.statement_timeout_ms),
    lock_timeout: String(config.lock_timeout_ms),
    // The transaction that holds the snapshot is idle for as long as the copy takes.
    idle_in_transaction_session_timeout: '0',
    idle_session_timeout: '0',
    transaction_timeout: '0',
    // Compiling expressions costs more than it saves in a query that only reads columns.
    jit: 'off',
  }
}

export interface ReadTransactionOptions {
  readonly config: PostgresConfig
  /** Id of the exported snapshot to read in. Default: a snapshot of its own. */
  readonly snapshotId?: string
  readonly attempt: Attempt
}

/**
 * Begins a transaction, or ends the running one and begins anew.
 *
 * @throws POSTGRES_POOLER_UNSUITABLE, POSTGRES_SNAPSHOT_UNAVAILABLE, POSTGRES_CONNECTION_LOST, CANCELLED
 */
export async function beginRead(
  session: Session,
  { config, snapshotId, attempt }: ReadTransactionOptions,
): Promise<void> {
  const settings = Object.entries(readSettings(config))
    .map(([name, value]) => `(${quoteLiteral(name)}, ${quoteLiteral(value)})`)
    .join(', ')
  const statements = [
    ...rollback(session),
    'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY',
    ...(snapshotId === undefined ? [] : [`SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshotId)}`]),
    // Joined with pg_settings, because older servers lack some of the names (transaction_timeout is of version 17).
    `SELECT count(pg_catalog.set_config(s.name, v.value, true)) FROM (VALUES ${settings}) AS v (name, value)
       JOIN pg_catalog.pg_settings AS s ON pg_catalog.lower(s.name) = pg_catalog.lower(v.name)`,
  ]
  try {
    await session.execute(statements.join(';\n'), attempt)
  } catch (error) {
    // The error comes before the server's word that the transaction has failed: whoever begins next must find it ended.
    await session.execute('ROLLBACK', attempt).catch(() => undefined)
    throw explainBegin(error, snapshotId)
  }
}

/** SQLSTATEs of SET TRANSACTION SNAPSHOT when the exporting transaction is gone or belongs to another server. */
const snapshotStates: readonly unknown[] = ['0A000', '22023', '42704', '55000']

function explainBegin(error: unknown, snapshotId: string | undefined): unknown {
  if (!EclusaError.isInstance(error)) return error
  const { message, details, cause } = error
  if (snapshotId !== undefined && snapshotStates.includes(details['sqlState'])) {
    return new EclusaError('POSTGRES_SNAPSHOT_UNAVAILABLE', { message, details, cause })
  }
  // PgBouncer says so in statement mode; PostgreSQL itself has no reason to call this a violation of the protocol.
  if (details['sqlState'] === '08P01') return new EclusaError('POSTGRES_POOLER_UNSUITABLE', { message, details, cause })
  return error
}

/** Ends the transaction and with it its locks and settings. */
export async function endRead(session: Session, attempt: Attempt): Promise<void> {
  for (const statement of rollback(session)) await session.execute(statement, attempt)
}

/** Outside a transaction ROLLBACK would put a warning into the server's log. */
function rollback(session: Session): string[] {
  return session.client.getTransactionStatus() === 'I' ? [] : ['ROLLBACK']
}
