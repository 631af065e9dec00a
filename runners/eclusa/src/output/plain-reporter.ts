import { streamKey } from '@eclusa/sdk'
import type { RunEvent } from '@eclusa/sdk'
import { eventLine, progressLine } from './event-line.ts'
import { formatCounted, formatDuration } from './quantity.ts'
import { advance, noProgress } from './run-progress.ts'
import type { FollowProgress, RunProgress } from './run-progress.ts'
import type { RunReporter } from './run-reporter.ts'
import type { Terminal } from './terminal.ts'

/** A log is read later: one line of progress per stream in so long is plenty. */
const progressIntervalMs = 10_000

/** A run that follows is told of once in so long, and only if there was something to follow. */
const followIntervalMs = 60_000

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
  let followTold = { atMs: 0, rows: 0 }
  const tellFollow = (follow: FollowProgress, nowMs: number) => {
    if (nowMs - followTold.atMs < followIntervalMs || follow.rows === followTold.rows) return
    const { lag } = follow
    const facts = [
      `${formatCounted(follow.rows - followTold.rows, 'row')} in ${formatDuration(nowMs - followTold.atMs)}`,
      ...(lag.ms === undefined ? [] : [`lag ${formatDuration(lag.ms)}`]),
    ]
    if (followTold.atMs > 0) terminal.note(`  following  ${facts.join(', ')}`)
    followTold = { atMs: nowMs, rows: follow.rows }
  }
  return {
    onEvent: (event) => {
      progress = advance(progress, event)
      const { follow } = progress
      if (follow?.hasCaughtUp !== true) {
        if (event.type === 'stream_progress') tellProgress(event)
      } else if (event.type === 'committed' || event.type === 'caught_up') {
        tellFollow(follow, Date.parse(event.at))
      }
      const line = eventLine(event, terminal.paintNote, progress)
      if (line !== undefined) terminal.note(line)
    },
    end: () => {},
  }
}
