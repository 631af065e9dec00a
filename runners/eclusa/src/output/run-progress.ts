import { streamKey } from '@eclusa/sdk'
import type { RunEvent } from '@eclusa/sdk'

/** What is known of one stream of a run. Times are milliseconds since 1970. */
export interface StreamProgress {
  readonly key: string
  readonly status: 'running' | 'completed'
  /** Read on from where an earlier run stopped. */
  readonly isResumed: boolean
  readonly rows: number
  readonly bytes: number
  readonly rowsEstimated: number | undefined
  readonly unrepresentable: number
  readonly durationMs: number
  /** What was told in the last seconds, oldest first: what the present rate is taken from. */
  readonly samples: readonly Sample[]
}

/** Counts at a moment. */
export interface Sample {
  readonly atMs: number
  readonly rows: number
  readonly bytes: number
}

/** What is known of one step of a run. */
export interface StepProgress {
  readonly name: string
  readonly status: 'running' | 'succeeded' | 'warned' | 'failed'
  readonly summary: string
  readonly startedAtMs: number
  readonly durationMs: number
  /** How many nodes (models, tests, …) ended so far. */
  readonly nodesEnded: number
  readonly nodesFailed: number
  /** Names of the nodes under way, in the order they began. */
  readonly nodesRunning: readonly string[]
}

/** A run as its events tell it so far. */
export interface RunProgress {
  readonly streamsTotal: number
  readonly streams: ReadonlyMap<string, StreamProgress>
  readonly steps: ReadonlyMap<string, StepProgress>
  readonly startedAtMs: number
  /** Of a run that follows. */
  readonly follow: FollowProgress | undefined
}

/** How a run follows. Counts are what it has committed since it started. */
export interface FollowProgress {
  readonly hasCaughtUp: boolean
  readonly rows: number
  readonly bytes: number
  readonly lastCommitAtMs: number | undefined
  readonly lag: { readonly bytes?: number; readonly ms?: number }
  /** After the commits of the last seconds, oldest first, with one from before. */
  readonly samples: readonly Sample[]
  /** How many times a step has ended. */
  readonly stepsEnded: number
}

/** How far back the present rate looks. */
const windowMs = 10_000
const silenceMsMax = 3000
/** A shorter look back says nothing about the time left. */
const flowMsMin = 500

export const noProgress: RunProgress = {
  streamsTotal: 0,
  streams: new Map(),
  steps: new Map(),
  startedAtMs: 0,
  follow: undefined,
}

/** Takes in one event. Pure: gives a new state. */
export function advance(progress: RunProgress, event: RunEvent): RunProgress {
  const atMs = Date.parse(event.at)
  switch (event.type) {
    case 'run_started':
      return {
        ...noProgress,
        streamsTotal: event.streams.length,
        startedAtMs: atMs,
        follow: event.follow === true ? newFollow(atMs) : undefined,
      }
    case 'caught_up':
      return withFollow(progress, { hasCaughtUp: true })
    case 'lag':
      return withFollow(progress, { lag: lagAfter(progress.follow?.lag ?? {}, { bytes: event.bytes }) })
    case 'committed':
      return progress.follow === undefined ? progress : withFollow(progress, afterCommit(progress.follow, event, atMs))
    case 'stream_started':
      return withStream(progress, {
        ...newStream(streamKey(event.stream)),
        isResumed: event.resumed,
        rowsEstimated: event.rowsEstimated,
      })
    case 'stream_restarted': {
      const { rowsEstimated } = streamOf(progress, streamKey(event.stream))
      return withStream(progress, { ...newStream(streamKey(event.stream)), rowsEstimated })
    }
    case 'stream_progress': {
      const { rows, bytes } = event
      const stream = streamOf(progress, streamKey(event.stream))
      const samples = [...stream.samples.filter((sample) => atMs - sample.atMs <= windowMs), { atMs, rows, bytes }]
      return withStream(progress, { ...stream, rows, bytes, samples })
    }
    case 'stream_completed': {
      const { rows, bytes, unrepresentable, durationMs } = event
      const stream = streamOf(progress, streamKey(event.stream))
      return withStream(progress, { ...stream, status: 'completed', rows, bytes, unrepresentable, durationMs })
    }
    case 'step_started':
      return withStep(progress, newStep(event.step, atMs))
    case 'step_node':
      return withStep(progress, withNode(stepOf(progress, event.step, atMs), event))
    case 'step_completed': {
      const { status, summary, durationMs } = event
      const stepsEnded = (progress.follow?.stepsEnded ?? 0) + 1
      return withStep(withFollow(progress, { stepsEnded }), {
        ...stepOf(progress, event.step, atMs),
        status,
        summary,
        durationMs,
        nodesRunning: [],
      })
    }
    default:
      return progress
  }
}

function newFollow(atMs: number): FollowProgress {
  const samples = [{ atMs, rows: 0, bytes: 0 }]
  return { hasCaughtUp: false, rows: 0, bytes: 0, lastCommitAtMs: undefined, lag: {}, samples, stepsEnded: 0 }
}

function afterCommit(
  follow: FollowProgress,
  event: Extract<RunEvent, { type: 'committed' }>,
  atMs: number,
): Partial<FollowProgress> {
  const rows = follow.rows + event.rows
  const bytes = follow.bytes + event.bytes
  const firstKept = follow.samples.findLastIndex((sample) => atMs - sample.atMs > windowMs)
  const samples = [...follow.samples.slice(Math.max(0, firstKept)), { atMs, rows, bytes }]
  return { rows, bytes, samples, lastCommitAtMs: atMs, lag: lagAfter(follow.lag, event.lag ?? {}) }
}

function lagAfter(
  before: FollowProgress['lag'],
  { bytes = before.bytes, ms = before.ms }: { bytes?: number | undefined; ms?: number | undefined },
): FollowProgress['lag'] {
  return { ...(bytes === undefined ? {} : { bytes }), ...(ms === undefined ? {} : { ms }) }
}

function withFollow(progress: RunProgress, changed: Partial<FollowProgress>): RunProgress {
  return progress.follow === undefined ? progress : { ...progress, follow: { ...progress.follow, ...changed } }
}

/** Rows and bytes per second of late, by what was committed; 0 in silence. */
export function followRate(
  { samples, rows, bytes }: FollowProgress,
  nowMs: number,
): { readonly rowsPerSecond: number; readonly bytesPerSecond: number } {
  const isSilent = nowMs - samples.at(-1)!.atMs > windowMs
  const first = samples.findLast((sample) => nowMs - sample.atMs >= windowMs) ?? samples[0]!
  const seconds = Math.max(1, (nowMs - first.atMs) / 1000)
  if (isSilent) return { rowsPerSecond: 0, bytesPerSecond: 0 }
  return { rowsPerSecond: (rows - first.rows) / seconds, bytesPerSecond: (bytes - first.bytes) / seconds }
}

function newStream(key: string): StreamProgress {
  return {
    key,
    status: 'running',
    isResumed: false,
    rows: 0,
    bytes: 0,
    rowsEstimated: undefined,
    unrepresentable: 0,
    durationMs: 0,
    samples: [],
  }
}

function streamOf(progress: RunProgress, key: string): StreamProgress {
  return progress.streams.get(key) ?? newStream(key)
}

function withStream(progress: RunProgress, stream: StreamProgress): RunProgress {
  return { ...progress, streams: new Map(progress.streams).set(stream.key, stream) }
}

function newStep(name: string, startedAtMs: number): StepProgress {
  return {
    name,
    startedAtMs,
    status: 'running',
    summary: '',
    durationMs: 0,
    nodesEnded: 0,
    nodesFailed: 0,
    nodesRunning: [],
  }
}

function stepOf(progress: RunProgress, name: string, atMs: number): StepProgress {
  return progress.steps.get(name) ?? newStep(name, atMs)
}

function withStep(progress: RunProgress, step: StepProgress): RunProgress {
  return { ...progress, steps: new Map(progress.steps).set(step.name, step) }
}

function withNode(step: StepProgress, event: Extract<RunEvent, { type: 'step_node' }>): StepProgress {
  if (event.status === 'started') return { ...step, nodesRunning: [...step.nodesRunning, event.node] }
  return {
    ...step,
    nodesRunning: step.nodesRunning.filter((node) => node !== event.node),
    nodesEnded: step.nodesEnded + 1,
    nodesFailed: step.nodesFailed + (event.status === 'failed' ? 1 : 0),
  }
}

/** How far a stream is, 0 to 1; undefined without an estimate. Estimates may be too low: below 1 until it completes. */
export function fractionDone({ status, rows, rowsEstimated }: StreamProgress): number | undefined {
  if (status === 'completed') return 1
  if (rowsEstimated === undefined || rowsEstimated <= 0) return undefined
  return Math.min(0.99, rows / rowsEstimated)
}

/** What came lately and in how many milliseconds; undefined until there is something to compare. */
export function recentFlow(
  { samples }: StreamProgress,
  nowMs: number,
): (Omit<Sample, 'atMs'> & { readonly durationMs: number }) | undefined {
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined || first === last) return undefined
  // Streams tell of themselves several times a second; one that is silent for longer has slowed down.
  const endMs = nowMs - last.atMs > silenceMsMax ? nowMs : last.atMs
  return { rows: last.rows - first.rows, bytes: last.bytes - first.bytes, durationMs: endMs - first.atMs }
}

/** Milliseconds until the stream is done at the present rate; undefined where there is nothing to go by. */
export function remainingMs(stream: StreamProgress, nowMs: number): number | undefined {
  const flow = recentFlow(stream, nowMs)
  const rowsLeft = (stream.rowsEstimated ?? 0) - stream.rows
  if (flow === undefined || flow.rows === 0 || rowsLeft <= 0 || flow.durationMs < flowMsMin) return undefined
  return (rowsLeft / flow.rows) * flow.durationMs
}
