import type { Checkpoint, ConfiguredStream, SourceMessage } from '@eclusa/sdk'
import { stateJson } from '../checkpoint-state.ts'
import type { CopyState, StreamState } from '../checkpoint-state.ts'
import { startCursorState } from '../incremental/cursor-start.ts'
import type { ReadRun } from '../read-run.ts'
import type { SourceStream } from '../source-stream.ts'
import { CopyProgress } from './copy-progress.ts'
import { readParts } from './copy-part.ts'
import type { CopyPart } from './copy-part.ts'
import { isLaterSnapshot, replicatingState, startedAnew } from './replicated-copy.ts'
import type { ReplicatedCopy } from './replicated-copy.ts'
import { compareFacts, decideResume } from './resume.ts'
import type { ResumeDecision, ResumeOptions } from './resume.ts'
import type { RowFilters } from './row-filter.ts'
import { copyWave } from './wave.ts'
import type { CopyTask } from './wave.ts'

/** A stream to copy from its first row, or from where an earlier run stopped. */
export interface CopyRequest {
  readonly stream: SourceStream
  readonly state: CopyState | undefined
  /** Of a stream whose changes come from the log: it is copied, and not completed. */
  readonly replication?: ReplicatedCopy
  /** Default: all rows are copied. */
  readonly rowFilters?: RowFilters
}

/** A wave holds chunks of several small tables, but not of arbitrarily many. */
const streamsPerWaveMax = 16

/**
 * Copies streams, all in the run's one snapshot, in waves: chunks of about `chunk_bytes` for each reader. Batches of one
 * wave come in any order; the checkpoint after them covers all of them. A stream is completed in its last wave.
 */
export async function* copyStreams(
  run: ReadRun,
  requests: readonly CopyRequest[],
): AsyncGenerator<SourceMessage, void, undefined> {
  let wave: CopyTask[] = []
  let waveBytes = 0
  let started: CopyProgress[] = []
  const contested = new Set<CopyPart>()
  const bytesMax = run.config.chunk_bytes * run.readersMax
  const finish = async function* () {
    yield* finishWave(run, { wave, started, contested })
    started = started.filter((progress) => !progress.isComplete)
    wave = []
    waveBytes = 0
  }
  for (const request of requests) {
    const progress = yield* startCopy(run, request)
    started.push(progress)
    for (const chunk of progress.plan(run.config.chunk_bytes)) {
      wave.push({ progress, chunk })
      waveBytes += chunk.bytesEstimated
      if (waveBytes >= bytesMax) yield* finish()
    }
    if (started.length >= streamsPerWaveMax) yield* finish()
  }
  yield* finish()
}

async function* startCopy(
  run: ReadRun,
  { stream, state, replication, rowFilters }: CopyRequest,
): AsyncGenerator<SourceMessage, CopyProgress, undefined> {
  const { snapshot, facts } = run
  const { config } = run
  const parts = await readParts(run.coordinator, stream, { config, ...(rowFilters !== undefined && { rowFilters }) })
  yield startedMessage(stream.configured, state !== undefined)
  const options = { stream, parts, snapshot, identity: facts.identity }
  const anew = { ...options, ...(replication !== undefined && { replication: startedAnew(replication) }) }
  if (state === undefined) return new CopyProgress(anew)
  const isRenewed = replication !== undefined && isRenewable(stream.configured)
  const decision = isRenewed ? compareFacts({ ...options, state }) : await decide(run, { ...options, state })
  // Rows that were proved to be the same are of this run's snapshot too.
  if (decision.resumes) return new CopyProgress({ ...(isRenewed ? { ...options, replication } : anew), earlier: state })
  yield { type: 'stream_restarted', stream: stream.configured.stream, reason: decision.reason }
  return new CopyProgress(anew)
}

/** Rows that were copied can be brought up to a later snapshot: their keys tell them apart, and only the last counts. */
function isRenewable({ destinationSyncMode, primaryKey }: ConfiguredStream): boolean {
  return destinationSyncMode === 'append_dedup' && primaryKey.length > 0
}

async function decide(run: ReadRun, facts: Omit<ResumeOptions, 'reader' | 'chunkBytes'>): Promise<ResumeDecision> {
  const [reader] = await run.readers(1)
  const decision = await decideResume({ ...facts, reader: reader!, chunkBytes: run.config.chunk_bytes })
  await reader!.release()
  return decision
}

function startedMessage({ stream, rowsEstimated, bytesEstimated }: ConfiguredStream, resumed: boolean): SourceMessage {
  return {
    type: 'stream_started',
    stream,
    resumed,
    ...(rowsEstimated !== undefined && { rowsEstimated }),
    ...(bytesEstimated !== undefined && { bytesEstimated }),
  }
}

interface Wave {
  readonly wave: readonly CopyTask[]
  /** Streams that are not complete yet, in the wave or before it. */
  readonly started: readonly CopyProgress[]
  readonly contested: Set<CopyPart>
}

async function* finishWave(
  run: ReadRun,
  { wave, started, contested }: Wave,
): AsyncGenerator<SourceMessage, void, undefined> {
  if (started.length === 0) return
  const readers = await run.readers(Math.min(run.readersMax, wave.length))
  for await (const batch of copyWave(wave, { readers, contested, stop: run.stop })) yield { type: 'batch', batch }
  const checkpoints: Checkpoint[] = []
  for (const progress of started) {
    const { stream } = progress.stream.configured
    const state = progress.isComplete ? await completeState(run, progress) : progress.state()
    if (progress.isComplete) yield* completeMessage(progress)
    checkpoints.push({ stream, state: stateJson(state) })
  }
  yield { type: 'checkpoint', checkpoints }
}

/** A copy in several snapshots is whole when the log has been read up to the last one: whoever reads it says so. */
function* completeMessage({ stream, replication }: CopyProgress): Generator<SourceMessage> {
  if (replication === undefined) yield { type: 'stream_completed', stream: stream.configured.stream }
  else if (!isLaterSnapshot(replication)) {
    yield { type: 'stream_copied', stream: stream.configured.stream, at: replication.at }
  }
}

/** What the next run starts from: a new refresh, or what came after this snapshot. */
async function completeState(run: ReadRun, progress: CopyProgress): Promise<StreamState> {
  const { configured, relation } = progress.stream
  if (progress.replication !== undefined) return replicatingState(progress.replication, relation!.oid)
  if (configured.syncMode === 'full_refresh') return { version: 1, phase: 'complete' }
  return run.guardOf(progress.stream) === 'xmin' ? progress.xminState() : await startCursorState(run, progress.stream)
}
