import { EclusaError } from '@eclusa/sdk'
import { sessionSettings } from '../codec/session-settings.ts'
import type { ConnectionSettings } from '../connection/connection-settings.ts'
import { openSession } from '../connection/session.ts'
import type { Session } from '../connection/session.ts'
import { quoteLiteral } from '../sql-text.ts'
import { answeredInTime } from './answer-deadline.ts'
import { parseLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import { createSlotCommand, dropSlotCommand, startReplicationCommand } from './replication-command.ts'
import type { CreateSlotOptions, StartReplicationOptions } from './replication-command.ts'
import { ReplicationStream } from './replication-stream.ts'

export interface SystemIdentity {
  /** Of the cluster; a copy made by pg_basebackup has the same. */
  readonly systemId: string
  readonly timeline: number
  /** How far the log is flushed to disk; on a standby, replayed. */
  readonly position: Lsn
}

export interface CreatedSlot {
  /** Every transaction that commits after it will be streamed. */
  readonly consistentPoint: Lsn
  /** For SET TRANSACTION SNAPSHOT, until the connection's next command; undefined unless it was exported. */
  readonly snapshotId: string | undefined
}

export interface StreamLimits {
  /** Default: 1 MiB. */
  readonly bytesMax?: number
  /** Default: 10 s, as PostgreSQL's own receiver. */
  readonly statusIntervalMs?: number
  /** Default: 60 s, as PostgreSQL's own receiver. */
  readonly receiveTimeoutMs?: number
  /** Default: 5 s. */
  readonly stopTimeoutMs?: number
}

const streamDefaults: Required<StreamLimits> = {
  bytesMax: 1024 * 1024,
  statusIntervalMs: 10_000,
  receiveTimeoutMs: 60_000,
  stopTimeoutMs: 5_000,
}

/**
 * Settings of the walsender. Values as text must be those of a table copy; and no timeout may end a connection that waits
 * for running transactions, holds an exported snapshot, or is just quiet.
 */
const walsenderSettings: Readonly<Record<string, string>> = {
  ...sessionSettings,
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  transaction_timeout: '0',
}

/** A connection that speaks the replication protocol, and simple SQL. One command at a time. */
export class ReplicationConnection implements AsyncDisposable {
  readonly session: Session
  /** server_version_num. */
  readonly versionNumber: number
  #hasStreamed = false

  constructor(session: Session, versionNumber: number) {
    this.session = session
    this.versionNumber = versionNumber
  }

  async identifySystem(): Promise<SystemIdentity> {
    const [row] = await this.session.query<{ systemid: string; timeline: number | string; xlogpos: string }>(
      'IDENTIFY_SYSTEM',
      { attempt: { doing: 'asking the server for its identity' } },
    )
    if (row === undefined) throw noAnswer('IDENTIFY_SYSTEM')
    return { systemId: row.systemid, timeline: Number(row.timeline), position: parseLsn(row.xlogpos) }
  }

  /**
   * Creates a logical slot, which waits for the transactions that are running.
   *
   * @throws POSTGRES_STATEMENT_FAILED with `details.sqlState`: 42710 exists already, 53400 no free slot, 55000 wal_level.
   */
  async createSlot(options: CreateSlotOptions): Promise<CreatedSlot> {
    const [row] = await this.session.query<{ consistent_point: string; snapshot_name: string | null }>(
      createSlotCommand(options, this.versionNumber),
      { attempt: { doing: `creating the replication slot "${options.name}"` } },
    )
    if (row === undefined) throw noAnswer('CREATE_REPLICATION_SLOT')
    return { consistentPoint: parseLsn(row.consistent_point), snapshotId: row.snapshot_name ?? undefined }
  }

  /** @throws POSTGRES_STATEMENT_FAILED with `details.sqlState`: 42704 there is none, 55006 in use (unless waiting). */
  async dropSlot(name: string, { isWaiting = false }: { readonly isWaiting?: boolean } = {}): Promise<void> {
    await this.session.execute(dropSlotCommand(name, isWaiting), { doing: `dropping the replication slot "${name}"` })
  }

  /**
   * Begins streaming, which a connection does only once; it is the stream's until that has ended.
   *
   * @throws See ReplicationStream.start.
   */
  async startReplication(options: StartReplicationOptions & StreamLimits): Promise<ReplicationStream> {
    // The server remembers that a logical stream was ended (15 and 18 alike): it would end the next one at once.
    if (this.#hasStreamed) {
      throw new EclusaError('INTERNAL', { message: 'A connection was to stream again; it needs a new one.' })
    }
    const { bytesMax, statusIntervalMs, receiveTimeoutMs, stopTimeoutMs } = { ...streamDefaults, ...options }
    const stream = await ReplicationStream.start({
      session: this.session,
      command: startReplicationCommand(options),
      slot: options.slot,
      bytesMax,
      statusIntervalMs,
      receiveTimeoutMs,
      stopTimeoutMs,
    })
    this.#hasStreamed = true
    return stream
  }

  async close(): Promise<void> {
    await this.session.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Opens a connection for logical replication from the settings' database, with TLS and authentication as any other. When
 * the signal is aborted it is closed, whatever it is doing.
 *
 * @throws What openSession throws. POSTGRES_PRIVILEGE_MISSING when the role lacks REPLICATION.
 */
export async function openReplicationConnection(
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<ReplicationConnection> {
  const session = await openSession(settings, signal, { isReplication: true })
  try {
    const values = Object.entries(walsenderSettings).map(
      ([name, value]) => `(${quoteLiteral(name)}, ${quoteLiteral(value)})`,
    )
    // Joined with pg_settings, because older servers lack some of the names. A walsender takes no parameters.
    const [row] = await answeredInTime(
      session,
      async () =>
        await session.query<{ version: number }>(
          `SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version,
              count(pg_catalog.set_config(s.name, v.value, false))
         FROM (VALUES ${values.join(', ')}) AS v (name, value)
         JOIN pg_catalog.pg_settings AS s ON pg_catalog.lower(s.name) = pg_catalog.lower(v.name)`,
          { attempt: { doing: 'preparing the connection for replication' } },
        ),
    )
    if (row === undefined) throw noAnswer('SELECT')
    return new ReplicationConnection(session, row.version)
  } catch (error) {
    await session.abandon()
    throw error
  }
}

function noAnswer(command: string): EclusaError {
  return new EclusaError('REPLICATION_PROTOCOL_VIOLATION', { message: `The server answered ${command} with no row.` })
}
