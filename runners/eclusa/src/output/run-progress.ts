import { streamKey } from '@eclusa/sdk'
import type { RunEvent } from '@eclusa/sdk'

/** What is known of one stream of a run. Times are milliseconds since 1970. */
export interface StreamProgress {
  readonly key: string
  readonly status: 'running' | 'completed'
  readonly rows: number
  readonly bytes: number
  readonly rowsEstimated: number | undefined
  readonly unrepresentable: number
  readonly startedAtMs: number
  readonly durationMs: number
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
}

export const noProgress: RunProgress = { streamsTotal: 0, streams: new Map(), steps: new Map(), startedAtMs: 0 }

/** Takes in one event. Pure: gives a new state. */
export function advance(progress: RunProgress, event: RunEvent): RunProgress {
  const atMs = Date.parse(event.at)
  switch (event.type) {
    case 'run_started':
      return { ...noProgress, streamsTotal: event.streams.length, startedAtMs: atMs }
    case 'stream_started':
      return withStream(progress, {
        ...newStream(streamKey(event.stream), atMs),
        rowsEstimated: event.rowsEstimated,
      })
    case 'stream_restarted': {
      const { rowsEstimated } = streamOf(progress, streamKey(event.stream), atMs)
      return withStream(progress, { ...newStream(streamKey(event.stream), atMs), rowsEstimated })
    }
    case 'stream_progress': {
      const { rows, bytes } = event
      const stream = streamOf(progress, streamKey(event.stream), atMs)
      return withStream(progress, { ...stream, rows, bytes, durationMs: atMs - stream.startedAtMs })
    }
    case 'stream_completed': {
      const { rows, bytes, unrepresentable, durationMs } = event
      const stream = streamOf(progress, streamKey(event.stream), atMs)
      return withStream(progress, { ...stream, status: 'completed', rows, bytes, unrepresentable, durationMs })
    }
    case 'step_started':
      return withStep(progress, newStep(event.step, atMs))
    case 'step_node':
      return withStep(progress, withNode(stepOf(progress, event.step, atMs), event))
    case 'step_completed': {
      const { status, summary, durationMs } = event
      return withStep(progress, {
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

function newStream(key: string, startedAtMs: number): StreamProgress {
  return {
    key,
    startedAtMs,
    status: 'running',
    rows: 0,
    bytes: 0,
    rowsEstimated: undefined,
    unrepresentable: 0,
    durationMs: 0,
  }
}

function streamOf(progress: RunProgress, key: string, atMs: number): StreamProgress {
  return progress.streams.get(key) ?? newStream(key, atMs)
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

/** A stream that has told nothing for so long is taken for a slow one, not for one between two tellings. */
const silenceMsMax = 3000

/** The time in which the rows so far came, in milliseconds. */
export function elapsedMs({ startedAtMs, durationMs }: StreamProgress, nowMs: number): number {
  return nowMs - startedAtMs - durationMs > silenceMsMax ? nowMs - startedAtMs : durationMs
}

/** Milliseconds until the stream is done at the rate so far; undefined where there is nothing to go by. */
export function remainingMs(stream: StreamProgress, nowMs: number): number | undefined {
  const fraction = fractionDone(stream)
  const elapsed = elapsedMs(stream, nowMs)
  if (fraction === undefined || fraction < 0.01 || fraction >= 0.99 || elapsed < 500) return undefined
  return (elapsed / fraction) * (1 - fraction)
}
