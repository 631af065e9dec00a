import { streamKey } from '@eclusa/sdk'
import type { RunEvent } from '@eclusa/sdk'
import { eventLine, progressLine } from './event-line.ts'
import { advance, noProgress } from './run-progress.ts'
import type { RunProgress } from './run-progress.ts'
import type { RunReporter } from './run-reporter.ts'
import type { Terminal } from './terminal.ts'

/** A log is read later: one line of progress per stream in so long is plenty. */
const progressIntervalMs = 10_000

/** Plain lines, for pipes and CI logs: what ended, what went wrong, and now and then how far a long stream is. */
export function createPlainReporter(terminal: Pick<Terminal, 'note' | 'paintNote'>): RunReporter {
  let progress: RunProgress = noProgress
  const toldAtMs = new Map<string, number>()
  const tellProgress = (event: Extract<RunEvent, { type: 'stream_progress' }>) => {
    const stream = progress.streams.get(streamKey(event.stream))!
    const nowMs = Date.parse(event.at)
    const lastMs = toldAtMs.get(stream.key)
    if (lastMs !== undefined && nowMs - lastMs < progressIntervalMs) return
    toldAtMs.set(stream.key, nowMs)
    // The first telling only sets the clock: most streams are done before there is anything to add.
    if (lastMs === undefined) return
    terminal.note(progressLine(stream, nowMs))
  }
  return {
    onEvent: (event) => {
      progress = advance(progress, event)
      if (event.type === 'stream_progress') tellProgress(event)
      const line = eventLine(event, terminal.paintNote)
      if (line !== undefined) terminal.note(line)
    },
    end: () => {},
  }
}
