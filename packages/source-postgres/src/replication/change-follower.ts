import { EclusaError } from '@eclusa/sdk'
import type { Checkpoint, ReadRequest, SourceMessage } from '@eclusa/sdk'
import { typePolicy } from '../catalog/stream-column.ts'
import { readFromOf, sharedCheckpoint } from '../checkpoint-state.ts'
import type { SharedState } from '../checkpoint-state.ts'
import { createBufferPool } from '../codec/buffer-pool.ts'
import type { BufferPool } from '../codec/buffer-pool.ts'
import type { PostgresConfig } from '../config.ts'
import { connectionSettings } from '../connection/connection-settings.ts'
import { openSession } from '../connection/session.ts'
import type { Session } from '../connection/session.ts'
import { quoteLiteral } from '../sql-text.ts'
import type { SourceStream } from '../source-stream.ts'
import { answeredInTime } from './answer-deadline.ts'
import { readChanges } from './change-reader.ts'
import type { ChangeSource, ReadChangesOptions, ReplicatedStream, StartedReplication } from './change-source.ts'
import { ControlSession } from './control-session.ts'
import { messagePrefix } from './heartbeat.ts'
import { lastCommitOf, lastCommitState } from './last-commit.ts'
import type { LastCommit } from './last-commit.ts'
import { partBefore } from './log-part.ts'
import { compareLsn, formatLsn, parseLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import type { RelationMessage } from './pgoutput-message.ts'
import { isWhole, publishedSince, readPublicationEntries } from './publication.ts'
import { isBinaryDecodable } from './relation-decoder.ts'
import type { ReplicatedTable } from './replicated-table.ts'
import { protocolVersionMax } from './replication-command.ts'
import type { ReplicationConnection } from './replication-connection.ts'
import { explainSlotError, openWalsender } from './replication-server.ts'
import type { ReplicationSettings } from './replication-settings.ts'
import { verifyContinuation } from './replication-start.ts'
import type { ReplicationStart } from './replication-start.ts'
import { assertSameLog } from './same-log.ts'
import { logEndSql, readReleasedSlot } from './slot.ts'

/** A stream whose table is copied, and that is followed from here on. */
export interface FollowedStream extends ReplicatedStream {
  readonly source: SourceStream
  readonly table: ReplicatedTable
  /** Since when it is published so: see `publishedSince`. */
  readonly publishedSince: string
  /** Read up to here, the copy is one state: what came of several snapshots is whole. */
  readonly copiedAt: Lsn
  /** True when the run has said so, having copied it. */
  readonly isStarted: boolean
}

export interface ChangeFollowerOptions {
  readonly request: ReadRequest<PostgresConfig>
  readonly settings: ReplicationSettings
  readonly start: Pick<ReplicationStart, 'facts' | 'shared'>
  readonly followed: readonly FollowedStream[]
  /** Reads what is to be read as of one place in the log. Default: nothing. */
  readonly detour?: (log: LogReading) => Messages
}

type Messages = AsyncGenerator<SourceMessage, void, undefined>

type ConnectForm = Parameters<ReadChangesOptions['connect']>[1]

/** The log, as the follower lets others read a part of it. */
export interface LogReading {
  /** Reads on up to this position, and not beyond. */
  readTo(position: Lsn): Messages
  /** For what has been read. */
  checkpoint(): Checkpoint
}

const never = new AbortController().signal

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** Reads the log for the streams of a run, from where the checkpoint stands. */
export class ChangeFollower {
  /** True when the log is left: nothing is confirmed on its connection any more. */
  isEnded = false
  readonly #options: ChangeFollowerOptions
  readonly #pool: BufferPool
  /** Where the log ended when the run began. */
  readonly #logEnd: Lsn
  #changes: ChangeSource | undefined
  /** Checkpoints stand at it at most. */
  #limit: Lsn | undefined
  /** By oid of a table or partition. */
  readonly #streams = new Map<number, FollowedStream | undefined>()
  /** Relations that were described on this connection. */
  readonly #described = new Set<number>()
  readonly #control = new ControlSession(async () => await this.#openSession())
  #shared: SharedState
  #durable: Lsn

  private constructor(options: ChangeFollowerOptions, logEnd: Lsn) {
    const { request, start, followed } = options
    this.#options = options
    this.#shared = start.shared
    this.#durable = parseLsn(readFromOf(start.shared))
    for (const stream of followed) {
      for (const { oid } of [stream.table, ...stream.table.parts]) this.#streams.set(oid, stream)
    }
    this.#pool = createBufferPool({ bytesMax: request.budget.bytesMax })
    this.#logEnd = logEnd
  }

  /** Notes where the log ends, which is what there is to catch up with. */
  static async open(options: ChangeFollowerOptions): Promise<ChangeFollower> {
    const { request, start } = options
    await using session = await openSession(connectionSettings(request.config), request.signal)
    return new ChangeFollower(options, await markLogEnd(session, start.facts))
  }

  async *messages(): Messages {
    const { followed } = this.#options
    for (const { source, isStarted } of followed) {
      if (!isStarted) yield { type: 'stream_started', stream: source.configured.stream, resumed: true }
    }
    const reached = () => parseLsn(this.#shared.position)
    let pending = followed.filter(({ copiedAt }) => compareLsn(copiedAt, reached()) > 0)
    // Copies in one snapshot were said to be whole when they were.
    pending = pending.filter(({ from, copiedAt }) => from !== copiedAt)
    try {
      for await (const message of this.#readLog()) {
        if (message.type === 'checkpoint') {
          for (const { source, copiedAt } of pending) {
            if (compareLsn(copiedAt, reached()) <= 0) yield { type: 'stream_copied', stream: source.configured.stream }
          }
          pending = pending.filter(({ copiedAt }) => compareLsn(copiedAt, reached()) > 0)
        }
        yield message
      }
    } finally {
      this.isEnded = true
      await this.#control[Symbol.asyncDispose]()
    }
    for (const stream of followed) {
      if (!pending.includes(stream)) yield { type: 'stream_completed', stream: stream.source.configured.stream }
    }
    yield { type: 'checkpoint', checkpoints: [sharedCheckpoint(this.#shared)] }
  }

  /** What is durable at the destination, and needed by no transaction that is prepared, need not be kept by the server. */
  acknowledge(position: Lsn): void {
    if (compareLsn(position, this.#durable) <= 0) return
    this.#durable = position
    this.#changes?.acknowledge(position)
  }

  /** What was there at the start comes first; then what is read as of a place behind it; then all that follows. */
  async *#readLog(): Messages {
    const { request, detour } = this.#options
    const until = request.follow === true ? undefined : this.#logEnd
    if (detour !== undefined) {
      yield* this.#read({ until: this.#logEnd })
      if (isAborted(request.stopSignal)) return
      yield* detour({
        readTo: (position) => this.#readTo(position),
        checkpoint: () => sharedCheckpoint(this.#shared),
      })
      if (until !== undefined || isAborted(request.stopSignal)) return
    }
    yield* this.#read({ until, caughtUpFrom: this.#logEnd })
  }

  async *#readTo(position: Lsn): Messages {
    this.#limit = position
    for await (const message of this.#read({ until: position })) {
      const part = partBefore(message, position)
      if (part !== undefined) yield part
    }
    this.#limit = undefined
  }

  async *#read(part: Pick<ReadChangesOptions, 'until' | 'caughtUpFrom'>): Messages {
    const { request, settings, start } = this.#options
    this.#changes = readChanges({
      ...part,
      connect: async (from, form) => await this.#connect(from, form),
      openSession: async () => await this.#openSession(),
      findStream: async (relation) => await this.#findStream(relation),
      checkpoints: (position, readFrom, lastCommit) => this.#checkpoints(position, readFrom, lastCommit),
      from: parseLsn(this.#shared.position),
      readFrom: parseLsn(readFromOf(this.#shared)),
      lastCommit: lastCommitOf(this.#shared),
      ...(this.#limit !== undefined && { commitsBefore: this.#limit }),
      typePolicy: typePolicy(request.config, start.facts),
      budget: request.budget,
      pool: this.#pool,
      flushIntervalMs: settings.flushIntervalMs,
      heartbeatIntervalMs: start.facts.isStandby ? 0 : settings.heartbeatIntervalMs,
      stopSignal: request.stopSignal ?? never,
      signal: request.signal,
      log: request.log,
    })
    yield* this.#changes
  }

  #checkpoints(reached: Lsn, needed: Lsn, lastCommit: LastCommit | undefined): readonly Checkpoint[] {
    const isBeyond = this.#limit !== undefined && reached > this.#limit
    const position = isBeyond ? this.#limit! : reached
    // What was prepared before the limit and has ended beyond it is needed again.
    const from = isBeyond ? parseLsn(readFromOf(this.#shared)) : needed
    const { readFrom: _, ...shared } = this.#shared
    const isBehind = compareLsn(from, position) < 0
    this.#shared = {
      ...shared,
      position: formatLsn(position),
      ...(isBehind && { readFrom: formatLsn(from) }),
      ...(lastCommit !== undefined && { lastCommit: lastCommitState(lastCommit) }),
    }
    return [sharedCheckpoint(this.#shared)]
  }

  async #openSession(): Promise<Session> {
    const { config, signal } = this.#options.request
    return await openSession(connectionSettings(config), signal)
  }

  async #connect(from: Lsn, form: ConnectForm): Promise<StartedReplication> {
    const { request, settings } = this.#options
    const open = async () => await openWalsender(connectionSettings(request.config), request.signal)
    await this.#control.abandon()
    let walsender = await open()
    try {
      if (await this.#verify(walsender, from, form)) {
        // It streams only once, and there may be no second one beside it.
        await walsender.close()
        walsender = await open()
        await this.#verify(walsender, from, { ...form, lastCommit: undefined })
      }
      return await answeredInTime(walsender.session, async () => await this.#start(walsender, { from, ...form }))
    } catch (error) {
      await walsender.close()
      throw explainSlotError(error, settings.slot)
    }
  }

  /** True when the connection was used to compare the log, and can stream no more. */
  async #verify(
    walsender: ReplicationConnection,
    from: Lsn,
    { position, lastCommit }: Pick<ConnectForm, 'position' | 'lastCommit'>,
  ): Promise<boolean> {
    const { request, start } = this.#options
    const shared = this.#shared
    const { database } = connectionSettings(request.config)
    const { isStandby } = start.facts
    const { timeline, slot } = await answeredInTime(
      walsender.session,
      async () => await verifyContinuation(walsender, { shared, position, readFrom: from, database, isStandby }),
    )
    this.#shared = { ...shared, timeline }
    return await assertSameLog(walsender, { slot, publication: shared.publication, position, lastCommit })
  }

  async #start(
    walsender: ReplicationConnection,
    { from, isText }: { readonly from: Lsn } & Pick<ConnectForm, 'isText'>,
  ): Promise<StartedReplication> {
    const { settings, followed } = this.#options
    this.#described.clear()
    await this.#assertPublishedAsBefore()
    const isBinary = !isText && followed.every(({ source }) => isBinaryDecodable(source.codecs))
    const stream = await walsender.startReplication({
      slot: settings.slot,
      from,
      publications: [settings.publication],
      protocolVersion: protocolVersionMax(walsender.versionNumber),
      isBinary,
      streaming: settings.isStreaming ? 'on' : 'off',
    })
    stream.confirm({ written: from, flushed: this.#durable, applied: this.#durable })
    return {
      stream,
      isStreaming: settings.isStreaming,
      isBinary,
      [Symbol.asyncDispose]: async () => {
        await stream.stop()
        await walsender.close()
      },
    }
  }

  async #findStream({ relationId }: Pick<RelationMessage, 'relationId'>): Promise<FollowedStream | undefined> {
    const stream = await this.#streamOf(relationId)
    // The server describes a relation once, and again after it or the publication was altered.
    if (stream !== undefined && this.#described.has(relationId)) await this.#assertPublishedAsBefore()
    this.#described.add(relationId)
    return stream
  }

  /** @throws REPLICATION_PUBLICATION_CHANGED when what comes now is not what the copies agree with. */
  async #assertPublishedAsBefore(): Promise<void> {
    const { settings, followed } = this.#options
    const { publication: name } = settings
    const publication = await this.#control.use(async (session) => await readPublicationEntries(session, name))
    for (const { table, publishedSince: before } of followed) {
      if (publication !== undefined && isWhole(publication) && publishedSince(publication, table) === before) continue
      throw new EclusaError('REPLICATION_PUBLICATION_CHANGED', {
        message: `The publication "${name}" was altered while ${table.key} was followed.`,
        details: { publication: name, stream: table.key },
      })
    }
  }

  /** A partition that was made since has its root's stream. */
  async #streamOf(relationId: number): Promise<FollowedStream | undefined> {
    if (this.#streams.has(relationId)) return this.#streams.get(relationId)
    const ancestors = await this.#control.use(
      async (session) =>
        await session.query<{ oid: number }>(`SELECT a.relid::oid AS oid FROM pg_partition_ancestors($1::oid) AS a`, {
          attempt: { doing: 'looking for the table of a partition' },
          parameters: [relationId],
        }),
    )
    const found = ancestors.map(({ oid }) => this.#streams.get(oid)).find((stream) => stream !== undefined)
    this.#streams.set(relationId, found)
    return found
  }
}

/**
 * The end of the log now. On a primary a message is written behind it, so that something comes that lies beyond: it belongs
 * to a transaction, whose commit has it written to disk at once.
 */
async function markLogEnd(session: Session, { isStandby }: Pick<ReplicationStart['facts'], 'isStandby'>): Promise<Lsn> {
  const attempt = { doing: 'looking for the end of the log' }
  const [row] = await session.query<{ position: string }>(`SELECT (${logEndSql})::text AS position`, { attempt })
  if (!isStandby) {
    await session.execute(
      `SET synchronous_commit = local; SELECT pg_logical_emit_message(true, ${quoteLiteral(messagePrefix)}, '')`,
      { doing: 'writing a message into the log' },
    )
  }
  return parseLsn(row!.position)
}

/**
 * Tells the server on a connection of its own up to where all is durable. It is no fault when that cannot be told: the next
 * run begins there, and tells it then.
 */
export async function confirmAfterwards(
  { config, signal, log }: Pick<ReadRequest<PostgresConfig>, 'config' | 'signal' | 'log'>,
  { slot: name }: ReplicationSettings,
  position: Lsn,
): Promise<void> {
  try {
    await using session = await openSession(connectionSettings(config), signal)
    const slot = await readReleasedSlot(session, name)
    if (slot?.confirmedLsn === undefined || compareLsn(position, slot.confirmedLsn) <= 0) return
    await session.query('SELECT pg_replication_slot_advance($1::name, $2::pg_lsn)', {
      attempt: { doing: `confirming what is durable to the replication slot "${name}"` },
      parameters: [name, formatLsn(position)],
    })
  } catch (error) {
    if (!EclusaError.isInstance(error)) throw error
    log.debug('The server could not be told what is durable; the next run will.', { slot: name, code: error.code })
  }
}
