import { EclusaError } from '@eclusa/sdk'
import { announcedProcessId } from './session.ts'
import type { Session } from './session.ts'

/** Which server, and which of its pasts: what transaction ids in a checkpoint mean depends on it. */
export interface ServerIdentity {
  /** Of pg_control_system; a copy made by pg_basebackup has the same, a new cluster another. Null where withheld. */
  readonly system: string | null
  /** Grows when a standby is promoted or a backup restored. Null where withheld. */
  readonly timeline: number | null
  /** Oid of the database. */
  readonly database: string
}

export interface ServerFacts {
  /** server_version_num: 150018 is 15.18. */
  readonly versionNumber: number
  readonly version: string
  /** pg_encoding name: UTF8, SQL_ASCII. */
  readonly encoding: string
  readonly isStandby: boolean
  /** Of a standby: its primary keeps the rows that are read here (hot_standby_feedback). */
  readonly sendsFeedback: boolean
  /** True when something between answers in the server's name, such as PgBouncer. */
  readonly isPooled: boolean
  /** Digits that money has after the point, by lc_monetary. */
  readonly moneyScale: number
  readonly identity: ServerIdentity
}

/** The oldest server that is read from; older ones have no scans by row address range. */
export const versionNumberMin = 140_000

/**
 * Asks the server what it is.
 *
 * @throws POSTGRES_VERSION_UNSUPPORTED
 */
export async function readServerFacts(session: Session): Promise<ServerFacts> {
  const attempt = { doing: 'asking the server for its version' }
  const [version] = await session.query<ServerVersion>(
    `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS text`,
    { attempt },
  )
  assertSupported(version)
  const [facts] = await session.query<FactsRow>(factsSql, { attempt })
  if (facts === undefined) throw new EclusaError('INTERNAL', { message: 'The server told nothing about itself.' })
  const identity = await readIdentity(session, facts)
  return {
    versionNumber: version.number,
    version: version.text,
    encoding: facts.encoding,
    isStandby: facts.isStandby,
    sendsFeedback: facts.sendsFeedback,
    // A pooler does not know which server process will serve the client when it answers the login, so it invents an id.
    isPooled: announcedProcessId(session) !== facts.processId,
    moneyScale: facts.moneyScale,
    identity,
  }
}

interface ServerVersion {
  readonly number: number
  readonly text: string
}

/** @throws POSTGRES_VERSION_UNSUPPORTED */
export function assertSupported(version: ServerVersion | undefined): asserts version is ServerVersion {
  if (version !== undefined && version.number >= versionNumberMin) return
  throw new EclusaError('POSTGRES_VERSION_UNSUPPORTED', {
    message: `The server is PostgreSQL ${version?.text ?? 'of an unknown version'}; versions from 14 on are supported.`,
    details: { version: version?.text },
  })
}

interface FactsRow {
  encoding: string
  isStandby: boolean
  sendsFeedback: boolean
  processId: number
  moneyScale: number
  database: string
}

const factsSql = `
  SELECT current_setting('server_encoding') AS encoding,
         pg_is_in_recovery() AS "isStandby",
         current_setting('hot_standby_feedback')::bool AS "sendsFeedback",
         pg_backend_pid() AS "processId",
         scale('1'::money::numeric) AS "moneyScale",
         (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database`

async function readIdentity(session: Session, facts: FactsRow): Promise<ServerIdentity> {
  const system = await readIfPermitted<string>(
    session,
    'SELECT system_identifier::text AS value FROM pg_control_system()',
  )
  // On a primary the name of the current WAL file tells the timeline at once; the control file only after a checkpoint.
  const timeline = await readIfPermitted<number>(
    session,
    facts.isStandby
      ? 'SELECT timeline_id AS value FROM pg_control_checkpoint()'
      : `SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int AS value`,
  )
  return { system, timeline, database: facts.database }
}

/** Managed servers withhold some of these functions, by privilege or by an error of their own. */
async function readIfPermitted<Value>(session: Session, sql: string): Promise<Value | null> {
  try {
    const [row] = await session.query<{ value: Value }>(sql, {
      attempt: { doing: 'asking the server for its identity' },
    })
    return row?.value ?? null
  } catch (error) {
    if (EclusaError.isInstance(error) && typeof error.details['sqlState'] === 'string') return null
    throw error
  }
}

/** Whether transaction ids of then still mean the same now. What the server withheld both times cannot tell them apart. */
export function isSameServer(before: ServerIdentity, now: ServerIdentity): boolean {
  return before.system === now.system && before.timeline === now.timeline && before.database === now.database
}
