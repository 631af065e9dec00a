import type { Log, RunEvent } from '@eclusa/sdk'
import type { RunStore } from './run-store.ts'

/** A run on its way into the history. */
export interface RunHistory {
  append(event: RunEvent): void
  /** Resolves when all that was appended is stored. */
  flush(): Promise<void>
}

/** Stores events behind the run: a history that cannot be written is a warning, never the end of a run. */
export function storeHistory(runStore: RunStore | undefined, log: Log): RunHistory {
  const digest = new HistoryDigest()
  let last: Promise<void> = Promise.resolve()
  let failed = false
  const store = async (event: RunEvent) => {
    if (runStore === undefined || failed) return
    try {
      await runStore.append(event)
    } catch (error) {
      failed = true
      log.warn(error instanceof Error ? error.message : String(error))
    }
  }
  return {
    append: (event) => {
      for (const digested of digest.take(event)) last = last.then(async () => await store(digested))
    },
    flush: async () => await last,
  }
}

type CommittedEvent = Extract<RunEvent, { type: 'committed' }>

const commitsTogetherMs = 60_000

/**
 * What the history keeps of a run that follows for weeks: once it has caught up, the commits of a minute become one
 * event, with the sum of their rows, and of the nodes of steps only those are kept that did not end well.
 */
export class HistoryDigest {
  #hasCaughtUp = false
  #commits: CommittedEvent | undefined
  #sinceMs = 0

  /** @returns what is to be stored now, in order. */
  take(event: RunEvent): RunEvent[] {
    if (event.type === 'caught_up') this.#hasCaughtUp = true
    if (!this.#hasCaughtUp || event.type === 'stream_progress') return [event]
    if (event.type === 'step_node') return isWorthKeeping(event) ? [event] : []
    if (event.type === 'committed') return this.#addCommit(event)
    // The end of a run is its last event.
    return event.type === 'run_completed' ? [...this.#takeCommits(), event] : [event]
  }

  #addCommit(event: CommittedEvent): RunEvent[] {
    const atMs = Date.parse(event.at)
    const before = this.#commits
    if (before === undefined) this.#sinceMs = atMs
    this.#commits = before === undefined ? event : sumOf(before, event)
    return atMs - this.#sinceMs >= commitsTogetherMs ? this.#takeCommits() : []
  }

  #takeCommits(): RunEvent[] {
    const commits = this.#commits
    this.#commits = undefined
    return commits === undefined ? [] : [commits]
  }
}

function isWorthKeeping({ status }: Extract<RunEvent, { type: 'step_node' }>): boolean {
  return status === 'failed' || status === 'warned'
}

function sumOf(before: CommittedEvent, event: CommittedEvent): CommittedEvent {
  const streams = [...before.streams, ...event.streams]
  return {
    ...event,
    rows: before.rows + event.rows,
    bytes: before.bytes + event.bytes,
    durationMs: before.durationMs + event.durationMs,
    streams: [...new Map(streams.map((stream) => [JSON.stringify(stream), stream])).values()],
  }
}
