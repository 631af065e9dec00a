import { streamKey } from '@eclusa/sdk'
import type {
  ByteBudget,
  Checkpoint,
  ConfiguredSource,
  ConfiguredStream,
  DestinationSession,
  Log,
  SourceMessage,
  SourceReader,
  StreamName,
} from '@eclusa/sdk'
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
}

const progressIntervalMs = 200

/**
 * Moves messages from the source to the destination until the source ends, committing only at checkpoints, where every
 * batch before is covered. Progress (the source's acknowledgement included) advances after a commit, never before.
 *
 * @returns true when every stream was read to its end, false when it was asked to stop.
 */
export async function sync(options: SyncOptions): Promise<boolean> {
  const reader = options.source.read({
    catalog: { streams: options.streams },
    checkpoints: options.checkpoints,
    budget: options.budget,
    signal: options.signal,
    log: options.log,
  })
  const uncommitted = new Uncommitted(options, reader)
  for await (const message of reader) {
    options.signal.throwIfAborted()
    if (message.type !== 'checkpoint') {
      await forward(message, options, uncommitted)
      continue
    }
    uncommitted.checkpoints.push(...message.checkpoints)
    if (options.stopSignal.aborted) {
      await uncommitted.commit({ finished: false })
      return false
    }
    if (isCommitDue(options.policy, uncommitted.since())) await uncommitted.commit({ finished: false })
  }
  await uncommitted.commit({ finished: true })
  return true
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
      await session.startStream(message.stream, { resumed: message.resumed })
      return
    }
    case 'stream_restarted': {
      tally.start(message.stream, { resumed: false, nowMs: Date.now() })
      emit({ type: 'stream_restarted', stream: message.stream, reason: message.reason })
      await session.restartStream(message.stream)
      return
    }
    case 'batch': {
      // The counts are taken before the hand-over: a transferred batch can no longer be read.
      const counts = tally.add(message.batch)
      uncommitted.add(message.batch.stream, message.batch.byteLength)
      await session.write(message.batch)
      if (uncommitted.isProgressDue(message.batch.stream)) {
        emit({ type: 'stream_progress', stream: message.batch.stream, rows: counts.rows, bytes: counts.bytes })
      }
      return
    }
    case 'stream_copied': {
      await session.copiedStream(message.stream)
      return
    }
    case 'stream_truncated': {
      await session.truncateStream(message.stream, message.change)
      return
    }
    case 'stream_completed': {
      tally.markRead(message.stream, Date.now())
      await session.completeStream(message.stream)
      uncommitted.completed.push(message.stream)
    }
  }
}

/** What the destination has accepted since the last commit. */
class Uncommitted {
  readonly checkpoints: Checkpoint[] = []
  readonly completed: StreamName[] = []
  readonly #options: SyncOptions
  readonly #reader: SourceReader
  readonly #touched = new Map<string, StreamName>()
  readonly #progressAtMs = new Map<string, number>()
  readonly #fullRefreshes: ReadonlySet<string>
  #state: SyncState
  #bytes = 0
  #committedAtMs = performance.now()

  constructor(options: SyncOptions, reader: SourceReader) {
    this.#options = options
    this.#reader = reader
    this.#state = options.state
    this.#fullRefreshes = new Set(
      options.streams.filter(({ syncMode }) => syncMode === 'full_refresh').map(({ stream }) => streamKey(stream)),
    )
  }

  add(stream: StreamName, bytes: number): void {
    this.#touched.set(streamKey(stream), stream)
    this.#bytes += bytes
  }

  since(): { bytes: number; elapsedMs: number } {
    return { bytes: this.#bytes, elapsedMs: performance.now() - this.#committedAtMs }
  }

  isProgressDue(stream: StreamName): boolean {
    const key = streamKey(stream)
    const now = performance.now()
    if (now - (this.#progressAtMs.get(key) ?? -Infinity) < progressIntervalMs) return false
    this.#progressAtMs.set(key, now)
    return true
  }

  async commit({ finished }: { finished: boolean }): Promise<void> {
    const { session, emit, tally } = this.#options
    const refreshed = this.completed.map(streamKey).filter((key) => this.#fullRefreshes.has(key))
    this.#state = { version: 1, finished, completed: finished ? [] : [...this.#state.completed, ...refreshed] }
    const checkpoints = [...this.checkpoints]
    const commit = await session.commit([...checkpoints, syncCheckpoint(this.#state)])
    tally.addUnheld(commit.unrepresentable ?? [])
    tally.markCommitted()
    await this.#reader.acknowledge?.(checkpoints)
    const streams = [...this.#touched.values()]
    emit({
      type: 'committed',
      sequence: commit.sequence,
      rows: commit.rows,
      bytes: commit.bytes,
      durationMs: commit.durationMs,
      streams,
    })
    for (const stream of this.completed) {
      const { rows, bytes, unrepresentable, durationMs } = tally.end(stream, 'completed', Date.now())
      emit({ type: 'stream_completed', stream, rows, bytes, unrepresentable, durationMs })
    }
    this.#forget()
  }

  #forget(): void {
    this.checkpoints.length = 0
    this.completed.length = 0
    this.#touched.clear()
    this.#bytes = 0
    this.#committedAtMs = performance.now()
  }
}
