import { EclusaError, sharedState, streamKey } from '@eclusa/sdk'
import type {
  CheckFinding,
  Checkpoint,
  ConnectorContext,
  ReplicationSlot,
  ReplicationStatus,
  SourceReplication,
} from '@eclusa/sdk'
import { failed, warning } from '../check/finding.ts'
import { parseSharedState, parseState, readFromOf } from '../checkpoint-state.ts'
import type { SharedState } from '../checkpoint-state.ts'
import type { PostgresConfig } from '../config.ts'
import { connectionSettings } from '../connection/connection-settings.ts'
import { openSession } from '../connection/session.ts'
import type { Session } from '../connection/session.ts'
import { compareLsn, formatLsn, parseLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import { publicationForbidden, readPublication } from './publication.ts'
import { foreignPositionFault } from './replication-server.ts'
import type { ReplicationSettings } from './replication-settings.ts'
import { retentionFindings, unmadeSlotError } from './slot-finding.ts'
import {
  continuationFault,
  inUseError,
  isLost,
  logEndSql,
  lostError,
  missingError,
  purposeFault,
  readRetentionLimit,
  readSlot,
  readSlots,
} from './slot.ts'
import type { Slot } from './slot.ts'

/** What can be told of a server's replication, and set right there, without a run. */
export function sourceReplication(config: PostgresConfig, settings: ReplicationSettings): SourceReplication {
  const open = async (signal: AbortSignal) => await openSession(connectionSettings(config), signal)
  return {
    status: async ({ checkpoints, signal }) => {
      await using session = await open(signal)
      return await readStatus(session, { settings, checkpoints, database: connectionSettings(config).database })
    },
    listSlots: async ({ signal }: ConnectorContext) => {
      await using session = await open(signal)
      const slots = (await readSlots(session)).map((slot) => describeSlot(slot, settings))
      return slots.toSorted((left, right) => Number(right.owner === 'own') - Number(left.owner === 'own'))
    },
    dropSlot: async ({ name, signal }) => {
      await using session = await open(signal)
      await dropSlot(session, name)
    },
  }
}

interface StatusOptions {
  readonly settings: ReplicationSettings
  readonly checkpoints: readonly Checkpoint[]
  /** Its name. */
  readonly database: string
}

async function readStatus(session: Session, options: StatusOptions): Promise<ReplicationStatus> {
  const { settings, checkpoints } = options
  const shared = parseSharedState(checkpoints)
  const slot = await readSlot(session, settings.slot)
  const retainedBytesMax = await readRetentionLimit(session)
  const server = await readServerPosition(session, slot)
  const position = shared === undefined ? undefined : parseLsn(shared.position)
  const readTo = position ?? slot?.confirmedLsn
  return {
    slot: settings.slot,
    publication: settings.publication,
    isActive: slot?.isActive === true,
    ...(position !== undefined && { position: formatLsn(position) }),
    ...(slot?.confirmedLsn !== undefined && { confirmedPosition: formatLsn(slot.confirmedLsn) }),
    serverPosition: formatLsn(server.position),
    ...(readTo !== undefined && { lag: lagOf(readTo, server) }),
    // To the same end of the log as the lag: others write to the server between two looks.
    ...(slot?.restartLsn !== undefined && { retainedBytes: Math.max(0, Number(server.position - slot.restartLsn)) }),
    ...(retainedBytesMax !== undefined && { retainedBytesMax }),
    streams: streamsOf(checkpoints, shared),
    findings: [
      ...originFindings(server, shared),
      ...slotFindings(slot, { ...options, position: shared && parseLsn(readFromOf(shared)) }),
      ...(await publicationFindings(session, settings)),
      ...(await retentionFindings(session, slot)),
    ],
  }
}

interface ServerPosition {
  readonly position: Lsn
  /** Oid of the database. */
  readonly database: string
  readonly isStandby: boolean
  /** How long ago what the reader has not confirmed yet was written; undefined while nobody reads, or nothing is known. */
  readonly lagMs: number | undefined
}

async function readServerPosition(session: Session, slot: Slot | undefined): Promise<ServerPosition> {
  const [row] = await session.query<{ position: string; lagMs: number | null; database: string; isStandby: boolean }>(
    `SELECT (${logEndSql})::text AS position, pg_is_in_recovery() AS "isStandby",
            (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database,
            (SELECT extract(epoch FROM r.flush_lag) * 1000 FROM pg_stat_replication AS r WHERE r.pid = $1)::float8 AS "lagMs"`,
    { attempt: { doing: 'looking at the end of the log' }, parameters: [slot?.activePid ?? null] },
  )
  return { ...row!, position: parseLsn(row!.position), lagMs: row!.lagMs ?? undefined }
}

function lagOf(readTo: Lsn, { position, lagMs }: ServerPosition): NonNullable<ReplicationStatus['lag']> {
  const bytes = Math.max(0, Number(position - readTo))
  if (bytes === 0) return { bytes, ms: 0 }
  return { bytes, ...(lagMs !== undefined && { ms: lagMs }) }
}

function streamsOf(checkpoints: readonly Checkpoint[], shared: SharedState | undefined): ReplicationStatus['streams'] {
  return checkpoints.flatMap((checkpoint) => {
    const { stream } = checkpoint
    if (streamKey(stream) === streamKey(sharedState)) return []
    const state = parseStateIfOurs(checkpoint)
    if (state?.phase === 'copy' && state.replication !== undefined) return [{ stream, phase: 'copying' as const }]
    if (state?.phase !== 'replicating') return []
    const isWhole = shared !== undefined && compareLsn(parseLsn(state.copiedAt), parseLsn(shared.position)) <= 0
    return [{ stream, phase: isWhole ? ('replicating' as const) : ('copying' as const) }]
  })
}

/** Pipelines keep checkpoints of their own beside those of the source. */
function parseStateIfOurs(checkpoint: Checkpoint): ReturnType<typeof parseState> | undefined {
  try {
    return parseState(checkpoint, streamKey(checkpoint.stream))
  } catch (error) {
    if (EclusaError.isInstance(error)) return undefined
    throw error
  }
}

function originFindings(server: ServerPosition, shared: SharedState | undefined): CheckFinding[] {
  if (shared === undefined) return []
  const { database, position } = shared
  const fault = foreignPositionFault(server, { database, position: parseLsn(position) })
  return fault === undefined ? [] : [failed('server', fault)]
}

function* slotFindings(
  slot: Slot | undefined,
  { settings, database, position }: StatusOptions & { readonly position: Lsn | undefined },
): Generator<CheckFinding> {
  const subject = `replication slot ${settings.slot}`
  if (position !== undefined) {
    const fault = continuationFault(slot, { name: settings.slot, database, position })
    if (fault !== undefined) yield failed(subject, fault)
  } else if (slot === undefined) {
    if (settings.isManaged) yield warning(subject, 'It does not exist yet: the first run makes it.')
    else yield failed(subject, unmadeSlotError(settings.slot))
  } else {
    const fault = purposeFault(slot, database) ?? (isLost(slot) ? lostError(slot) : undefined)
    if (fault !== undefined) yield failed(subject, fault)
  }
}

async function publicationFindings(session: Session, settings: ReplicationSettings): Promise<CheckFinding[]> {
  const { publication: name, isManaged } = settings
  const publication = await readPublication(session, name)
  if (publication !== undefined) return []
  const subject = `publication ${name}`
  if (isManaged) return [warning(subject, 'It does not exist: the next run makes it.')]
  return [failed(subject, publicationForbidden(name, undefined, { statements: [], why: '`manage` is false' }))]
}

function describeSlot(slot: Slot, settings: ReplicationSettings): ReplicationSlot {
  const { name, isActive, activePid, isTemporary, plugin, database, confirmedLsn } = slot
  const { retainedBytes, walStatus, invalidationReason } = slot
  return {
    name,
    owner: name === settings.slot ? 'own' : name.startsWith('eclusa_') ? 'eclusa' : 'foreign',
    isActive,
    ...(activePid !== undefined && { activePid }),
    isTemporary,
    ...(plugin !== undefined && { plugin }),
    ...(database !== undefined && { database }),
    ...(confirmedLsn !== undefined && { confirmedPosition: formatLsn(confirmedLsn) }),
    ...(retainedBytes !== undefined && { retainedBytes }),
    ...(walStatus !== undefined && { walStatus }),
    ...(invalidationReason !== undefined && { invalidationReason }),
  }
}

const dropAttemptsMax = 100
const dropPauseMs = 50

/**
 * Ends whoever reads from the slot, then drops it: again and again, since a reader that was ended may be back first.
 *
 * @throws REPLICATION_SLOT_MISSING, REPLICATION_SLOT_IN_USE
 */
async function dropSlot(session: Session, name: string): Promise<void> {
  let slot = await readSlot(session, name)
  if (slot === undefined) throw missingError(name)
  for (let attempt = 0; attempt < dropAttemptsMax; attempt++) {
    if (slot === undefined || (await dropUnlessInUse(session, slot))) return
    await new Promise((resolve) => setTimeout(resolve, dropPauseMs))
    slot = await readSlot(session, name)
  }
  throw inUseError(name, slot?.activePid)
}

const inUseState = '55006'

/** False when somebody reads from it. */
async function dropUnlessInUse(session: Session, { name, activePid }: Slot): Promise<boolean> {
  if (activePid !== undefined) {
    await session.query('SELECT pg_terminate_backend($1::int)', {
      attempt: { doing: `ending the reader of the replication slot "${name}"` },
      parameters: [activePid],
    })
  }
  try {
    await session.query('SELECT pg_drop_replication_slot($1::name)', {
      attempt: { doing: `dropping the replication slot "${name}"` },
      parameters: [name],
    })
    return true
  } catch (error) {
    if (EclusaError.isInstance(error) && error.details['sqlState'] === inUseState) return false
    throw error
  }
}
