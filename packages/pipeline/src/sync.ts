import { arrivesAsChanges, sharedState, streamKey } from '@eclusa/sdk'
import type {
  Backfill,
  ByteBudget,
  ChangeBatch,
  Checkpoint,
  CheckpointMessage,
  Clock,
  ConfiguredSource,
  ConfiguredStream,
  DestinationSession,
  Log,
  ReplicationLag,
  SourceMessage,
  SourceReader,
  StreamName,
} from '@eclusa/sdk'
import { isBackfillable } from './backfill.ts'
import { isCommitDue } from './commit-policy.ts'
import type { CommitPolicy } from './commit-policy.ts'
import type { EmitEvent } from './run-emitter.ts'
import { syncCheckpoint } from './sync-state.ts'
import type { SyncState } from './sync-state.ts'
import type { Tally } from './tally.ts'

export interface SyncOptions {
  readonly source: ConfiguredSource
  readonly session: DestinationSession
  readonly streams: readonly ConfiguredStream[]
  readonly checkpoints: readonly Checkpoint[]
  readonly state: SyncState
  readonly budget: ByteBudget
  readonly policy: CommitPolicy
  readonly tally: Tally
  readonly emit: EmitEvent
  readonly log: Log
  readonly signal: AbortSignal
  /** Once aborted: go on to the next checkpoint, commit there, and end. */
  readonly stopSignal: AbortSignal
  readonly clock: Clock
  /** Present when the source is to follow. */
  readonly follow?: FollowListener
}

/** Told how a source is followed. */
export interface FollowListener {
  /** At the first commit by which all is read that was there when the source began to read. */
  caughtUp(): void
  /** After each commit that had rows, and is at least as far. */
  rowsCommitted(): void
}

const progressIntervalMs = 200

/**
 * Moves messages from the source to the destination until the source ends, committing only at checkpoints, where every
 * batch before is covered. Progress (the source's acknowledgement included) advances after a commit, never before.
 *
 * A source that follows ends when it is asked to stop. Before it has caught up it may be in the middle of a table, so then
 * the next checkpoint is the end, as for every other source.
 *
 * @returns true when every stream was read to its end, false when it was asked to stop before.
 */
export async function sync(options: SyncOptions): Promise<boolean> {
  const reader = options.source.read({
    catalog: { streams: options.streams },
    checkpoints: options.checkpoints,
    budget: options.budget,
    backfills: backfillsOf(options),
    signal: options.signal,
    log: options.log,
    ...(options.follow === undefined ? {} : { follow: true, stopSignal: options.stopSignal }),
  })
  const uncommitted = new Uncommitted(options, reader)
  for await (const message of reader) {
    options.signal.throwIfAborted()
    if (message.type !== 'checkpoint') {
      await forward(message, options, uncommitted)
      continue
    }
    uncommitted.addCheckpoint(message)
    if (options.stopSignal.aborted && !uncommitted.isFollowing) {
      await uncommitted.commit({ finished: false })
      return false
    }
    if (uncommitted.isDue()) await uncommitted.commit({ finished: uncommitted.isFollowing })
  }
  // What came after the last checkpoint of a source that gave up before it had caught up is not covered by any.
  if (options.follow !== undefined && options.stopSignal.aborted && !uncommitted.isFollowing) return false
  await uncommitted.commit({ finished: true })
  return true
}

/** Those that concern streams of this run; a history and a stream that is read otherwise now wait until they are not. */
function backfillsOf({ streams, state: { backfills = [] } }: SyncOptions): Backfill[] {
  return backfills.flatMap(({ stream: key, columns }) => {
    const found = streams.find((one) => streamKey(one.stream) === key)
    return found !== undefined && isBackfillable(found) ? [{ stream: found.stream, columns }] : []
  })
}

async function forward(
  message: Exclude<SourceMessage, { type: 'checkpoint' }>,
  { session, tally, emit }: SyncOptions,
  uncommitted: Uncommitted,
): Promise<void> {
  switch (message.type) {
    case 'stream_started': {
      tally.start(message.stream, { resumed: message.resumed, nowMs: Date.now() })
      const { type, ...facts } = message
      emit({ type, ...facts })
      if (!message.resumed) uncommitted.markFilled(message.stream)
      await session.startStream(message.stream, { resumed: message.resumed })
      return
    }
    case 'stream_restarted': {
      tally.start(message.stream, { resumed: false, nowMs: Date.now() })
      emit({ type: 'stream_restarted', stream: message.stream, reason: message.reason })
      uncommitted.markFilled(message.stream)
      await session.restartStream(message.stream)
      return
    }
    case 'batch': {
      // The counts are taken before the hand-over: a transferred batch can no longer be read.
      const counts = tally.add(message.batch)
      uncommitted.addBatch(message.batch)
      await session.write(message.batch)
      if (uncommitted.isProgressDue(message.batch.stream)) {
        emit({ type: 'stream_progress', stream: message.batch.stream, rows: counts.rows, bytes: counts.bytes })
      }
      return
    }
    case 'stream_copied': {
      uncommitted.addChange(message.stream)
      await session.copiedStream(message.stream, message.at)
      return
    }
    case 'stream_truncated': {
      uncommitted.addChange(message.stream)
      await session.truncateStream(message.stream, message.change)
      return
    }
    case 'stream_backfilled': {
      uncommitted.addChange(message.stream)
      uncommitted.markFilled(message.stream)
      return
    }
    case 'stream_completed': {
      tally.markRead(message.stream, Date.now())
      uncommitted.addChange()
      await session.completeStream(message.stream)
      uncommitted.completed.push(message.stream)
    }
  }
}

/** What the destination has accepted since the last commit. */
class Uncommitted {
  readonly completed: StreamName[] = []
  readonly #options: SyncOptions
  readonly #reader: SourceReader
  readonly #checkpoints = new Map<string, Checkpoint>()
  readonly #touched = new Map<string, StreamName>()
  readonly #progressAtMs = new Map<string, number>()
  readonly #fullRefreshes: ReadonlySet<string>
  /** Keys of streams that have all their columns in all rows, as far as was asked, or are being copied with them. */
  readonly #filled = new Set<string>()
  readonly #replicated: readonly string[]
  #state: SyncState
  #bytes = 0
  #hasData = false
  #hasCaughtUp = false
  #hasToldCaughtUp = false
  #lag: ReplicationLag | undefined
  /** When the newest change was committed, by the source's clock. */
  #changedAtMs = -Infinity
  #committedAtMs: number

  constructor(options: SyncOptions, reader: SourceReader) {
    this.#options = options
    this.#reader = reader
    this.#state = options.state
    this.#committedAtMs = options.clock.nowMs()
    this.#fullRefreshes = new Set(
      options.streams.filter(({ syncMode }) => syncMode === 'full_refresh').map(({ stream }) => streamKey(stream)),
    )
    this.#replicated = options.streams.filter(arrivesAsChanges).map(({ stream }) => streamKey(stream))
  }

  addBatch({ stream, byteLength, changes }: ChangeBatch): void {
    this.addChange(stream)
    this.#bytes += byteLength
    const committedAtUs = changes?.committedAtUs.at(-1)
    if (committedAtUs !== undefined) this.#changedAtMs = Math.max(this.#changedAtMs, Number(committedAtUs / 1000n))
  }

  /** What will be seen in the warehouse, bytes or not. @param stream whose rows are then others */
  addChange(stream?: StreamName): void {
    this.#hasData = true
    if (stream !== undefined) this.#touched.set(streamKey(stream), stream)
  }

  markFilled(stream: StreamName): void {
    this.#filled.add(streamKey(stream))
  }

  /** A run may follow for days without data: of each stream only the last checkpoint is kept. */
  addCheckpoint({ checkpoints, lag, isCaughtUp = false }: CheckpointMessage): void {
    for (const checkpoint of checkpoints) this.#checkpoints.set(streamKey(checkpoint.stream), checkpoint)
    this.#lag = lag
    if (isCaughtUp && this.#options.follow !== undefined && !this.#hasCaughtUp) {
      this.#hasCaughtUp = true
      // That it has caught up is seen in the warehouse, too: steps and people wait for it.
      this.#hasData = true
    }
  }

  /** The source follows, and has read all that was there when it began. */
  get isFollowing(): boolean {
    return this.#hasCaughtUp
  }

  isDue(): boolean {
    const elapsedMs = this.#options.clock.nowMs() - this.#committedAtMs
    const since = { bytes: this.#bytes, elapsedMs, hasData: this.#hasData, isFollowing: this.#hasCaughtUp }
    return isCommitDue(this.#options.policy, since)
  }

  isProgressDue(stream: StreamName): boolean {
    const key = streamKey(stream)
    const now = performance.now()
    if (now - (this.#progressAtMs.get(key) ?? -Infinity) < progressIntervalMs) return false
    this.#progressAtMs.set(key, now)
    return true
  }

  /** @param finished every stream that is read once has been read to its end: the next run reads them anew. */
  async commit({ finished }: { finished: boolean }): Promise<void> {
    const { session, emit, tally } = this.#options
    const checkpoints = [...this.#checkpoints.values()]
    this.#state = this.#stateAfter(checkpoints, finished)
    const commit = await session.commit([...checkpoints, syncCheckpoint(this.#state)])
    tally.addUnheld(commit.unrepresentable ?? [])
    tally.markCommitted()
    if (this.#checkpoints.has(streamKey(sharedState))) tally.markDurable(sharedState)
    await this.#reader.acknowledge?.(checkpoints)
    emit({
      type: 'committed',
      sequence: commit.sequence,
      rows: commit.rows,
      bytes: commit.bytes,
      durationMs: commit.durationMs,
      streams: [...this.#touched.values()],
      ...this.#lagNow(),
    })
    for (const stream of this.completed) {
      const { rows, bytes, unrepresentable, durationMs } = tally.end(stream, 'completed', Date.now())
      emit({ type: 'stream_completed', stream, rows, bytes, unrepresentable, durationMs })
    }
    this.#tellFollower()
    this.#forget()
  }

  /** Seen in the warehouse from now on: so old is what comes last. Both clocks are real ones. */
  #lagNow(): { lag?: ReplicationLag } {
    if (this.#lag !== undefined) return { lag: this.#lag }
    if (this.#changedAtMs > 0) return { lag: { ms: Math.max(0, Date.now() - this.#changedAtMs) } }
    return this.#hasCaughtUp ? { lag: { ms: 0 } } : {}
  }

  #stateAfter(checkpoints: readonly Checkpoint[], finished: boolean): SyncState {
    const { completed, replicated = [], backfills = [] } = this.#state
    const refreshed = this.completed.map(streamKey).filter((key) => this.#fullRefreshes.has(key))
    const isMoved = this.#checkpoints.has(streamKey(sharedState))
    const covered = new Set(checkpoints.map(({ stream }) => streamKey(stream)))
    const added = this.#replicated.filter((key) => covered.has(key))
    return {
      version: 1,
      finished,
      completed: finished ? [] : [...completed, ...refreshed],
      replicated: isMoved ? [...this.#replicated] : [...new Set([...replicated, ...added])],
      backfills: backfills.filter(({ stream }) => !this.#filled.has(stream)),
    }
  }

  #tellFollower(): void {
    if (!this.#hasCaughtUp) return
    if (!this.#hasToldCaughtUp) this.#tellProgress()
    this.#hasToldCaughtUp = true
    this.#options.follow?.caughtUp()
    if (this.#touched.size > 0) this.#options.follow?.rowsCommitted()
  }

  /** What was copied has its final count when the run has caught up, although no stream is complete while it follows. */
  #tellProgress(): void {
    const { emit, tally } = this.#options
    for (const { stream, rows, bytes } of tally.streams()) emit({ type: 'stream_progress', stream, rows, bytes })
  }

  #forget(): void {
    this.#checkpoints.clear()
    this.completed.length = 0
    this.#touched.clear()
    this.#bytes = 0
    this.#hasData = false
    this.#changedAtMs = -Infinity
    this.#committedAtMs = this.#options.clock.nowMs()
  }
}
