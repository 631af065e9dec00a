import { EclusaError, streamKey } from '@eclusa/sdk'
import type { Checkpoint, ConfiguredStream, Log } from '@eclusa/sdk'
import { parseSharedState, readFromOf } from '../checkpoint-state.ts'
import type { SharedState } from '../checkpoint-state.ts'
import type { PostgresConfig } from '../config.ts'
import { connectionSettings } from '../connection/connection-settings.ts'
import type { ServerFacts } from '../connection/server-facts.ts'
import { readServerFacts } from '../connection/server-facts.ts'
import { openSession } from '../connection/session.ts'
import type { Session } from '../connection/session.ts'
import { createSlotAtCopyPoint, takeCopyPoint } from './copy-point.ts'
import type { CopyPoint } from './copy-point.ts'
import { membersDigest, nextGeneration, planFollowing } from './follow-plan.ts'
import type { FollowPlan } from './follow-plan.ts'
import { lastCommitOf, lastCommitState } from './last-commit.ts'
import { formatLsn, parseLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import { publishColumnsSql, scopeFault, unpublishedColumns } from './publication-scope.ts'
import { ensurePublication, publicationFault, readPublication } from './publication.ts'
import { hiddenRowsFault, readReplicatedTables, replicaIdentityFault } from './replicated-table.ts'
import type { ReplicatedTable } from './replicated-table.ts'
import type { ReplicationConnection } from './replication-connection.ts'
import { assertReplicates, assertSamePast, explainSlotError, openWalsender } from './replication-server.ts'
import type { LogOrigin } from './replication-server.ts'
import { assertSameLog } from './same-log.ts'
import type { ReplicationSettings } from './replication-settings.ts'
import { unmadeSlotError } from './slot-finding.ts'
import {
  continuationFault,
  inUseError,
  isLost,
  isNearLimit,
  lostError,
  purposeFault,
  readReleasedSlot,
  readRetentionLimit,
} from './slot.ts'
import type { Slot } from './slot.ts'

export interface ReplicationStartOptions {
  readonly config: PostgresConfig
  readonly settings: ReplicationSettings
  /** Those that are replicated. */
  readonly streams: readonly ConfiguredStream[]
  readonly checkpoints: readonly Checkpoint[]
  readonly signal: AbortSignal
  readonly log: Log
}

/**
 * What has to be true before anything is read: server, slot and publication are those of the checkpoint, or are made. Every
 * step that finds a fault comes before the first that changes anything.
 */
export class ReplicationStart implements AsyncDisposable {
  readonly facts: ServerFacts
  readonly plans: readonly FollowPlan[]
  /** The shared state from here on. */
  readonly shared: SharedState
  /** True when it differs from what the checkpoint has. */
  readonly isNew: boolean
  /** Where tables are copied, if any is: to be adopted before anything else is done with this object. */
  readonly copyPoint: CopyPoint | undefined
  readonly #walsender: ReplicationConnection

  private constructor(
    facts: Pick<ReplicationStart, 'facts' | 'plans' | 'shared' | 'isNew' | 'copyPoint'>,
    walsender: ReplicationConnection,
  ) {
    this.facts = facts.facts
    this.plans = facts.plans
    this.shared = facts.shared
    this.isNew = facts.isNew
    this.copyPoint = facts.copyPoint
    this.#walsender = walsender
  }

  /** @throws REPLICATION_…, POSTGRES_TABLE_MISSING, POSTGRES_CHECKPOINT_UNUSABLE, and whatever connecting throws. */
  static async prepare(options: ReplicationStartOptions): Promise<ReplicationStart> {
    const { config, settings, signal } = options
    await using control = await openSession(connectionSettings(config), signal)
    // Who looks at a publication waits for whoever alters its tables.
    await control.execute(`SET lock_timeout = ${config.lock_timeout_ms}`, { doing: 'beginning to replicate' })
    const facts = await readServerFacts(control)
    await assertReplicates(control, facts, settings)
    const open = async () => await openWalsender(connectionSettings(config), signal)
    let walsender = await open()
    try {
      const verified = await verify({ ...options, control, facts, walsender })
      if (await hasComparedLog(walsender, verified)) {
        // It streams only once, and there may be no second one beside it.
        await walsender.close()
        walsender = await open()
      }
      return new ReplicationStart(await prepareWith({ ...options, control, facts, walsender }, verified), walsender)
    } catch (error) {
      await walsender.close()
      throw error
    }
  }

  /** Ends the connection that holds the copy point. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#walsender.close()
  }
}

interface Connected extends ReplicationStartOptions {
  readonly control: Session
  readonly facts: ServerFacts
  readonly walsender: ReplicationConnection
}

interface Verified {
  readonly before: SharedState | undefined
  readonly origin: LogOrigin
  readonly tables: readonly ReplicatedTable[]
  /** Undefined when it has to be made. */
  readonly slot: Slot | undefined
}

async function verify(connected: Connected): Promise<Verified> {
  const before = parseSharedState(connected.checkpoints)
  const origin = await verifyOrigin(connected, before)
  const tables = await verifyTables(connected)
  const slot = await verifySlot(connected, before)
  await verifyScopes(connected, tables)
  return { before, origin, tables, slot }
}

async function hasComparedLog(walsender: ReplicationConnection, { before, slot }: Verified): Promise<boolean> {
  if (before === undefined || slot === undefined) return false
  const position = parseLsn(before.position)
  try {
    return await assertSameLog(walsender, {
      slot,
      position,
      publication: before.publication,
      lastCommit: lastCommitOf(before),
      durable: parseLsn(readFromOf(before)),
    })
  } catch (error) {
    throw explainSlotError(error, slot.name)
  }
}

async function prepareWith(connected: Connected, { before, origin, tables, slot }: Verified) {
  const { config, control, facts, walsender, settings, streams, checkpoints, log } = connected
  const { publication, wasPartial } = await ensurePublication(control, {
    name: settings.publication,
    isManaged: settings.isManaged,
    lockTimeoutMs: config.lock_timeout_ms,
    tables,
    versionNumber: facts.versionNumber,
  })
  const members = membersDigest(tables)
  const generation = nextGeneration(before, members, Date.now())
  for (const table of tables) {
    const fault = publicationFault(publication, table)
    if (fault !== undefined) throw fault
  }
  const plans = planFollowing({ tables, checkpoints, shared: before, publication, wasPartial, generation })
  for (const { table, copy, scope } of plans) {
    if (copy?.reason !== undefined) log.warn(`The table is copied anew: ${copy.reason}.`, { stream: table.key })
    const configured = streams.find(({ stream }) => streamKey(stream) === table.key)!
    const left = unpublishedColumns(scope, configured)
    if (left.length > 0) {
      const remedy = publishColumnsSql(publication, { table, configured })
      log.warn('The publication leaves out columns: they are no part of the stream.', {
        stream: table.key,
        columns: left,
        remedy,
      })
    }
  }
  const point = { walsender, control, log }
  const needsCopy = plans.some(({ copy }) => copy !== undefined)
  const copyPoint =
    slot === undefined
      ? await createSlotAtCopyPoint(point, { name: settings.slot, isFailover: settings.isFailover })
      : needsCopy
        ? await takeCopyPoint(point, settings.slot)
        : undefined
  // Without a checkpoint every stream is copied, so that no change before the copies is needed.
  const position = before?.position ?? formatLsn(copyPoint!.position)
  const shared: SharedState = {
    version: 1,
    slot: settings.slot,
    publication: settings.publication,
    systemId: origin.systemId,
    timeline: origin.timeline,
    database: origin.database,
    position,
    ...(before?.readFrom !== undefined && { readFrom: before.readFrom }),
    lastCommit: before?.lastCommit ?? lastCommitState({ position: parseLsn(position), committedAtUs: undefined }),
    generation,
    members,
  }
  return { facts, plans, shared, copyPoint, isNew: JSON.stringify(shared) !== JSON.stringify(before) }
}

async function verifyOrigin(
  { walsender, facts }: Pick<Connected, 'walsender' | 'facts'>,
  before: SharedState | undefined,
): Promise<LogOrigin> {
  const system = await walsender.identifySystem()
  const { database } = facts.identity
  if (before !== undefined) {
    const now = { ...system, database, isStandby: facts.isStandby }
    await assertSamePast(walsender, now, { ...before, position: parseLsn(before.position) })
  }
  return { systemId: system.systemId, timeline: system.timeline, database }
}

async function verifyTables({ control, config, streams }: Connected): Promise<ReplicatedTable[]> {
  const tables = await readReplicatedTables(control, streams)
  for (const configured of streams) {
    const key = streamKey(configured.stream)
    const table = tables.find((found) => found.key === key)
    if (table === undefined) {
      throw new EclusaError('POSTGRES_TABLE_MISSING', {
        message: `There is no table ${key} in the database.`,
        details: { stream: key },
      })
    }
    const { username } = connectionSettings(config)
    const fault = replicaIdentityFault(table, configured) ?? hiddenRowsFault(table, username)
    if (fault !== undefined) throw fault
  }
  return tables
}

/** A publication that is there already, before anything is added to it. */
async function verifyScopes({ control, settings }: Connected, tables: readonly ReplicatedTable[]): Promise<void> {
  const publication = await readPublication(control, settings.publication)
  if (publication === undefined) return
  for (const table of tables) {
    const fault = scopeFault(publication, table)
    if (fault !== undefined) throw fault
  }
}

/** The slot, if there is one that can be read from. Undefined: it may be made, since nothing depends on it. */
async function verifySlot(
  { control, walsender, settings, config, log }: Connected,
  before: SharedState | undefined,
): Promise<Slot | undefined> {
  const { database } = connectionSettings(config)
  const slot = await readReleasedSlot(control, settings.slot)
  // Another reader may have moved it on by now.
  if (slot?.isActive === true) throw inUseError(slot.name, slot.activePid)
  if (before !== undefined) {
    const expected = { name: settings.slot, database, position: parseLsn(readFromOf(before)) }
    const fault = continuationFault(slot, expected)
    if (fault !== undefined) throw fault
  }
  if (slot === undefined) return refuseToMake(settings)
  const fault = purposeFault(slot, database)
  if (fault !== undefined) throw fault
  if (isLost(slot)) {
    if (!settings.isManaged) throw lostError(slot)
    log.warn('A replication slot that the server had invalidated is made anew.', { slot: slot.name })
    await walsender.dropSlot(slot.name)
    return undefined
  }
  if (before === undefined) log.warn('A replication slot that exists already is taken over.', { slot: slot.name })
  const retainedBytesMax = await readRetentionLimit(control)
  if (isNearLimit(slot, retainedBytesMax)) {
    log.warn('The server will soon give up the log that the replication slot keeps.', {
      slot: slot.name,
      retainedBytes: slot.retainedBytes,
      retainedBytesMax,
    })
  }
  return slot
}

function refuseToMake({ slot, isManaged }: ReplicationSettings): undefined {
  if (!isManaged) throw unmadeSlotError(slot)
  return undefined
}

/**
 * Verifies server and slot again, on a new connection: either may have been replaced. Returns the slot, and the timeline
 * that the server is on now.
 *
 * @throws REPLICATION_SERVER_CHANGED, REPLICATION_SLOT_…
 */
export async function verifyContinuation(
  walsender: ReplicationConnection,
  {
    shared,
    position,
    readFrom,
    database,
    isStandby,
  }: {
    readonly shared: SharedState
    /** Where the last transaction ended that was read. */
    readonly position: Lsn
    /** Where reading begins. */
    readonly readFrom: Lsn
    /** Name of the database. */
    readonly database: string
    readonly isStandby: boolean
  },
): Promise<{ readonly timeline: number; readonly slot: Slot }> {
  const system = await walsender.identifySystem()
  await assertSamePast(walsender, { ...system, database: shared.database, isStandby }, { ...shared, position })
  const slot = await readReleasedSlot(walsender.session, shared.slot)
  if (slot?.isActive === true) throw inUseError(slot.name, slot.activePid)
  const fault = continuationFault(slot, { name: shared.slot, database, position: readFrom })
  if (fault !== undefined) throw fault
  return { timeline: system.timeline, slot: slot! }
}
