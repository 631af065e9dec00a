import { quoteIdentifier } from '../sql-text.ts'
import { formatLsn, lsnNone } from './lsn.ts'
import type { Lsn } from './lsn.ts'

/* Commands of the replication protocol (PostgreSQL docs, "Streaming Replication Protocol"), as text. */

export interface CreateSlotOptions {
  readonly name: string
  /**
   * `export`: others may read what the slot's point sees, until the connection's next command. `use`: the transaction that
   * is open on the connection sees it. `nothing`: no snapshot.
   */
  readonly snapshot: 'export' | 'use' | 'nothing'
  /** Prepared transactions are sent when they are prepared (15 and later, as the command goes). Default: false. */
  readonly isTwoPhase?: boolean
  /** The slot is kept on standbys (17 and later). Default: false. */
  readonly isFailover?: boolean
  /** The slot ends with the connection. Default: false. */
  readonly isTemporary?: boolean
}

/** @param versionNumber server_version_num: 14 knows an older form. */
export function createSlotCommand(options: CreateSlotOptions, versionNumber: number): string {
  const { name, snapshot, isTwoPhase = false, isFailover = false, isTemporary = false } = options
  const temporary = isTemporary ? ' TEMPORARY' : ''
  const head = `CREATE_REPLICATION_SLOT ${quoteIdentifier(name)}${temporary} LOGICAL "pgoutput"`
  if (versionNumber < 150_000) {
    const form = { export: 'EXPORT_SNAPSHOT', use: 'USE_SNAPSHOT', nothing: 'NOEXPORT_SNAPSHOT' }[snapshot]
    return `${head} ${form}`
  }
  const choices = [
    `SNAPSHOT '${snapshot}'`,
    ...(isTwoPhase ? ['TWO_PHASE true'] : []),
    ...(isFailover ? ['FAILOVER true'] : []),
  ]
  return `${head} (${choices.join(', ')})`
}

/** @param isWaiting until nobody uses the slot; otherwise a slot in use is an error. */
export function dropSlotCommand(name: string, isWaiting: boolean): string {
  return `DROP_REPLICATION_SLOT ${quoteIdentifier(name)}${isWaiting ? ' WAIT' : ''}`
}

export interface StartReplicationOptions {
  readonly slot: string
  /** Transactions that end before it are left out. A position before the slot's own counts as that. Default: the slot's. */
  readonly from?: Lsn
  readonly publications: readonly string[]
  /** See `protocolVersionMax`. */
  readonly protocolVersion: 1 | 2 | 3 | 4
  /** Binary form for every type that has one; see isBinaryDecodable. */
  readonly isBinary: boolean
  /** Whether large transactions come before they end: `on` from protocol version 2, `parallel` from 4. */
  readonly streaming: 'off' | 'on' | 'parallel'
  /** Protocol version 3 and later. Default: what the slot was created with. */
  readonly isTwoPhase?: boolean
  /** Also send what pg_logical_emit_message wrote. Default: true. */
  readonly hasMessages?: boolean
  /** `none` leaves out what was replayed from other servers (16 and later). Default: `any`. */
  readonly origin?: 'any' | 'none'
}

export function startReplicationCommand(options: StartReplicationOptions): string {
  const { slot, from = lsnNone, publications, protocolVersion, isBinary, streaming } = options
  const { isTwoPhase = false, hasMessages = true, origin = 'any' } = options
  const values: readonly (readonly [string, string])[] = [
    ['proto_version', String(protocolVersion)],
    ['publication_names', publications.map(quoteIdentifier).join(',')],
    ['binary', String(isBinary)],
    ['messages', String(hasMessages)],
    ...(streaming === 'off' ? [] : [['streaming', streaming] as const]),
    ...(isTwoPhase ? [['two_phase', 'true'] as const] : []),
    ...(origin === 'any' ? [] : [['origin', origin] as const]),
  ]
  // The grammar of replication commands knows no E'...', and takes backslashes as they are.
  const list = values.map(([name, value]) => `${name} '${value.replaceAll("'", "''")}'`).join(', ')
  return `START_REPLICATION SLOT ${quoteIdentifier(slot)} LOGICAL ${formatLsn(from)} (${list})`
}

/** The latest version of pgoutput's protocol that a server speaks. */
export function protocolVersionMax(versionNumber: number): 2 | 3 | 4 {
  if (versionNumber >= 160_000) return 4
  return versionNumber >= 150_000 ? 3 : 2
}
