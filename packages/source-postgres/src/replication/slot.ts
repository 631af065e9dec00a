import { EclusaError } from '@eclusa/sdk'
import type { Session } from '../connection/session.ts'
import { quoteLiteral } from '../sql-text.ts'
import { compareLsn, formatLsn, parseLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'

/** A replication slot as its server has it. What a version does not know yet is undefined. */
export interface Slot {
  readonly name: string
  /** Undefined for a physical slot, as is the database. */
  readonly plugin: string | undefined
  readonly database: string | undefined
  readonly isTemporary: boolean
  readonly isActive: boolean
  readonly activePid: number | undefined
  /** From where on the server keeps the log; undefined when it has let go of it. */
  readonly restartLsn: Lsn | undefined
  /** Up to where its reader has confirmed. */
  readonly confirmedLsn: Lsn | undefined
  /** `reserved`, `extended`, `unreserved` or `lost`. */
  readonly walStatus: string | undefined
  /** 17 and later. */
  readonly invalidationReason: string | undefined
  /** On a standby, 16 and later: rows that it needs were removed. */
  readonly isConflicting: boolean
  readonly isTwoPhase: boolean
  readonly isFailover: boolean
  readonly retainedBytes: number | undefined
}

/** pg_replication_slots as JSON, since its columns differ from version to version. */
interface SlotRow {
  readonly slot_name: string
  readonly plugin: string | null
  readonly database: string | null
  readonly temporary: boolean
  readonly active: boolean
  readonly active_pid: number | null
  readonly restart_lsn: string | null
  readonly confirmed_flush_lsn: string | null
  readonly wal_status: string | null
  readonly two_phase: boolean
  readonly conflicting?: boolean | null
  readonly invalidation_reason?: string | null
  readonly failover?: boolean
}

/** The end of the log: on a standby, of what it has replayed. */
export const logEndSql =
  'CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END'

const slotsSql = `
  SELECT to_jsonb(s) AS slot, pg_wal_lsn_diff(${logEndSql}, s.restart_lsn)::float8 AS "retainedBytes"
    FROM pg_replication_slots AS s`

/** All slots of the server, by name. */
export async function readSlots(session: Session): Promise<Slot[]> {
  return await querySlots(session, `${slotsSql} ORDER BY s.slot_name`)
}

export async function readSlot(session: Session, name: string): Promise<Slot | undefined> {
  return (await querySlots(session, `${slotsSql} WHERE s.slot_name = ${quoteLiteral(name)}`))[0]
}

const releasePollMs = 50
const releasePolls = 40

/** The slot; waits a moment for the walsender of a connection that was just closed. */
export async function readReleasedSlot(session: Session, name: string): Promise<Slot | undefined> {
  let slot = await readSlot(session, name)
  for (let poll = 0; slot?.isActive === true && poll < releasePolls; poll++) {
    await new Promise((resolve) => setTimeout(resolve, releasePollMs))
    slot = await readSlot(session, name)
  }
  return slot
}

async function querySlots(session: Session, sql: string): Promise<Slot[]> {
  const rows = await session.query<{ slot: SlotRow; retainedBytes: number | null }>(sql, {
    attempt: { doing: 'looking at the replication slots' },
  })
  return rows.map(({ slot, retainedBytes }) => ({
    name: slot.slot_name,
    plugin: slot.plugin ?? undefined,
    database: slot.database ?? undefined,
    isTemporary: slot.temporary,
    isActive: slot.active,
    activePid: slot.active_pid ?? undefined,
    restartLsn: slot.restart_lsn === null ? undefined : parseLsn(slot.restart_lsn),
    confirmedLsn: slot.confirmed_flush_lsn === null ? undefined : parseLsn(slot.confirmed_flush_lsn),
    walStatus: slot.wal_status ?? undefined,
    invalidationReason: slot.invalidation_reason ?? undefined,
    isConflicting: slot.conflicting === true,
    isTwoPhase: slot.two_phase,
    isFailover: slot.failover === true,
    retainedBytes: retainedBytes === null ? undefined : Math.max(0, retainedBytes),
  }))
}

/** The server has removed log, or rows of its catalog, that the slot needs: it can never be read again. */
export function isLost(slot: Slot): boolean {
  return slot.walStatus === 'lost' || slot.invalidationReason !== undefined || slot.isConflicting
}

/** The slot is not one that pgoutput's changes of this database can be read from, whoever made it. */
export function purposeFault(slot: Slot, database: string): EclusaError | undefined {
  const fault = (what: string) =>
    new EclusaError('REPLICATION_SLOT_UNSUITABLE', {
      message: `The replication slot "${slot.name}" ${what}.`,
      remedy: `Name another replication_slot; or, if nobody needs it: SELECT pg_drop_replication_slot(${quoteLiteral(slot.name)})`,
      details: { slot: slot.name },
    })
  if (slot.plugin === undefined) return fault('is a physical one, for a standby')
  if (slot.plugin !== 'pgoutput') return fault(`uses the plugin "${slot.plugin}" instead of "pgoutput"`)
  if (slot.database !== database) return fault(`belongs to the database "${slot.database}", not to "${database}"`)
  if (slot.isTemporary) return fault('is a temporary one, which ends with its connection')
  return undefined
}

export function lostError({
  name,
  invalidationReason,
  walStatus,
}: Pick<Slot, 'name' | 'invalidationReason' | 'walStatus'>): EclusaError {
  const why = invalidationReason === undefined ? '' : ` (${invalidationReason})`
  return new EclusaError('REPLICATION_SLOT_LOST', {
    message: `The server has invalidated the replication slot "${name}"${why}: changes that were not read yet are gone.`,
    remedy: `Run \`eclusa resync\`: it makes the slot anew and copies the replicated streams. Raise max_slot_wal_keep_size before, if that was the reason.`,
    details: {
      slot: name,
      ...(walStatus !== undefined && { walStatus }),
      ...(invalidationReason !== undefined && { invalidationReason }),
    },
  })
}

export function missingError(name: string): EclusaError {
  return new EclusaError('REPLICATION_SLOT_MISSING', {
    message: `There is no replication slot "${name}" any longer: the changes since the last commit cannot be read.`,
    details: { slot: name },
  })
}

export function inUseError(name: string, activePid: number | undefined): EclusaError {
  const by = activePid === undefined ? '' : ` by the server's process ${activePid}`
  return new EclusaError('REPLICATION_SLOT_IN_USE', {
    message: `The replication slot "${name}" is in use${by}.`,
    remedy: `End the other run. If there is none: SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = ${quoteLiteral(name)}`,
    details: { slot: name, ...(activePid !== undefined && { activePid }) },
  })
}

/**
 * Why the log cannot be read on from a position that is durable; undefined when it can. A slot confirms nothing that is
 * not durable, and a new one begins behind every earlier position, so one that is ahead was used or made by another.
 */
export function continuationFault(
  slot: Slot | undefined,
  expected: { readonly name: string; readonly database: string; readonly position: Lsn },
): EclusaError | undefined {
  const { name, database, position } = expected
  if (slot === undefined) return missingError(name)
  const fault = purposeFault(slot, database)
  if (fault !== undefined) return fault
  if (isLost(slot)) return lostError(slot)
  if (slot.confirmedLsn !== undefined && compareLsn(slot.confirmedLsn, position) > 0) {
    return new EclusaError('REPLICATION_SLOT_AHEAD', {
      message: `The replication slot "${name}" is at ${formatLsn(slot.confirmedLsn)}, beyond ${formatLsn(position)}, which is all that the warehouse has.`,
      details: { slot: name, confirmed: formatLsn(slot.confirmedLsn), durable: formatLsn(position) },
    })
  }
  return undefined
}

/** What the server keeps at most for a slot; undefined where there is no limit. */
export async function readRetentionLimit(session: Session): Promise<number | undefined> {
  const [row] = await session.query<{ bytes: number | null }>(
    `SELECT CASE WHEN s.setting::int8 >= 0 THEN s.setting::int8 * 1048576 END::float8 AS bytes
       FROM pg_settings AS s WHERE s.name = 'max_slot_wal_keep_size'`,
    { attempt: { doing: 'looking at max_slot_wal_keep_size' } },
  )
  return row?.bytes ?? undefined
}

/** From this share of the limit on, it is warned of. */
const retentionWarningShare = 0.5

/** True when the server will soon invalidate the slot unless it is read on. */
export function isNearLimit(slot: Slot, limitBytes: number | undefined): boolean {
  if (slot.walStatus === 'unreserved') return true
  return limitBytes !== undefined && (slot.retainedBytes ?? 0) > limitBytes * retentionWarningShare
}
