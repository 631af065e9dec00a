import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { EclusaError, runEventSchema } from '@eclusa/sdk'
import type { RunEvent } from '@eclusa/sdk'

/** `unfinished`: no last event was written; the run is still going on, or its process was killed. */
export type RunStatus = 'succeeded' | 'partial' | 'failed' | 'cancelled' | 'unfinished'

export interface RunSummary {
  readonly runId: string
  readonly pipeline: string
  readonly startedAt: string
  readonly status: RunStatus
  readonly rows: number
  readonly bytes: number
  readonly unrepresentable: number
  readonly durationMs: number
  /** Streams completed and steps run, in order. */
  readonly streamsCompleted: number
  readonly stepsCompleted: number
  readonly failure?: { readonly code: string; readonly message: string }
}

/** The history of runs. A copy for people: a run never resumes from here, only from the destination's checkpoints. */
export interface RunStore {
  /** Appends one event; those of one run arrive in order. */
  append(event: RunEvent): Promise<void>
  /** The newest runs first. */
  list(options?: { readonly pipeline?: string; readonly limit?: number }): Promise<readonly RunSummary[]>
  /** Every stored event of one run, in order; progress and lag are not stored. */
  events(runId: string): Promise<readonly RunEvent[]>
}

export interface RunStoreOptions {
  /** Folder for the history, created when the first event is stored. */
  readonly directory: string
  /** Older runs beyond this number are removed when a run starts. Default 500. */
  readonly runsMax?: number
}

const runsMaxDefault = 500
const listLimitDefault = 20

/**
 * Opens a run store of one JSON-lines file per run, named by start time, so that the folder sorts by age and any tool
 * reads it. A line that a crash cut off is skipped.
 *
 * @throws RUN_STORE_UNREADABLE when the folder cannot be read or written.
 */
export function openRunStore({ directory, runsMax = runsMaxDefault }: RunStoreOptions): RunStore {
  const files = new Map<string, string>()

  async function fileNames(): Promise<string[]> {
    try {
      return (await readdir(directory))
        .filter((name) => name.endsWith('.jsonl'))
        .toSorted()
        .toReversed()
    } catch (error) {
      if (isMissing(error)) return []
      throw unreadable(directory, error)
    }
  }

  async function startFile(event: RunEvent): Promise<string> {
    await mkdir(directory, { recursive: true })
    for (const name of (await fileNames()).slice(runsMax - 1)) await rm(path.join(directory, name), { force: true })
    return path.join(directory, `${event.at.replaceAll(/[:.]/gu, '-')}_${event.runId}.jsonl`)
  }

  async function read(name: string): Promise<RunEvent[]> {
    return parseEvents(await readFile(path.join(directory, name), 'utf8'))
  }

  return {
    async append(event) {
      if (event.type === 'stream_progress' || event.type === 'lag') return
      try {
        const file = files.get(event.runId) ?? (await startFile(event))
        files.set(event.runId, file)
        await appendFile(file, `${JSON.stringify(event)}\n`)
        if (event.type === 'run_completed') files.delete(event.runId)
      } catch (error) {
        throw EclusaError.isInstance(error) ? error : unreadable(directory, error)
      }
    },
    async list({ pipeline, limit = listLimitDefault } = {}) {
      const summaries: RunSummary[] = []
      for (const name of await fileNames()) {
        const summary = summarize(await read(name))
        if (summary !== undefined && (pipeline === undefined || summary.pipeline === pipeline)) summaries.push(summary)
        if (summaries.length >= limit) break
      }
      return summaries
    },
    async events(runId) {
      const name = (await fileNames()).find((candidate) => candidate.endsWith(`_${runId}.jsonl`))
      return name === undefined ? [] : await read(name)
    },
  }
}

function parseEvents(text: string): RunEvent[] {
  return text.split('\n').flatMap((line) => {
    if (line === '') return []
    try {
      return [runEventSchema.parse(JSON.parse(line))]
    } catch {
      return []
    }
  })
}

function summarize(events: readonly RunEvent[]): RunSummary | undefined {
  const first = events[0]
  if (first === undefined) return undefined
  const last = events.findLast((event) => event.type === 'run_completed')
  const committed = events.filter((event) => event.type === 'committed')
  const completed = events.filter((event) => event.type === 'stream_completed')
  const failure = last?.failure
  return {
    runId: first.runId,
    pipeline: first.pipeline,
    startedAt: first.at,
    status: last?.status ?? 'unfinished',
    rows: last?.rows ?? committed.reduce((sum, { rows }) => sum + rows, 0),
    bytes: last?.bytes ?? committed.reduce((sum, { bytes }) => sum + bytes, 0),
    unrepresentable: last?.unrepresentable ?? completed.reduce((sum, { unrepresentable }) => sum + unrepresentable, 0),
    durationMs: last?.durationMs ?? Date.parse(events.at(-1)!.at) - Date.parse(first.at),
    streamsCompleted: completed.length,
    stepsCompleted: events.filter(({ type }) => type === 'step_completed').length,
    ...(failure === undefined ? {} : { failure: { code: failure.code, message: failure.message } }),
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function unreadable(directory: string, cause: unknown): EclusaError {
  return new EclusaError('RUN_STORE_UNREADABLE', {
    message: `The history of runs in ${directory} cannot be read or written: ${cause instanceof Error ? cause.message : String(cause)}.`,
    cause,
  })
}
