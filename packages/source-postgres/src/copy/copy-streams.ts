import type { Checkpoint, ConfiguredStream, SourceMessage } from '@eclusa/sdk'
import { stateJson } from '../checkpoint-state.ts'
import type { CopyState, StreamState } from '../checkpoint-state.ts'
import { startCursorState } from '../incremental/cursor-start.ts'
import type { ReadRun } from '../read-run.ts'
import type { SourceStream } from '../source-stream.ts'
import { CopyProgress } from './copy-progress.ts'
import { readParts } from './copy-part.ts'
import type { CopyPart } from './copy-part.ts'
import { decideResume } from './resume.ts'
import { copyWave } from './wave.ts'
import type { CopyTask } from './wave.ts'

/** A stream to copy from its first row, or from where an earlier run stopped. */
export interface CopyRequest {
  readonly stream: SourceStream
  readonly state: CopyState | undefined
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
  { stream, state }: CopyRequest,
): AsyncGenerator<SourceMessage, CopyProgress, undefined> {
  const { snapshot, facts } = run
  const parts = await readParts(run.coordinator, stream, run.config)
  yield startedMessage(stream.configured, state !== undefined)
  const options = { stream, parts, snapshot, identity: facts.identity }
  if (state === undefined) return new CopyProgress(options)
  const reason = await reasonToRestart(run, { stream, state, parts })
  if (reason === undefined) return new CopyProgress({ ...options, proven: state })
  yield { type: 'stream_restarted', stream: stream.configured.stream, reason }
  return new CopyProgress(options)
}

async function reasonToRestart(
  run: ReadRun,
  { stream, state, parts }: { stream: SourceStream; state: CopyState; parts: readonly CopyPart[] },
): Promise<string | undefined> {
  const [reader] = await run.readers(1)
  const { snapshot, facts, config } = run
  const decision = await decideResume({
    stream,
    state,
    parts,
    snapshot,
    identity: facts.identity,
    reader: reader!,
    chunkBytes: config.chunk_bytes,
  })
  await reader!.release()
  return decision.resumes ? undefined : decision.reason
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
    if (progress.isComplete) yield { type: 'stream_completed', stream }
    checkpoints.push({ stream, state: stateJson(state) })
  }
  yield { type: 'checkpoint', checkpoints }
}

/** What the next run starts from: a new refresh, or what came after this snapshot. */
async function completeState(run: ReadRun, progress: CopyProgress): Promise<StreamState> {
  const { configured } = progress.stream
  if (configured.syncMode === 'full_refresh') return { version: 1, phase: 'complete' }
  return run.guardOf(progress.stream) === 'xmin' ? progress.xminState() : await startCursorState(run, progress.stream)
}
