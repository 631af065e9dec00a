import { EclusaError, hasErrorCode } from '@eclusa/sdk'
import type { ErrorCode } from '@eclusa/sdk'
import type { ConnectionSettings } from '../connection/connection-settings.ts'
import type { ServerFacts } from '../connection/server-facts.ts'
import type { Session } from '../connection/session.ts'
import { quoteIdentifier } from '../sql-text.ts'
import { compareLsn, formatLsn, parseLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import { openReplicationConnection } from './replication-connection.ts'
import type { ReplicationConnection, SystemIdentity } from './replication-connection.ts'
import { inUseError, lostError, missingError } from './slot.ts'

/** The first version whose standbys can be replicated from. */
const standbyVersionMin = 160_000
/** The first version whose slots standbys can keep. */
const failoverVersionMin = 170_000
const releasePollMs = 50
const releasePolls = 40

/**
 * Makes sure that the server can replicate at all.
 *
 * @throws REPLICATION_STANDBY_UNSUPPORTED, REPLICATION_NOT_CONFIGURED
 */
export async function assertReplicates(
  session: Session,
  { versionNumber, isStandby }: Pick<ServerFacts, 'versionNumber' | 'isStandby'>,
  { isFailover = false }: { readonly isFailover?: boolean } = {},
): Promise<void> {
  if (isStandby && versionNumber < standbyVersionMin) {
    throw new EclusaError('REPLICATION_STANDBY_UNSUPPORTED', {
      message: 'The server is a standby, and from standbys can be replicated only with PostgreSQL 16 and later.',
    })
  }
  if (isFailover && (isStandby || versionNumber < failoverVersionMin)) {
    throw new EclusaError('REPLICATION_STANDBY_UNSUPPORTED', {
      message: 'A slot with failover is made on the primary, by PostgreSQL 17 and later.',
      remedy: 'Connect to the primary, or set `failover: false`.',
    })
  }
  const [row] = await session.query<{ walLevel: string }>(`SELECT current_setting('wal_level') AS "walLevel"`, {
    attempt: { doing: 'looking at wal_level' },
  })
  if (row?.walLevel === 'logical') return
  throw new EclusaError('REPLICATION_NOT_CONFIGURED', {
    message: `wal_level is ${row?.walLevel}: the log lacks what logical replication needs.`,
    remedy: 'ALTER SYSTEM SET wal_level = logical; then restart the server. (On RDS: rds.logical_replication = 1.)',
    details: { walLevel: row?.walLevel },
  })
}

/**
 * Opens a walsender; see `openReplicationConnection`.
 *
 * @throws REPLICATION_PRIVILEGE_MISSING, REPLICATION_LIMIT, and whatever else connecting throws.
 */
export async function openWalsender(settings: ConnectionSettings, signal: AbortSignal): Promise<ReplicationConnection> {
  for (let poll = 0; ; poll++) {
    try {
      return await openReplicationConnection(settings, signal)
    } catch (error) {
      const explained = explainWalsender(error, settings)
      // The walsender of a connection that was just closed, our own as a rule, is there for a moment more.
      if (poll >= releasePolls || !hasErrorCode(explained, 'REPLICATION_LIMIT')) throw explained
      await new Promise((resolve) => setTimeout(resolve, releasePollMs))
    }
  }
}

function explainWalsender(error: unknown, { username }: ConnectionSettings): unknown {
  if (!EclusaError.isInstance(error)) return error
  const { message, details, cause } = error
  const { sqlState } = details
  if (sqlState === '42501') {
    return new EclusaError('REPLICATION_PRIVILEGE_MISSING', {
      message,
      remedy: `ALTER ROLE ${quoteIdentifier(username)} REPLICATION; (on RDS: GRANT rds_replication TO ${quoteIdentifier(username)};)`,
      details,
      cause,
    })
  }
  if (sqlState === '53300' && message.includes('max_wal_senders')) {
    return new EclusaError('REPLICATION_LIMIT', {
      message,
      remedy: 'End other replication, or ALTER SYSTEM SET max_wal_senders = 20; then restart the server.',
      details,
      cause,
    })
  }
  return error
}

/** What the server says, by SQLSTATE, when a slot is made or read. */
export function explainSlotError(error: unknown, slot: string): unknown {
  if (!EclusaError.isInstance(error)) return error
  const { message, details, cause } = error
  const as = (code: ErrorCode, remedy?: string) =>
    new EclusaError(code, { message, ...(remedy !== undefined && { remedy }), details: { ...details, slot }, cause })
  switch (details['sqlState']) {
    case '53400':
      return as(
        'REPLICATION_LIMIT',
        'Drop a slot that nobody needs: SELECT slot_name, active, restart_lsn FROM pg_replication_slots; SELECT pg_drop_replication_slot(…); or ALTER SYSTEM SET max_replication_slots = 20; then restart the server.',
      )
    case '55006':
      return inUseError(slot, undefined)
    case '42704':
      return message.includes('publication') ? as('REPLICATION_PUBLICATION_MISSING') : missingError(slot)
    case '42501':
      return as('REPLICATION_PRIVILEGE_MISSING')
    case '55000':
      if (/can no longer|invalidated|exceeded the maximum/u.test(message)) {
        return lostError({ name: slot, invalidationReason: undefined, walStatus: 'lost' })
      }
      return message.includes('wal_level') ? as('REPLICATION_NOT_CONFIGURED') : error
    default:
      return error
  }
}

/** Which server, and which of its pasts, a position belongs to. */
export interface LogOrigin {
  readonly systemId: string
  readonly timeline: number
  /** Oid of the database. */
  readonly database: string
}

/**
 * Makes sure that what was read up to a position is what this server has up to there. A standby that was promoted shares
 * the past up to the switch; beyond it the old primary may have committed what the new one never received.
 *
 * @throws REPLICATION_SERVER_CHANGED
 */
export async function assertSamePast(
  walsender: ReplicationConnection,
  now: SystemIdentity & Pick<LogOrigin, 'database'> & Pick<ServerFacts, 'isStandby'>,
  then: LogOrigin & { readonly position: Lsn },
): Promise<void> {
  const { systemId, timeline } = now
  const changed = (what: string) => serverChanged(then.position, what, { systemId, timeline })
  if (now.systemId !== then.systemId) {
    throw changed(`is of the server with the system identifier ${then.systemId}, and this one is ${now.systemId}`)
  }
  const fault = foreignPositionFault(now, then)
  if (now.database !== then.database) throw fault!
  if (now.timeline < then.timeline)
    throw changed(`is of timeline ${then.timeline}, and the server is on ${now.timeline}`)
  if (now.timeline > then.timeline) {
    const end = timelineEnd(await readTimelineHistory(walsender, now.timeline), then.timeline)
    if (end === undefined) throw changed(`is of timeline ${then.timeline}, from which this server does not come`)
    if (compareLsn(then.position, end) > 0) {
      throw changed(`lies behind ${formatLsn(end)}, where the server that was promoted left timeline ${then.timeline}`)
    }
  }
  if (fault !== undefined) throw fault
}

/** What tells without asking a walsender that a position is not of the server's log. */
export function foreignPositionFault(
  now: Pick<SystemIdentity, 'position'> & Pick<LogOrigin, 'database'> & Pick<ServerFacts, 'isStandby'>,
  then: Pick<LogOrigin, 'database'> & { readonly position: Lsn },
): EclusaError | undefined {
  if (now.database !== then.database) {
    return serverChanged(then.position, 'is of another database, or of one that was dropped and restored')
  }
  // A standby may simply not have replayed so far yet.
  if (now.isStandby || compareLsn(then.position, now.position) <= 0) return undefined
  const end = formatLsn(now.position)
  return serverChanged(then.position, `lies behind the end of the server's log, ${end}: an older state was restored`)
}

/** @param what completes the sentence "The checkpoint at …". */
export function serverChanged(position: Lsn, what: string, details: Partial<SystemIdentity> = {}): EclusaError {
  return new EclusaError('REPLICATION_SERVER_CHANGED', {
    message: `The checkpoint at ${formatLsn(position)} ${what}.`,
    details: { position: formatLsn(position), ...details },
  })
}

async function readTimelineHistory(walsender: ReplicationConnection, timeline: number): Promise<string> {
  const [row] = await walsender.session.query<{ content: Buffer | string }>(`TIMELINE_HISTORY ${timeline}`, {
    attempt: { doing: 'reading the history of the timeline' },
  })
  return row?.content.toString() ?? ''
}

/** Where a timeline was left, by the history of a later one; undefined when that does not come from it. */
export function timelineEnd(history: string, timeline: number): Lsn | undefined {
  for (const line of history.split('\n')) {
    const [, id, switched] = /^(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/iu.exec(line.trim()) ?? []
    if (Number(id) === timeline && switched !== undefined) return parseLsn(switched)
  }
  return undefined
}
