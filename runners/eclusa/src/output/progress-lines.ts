import { stripVTControlCharacters } from 'node:util'
import { formatBytes, formatCount, formatDuration, formatRate } from './quantity.ts'
import { followRate, fractionDone, recentFlow, remainingMs } from './run-progress.ts'
import type { FollowProgress, RunProgress, StepProgress, StreamProgress } from './run-progress.ts'
import type { Paint } from './terminal.ts'

export interface ProgressView {
  readonly nowMs: number
  readonly columns: number
  readonly paint: Paint
}

const barWidth = 20
const spinnerFrames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const spinnerIntervalMs = 100

/** The live block: what is under way, with bars, rates and time left, and one line for the whole run. Pure. */
export function progressLines(progress: RunProgress, view: ProgressView): string[] {
  const streams = [...progress.streams.values()]
  // A source may start all its streams at once; those whose turn has not come have nothing to show.
  const running = streams.filter(({ status, rows }) => status === 'running' && rows > 0)
  const steps = [...progress.steps.values()].filter(({ status }) => status === 'running')
  const { follow } = progress
  if (follow?.hasCaughtUp === true) {
    return [...steps.map((step) => stepLine(step, view)), followLine(follow, view)].map((line) => line.trimEnd())
  }
  const nameWidth = Math.max(0, ...running.map(({ key }) => key.length))
  return [
    ...running.map((stream) => streamLine(stream, nameWidth, view)),
    ...steps.map((step) => stepLine(step, view)),
    ...(steps.length === 0 ? [totalLine(progress, streams, view)] : []),
  ].map((line) => line.trimEnd())
}

function spinner({ nowMs, paint }: ProgressView): string {
  return paint('cyan', spinnerFrames[Math.floor(nowMs / spinnerIntervalMs) % spinnerFrames.length]!)
}

function streamLine(stream: StreamProgress, nameWidth: number, view: ProgressView): string {
  const { paint, nowMs } = view
  const fraction = fractionDone(stream)
  const flow = recentFlow(stream, nowMs)
  const rate = flow && formatRate(flow, flow.durationMs)
  const leftMs = remainingMs(stream, nowMs)
  const facts = [
    ...(fraction === undefined ? [] : [`${String(Math.floor(fraction * 100)).padStart(3)} %`]),
    `${formatCount(stream.rows)} rows`,
    ...(rate === undefined ? [] : [rate]),
    ...(leftMs === undefined ? [] : [`${formatDuration(leftMs)} left`]),
  ]
  return fit(`${spinner(view)} ${stream.key.padEnd(nameWidth)}  ${bar(fraction, view)}  `, facts, view, paint)
}

function bar(fraction: number | undefined, { paint }: ProgressView): string {
  const filled = Math.round((fraction ?? 0) * barWidth)
  return `${paint('cyan', '█'.repeat(filled))}${paint('dim', '░'.repeat(barWidth - filled))}`
}

/** Facts are dropped from the end until the line fits: a wrapped line makes the block jump. */
function fit(head: string, facts: readonly string[], { columns }: ProgressView, paint: Paint): string {
  const headWidth = stripVTControlCharacters(head).length
  let shown = facts.length
  while (shown > 0 && headWidth + facts.slice(0, shown).join('  ').length > columns) shown--
  return `${head}${paint('dim', facts.slice(0, shown).join('  '))}`
}

function stepLine(step: StepProgress, view: ProgressView): string {
  const failed = step.nodesFailed === 0 ? '' : `, ${step.nodesFailed} failed`
  const facts = [
    `${step.nodesEnded} done${failed}`,
    formatDuration(view.nowMs - step.startedAtMs),
    step.nodesRunning.join(', '),
  ]
  return fit(`${spinner(view)} ${step.name}  `, facts, view, view.paint)
}

/** While a run follows its streams are always under way: one line tells how it keeps up. */
function followLine(follow: FollowProgress, view: ProgressView): string {
  const { rowsPerSecond, bytesPerSecond } = followRate(follow, view.nowMs)
  const facts = [
    formatRate({ rows: rowsPerSecond, bytes: bytesPerSecond }, 1000) ?? '0 rows/s',
    ...lagFacts(follow, view.nowMs),
    `${formatCount(follow.rows)} rows`,
  ]
  return fit(`${spinner(view)} following  `, facts, view, view.paint)
}

/** How a run keeps up: its lag, and how old its last commit is. */
function lagFacts({ lag, lastCommitAtMs }: FollowProgress, nowMs: number): string[] {
  return [
    ...(lag.ms === undefined ? [] : [`lag ${formatDuration(lag.ms)}`]),
    ...(lag.bytes === undefined ? [] : [`${formatBytes(lag.bytes)} to read`]),
    ...(lastCommitAtMs === undefined ? [] : [`committed ${formatDuration(Math.max(0, nowMs - lastCommitAtMs))} ago`]),
  ]
}

function totalLine(progress: RunProgress, streams: readonly StreamProgress[], view: ProgressView): string {
  const rows = streams.reduce((sum, stream) => sum + stream.rows, 0)
  const bytes = streams.reduce((sum, stream) => sum + stream.bytes, 0)
  const runMs = view.nowMs - progress.startedAtMs
  if (progress.startedAtMs === 0) return `${spinner(view)} ${view.paint('dim', 'starting')}`
  const completed = streams.filter(({ status }) => status === 'completed').length
  const rate = formatRate({ rows, bytes }, runMs)
  const facts = [`${formatCount(rows)} rows`, ...(rate === undefined ? [] : [rate]), formatDuration(runMs)]
  return fit(`${spinner(view)} ${completed} of ${progress.streamsTotal} streams  `, facts, view, view.paint)
}
