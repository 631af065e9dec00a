import { streamKey } from '@eclusa/sdk'
import type { LogLevel, RunEvent } from '@eclusa/sdk'
import { formatBytes, formatCount, formatCounted, formatDuration, formatRate } from './quantity.ts'
import { fractionDone, noProgress, recentFlow } from './run-progress.ts'
import type { RunProgress, StreamProgress } from './run-progress.ts'
import type { Paint } from './terminal.ts'

/**
 * What a line (or some) that stays says about an event; undefined for events that are shown otherwise or not at all. Of the
 * rounds of steps while a run follows, all but the first are told only when something is wrong.
 */
export function eventLine(event: RunEvent, paint: Paint, progress: RunProgress = noProgress): string | undefined {
  if (event.type === 'step_completed' && event.status === 'succeeded' && isRepeated(event.step, progress))
    return undefined
  if (event.type === 'stream_completed' && isToldOtherwise(event, progress)) return undefined
  switch (event.type) {
    case 'stream_restarted':
      return `${paint('yellow', '↻')} ${streamKey(event.stream)}  starts again: ${event.reason}`
    case 'stream_completed':
      return completedLine(event, paint)
    case 'step_node':
      return nodeLine(event, paint)
    case 'step_completed': {
      const mark = { succeeded: paint('green', '✓'), warned: paint('yellow', '!'), failed: paint('red', '✗') }[
        event.status
      ]
      return `${mark} ${event.step}  ${event.summary}${paint('dim', `, ${formatDuration(event.durationMs)}`)}`
    }
    case 'caught_up':
      return caughtUpLines(event, progress, paint)
    case 'log':
      // What a connector warns of, the log has told already.
      return event.level === 'debug' || event.origin === 'connector'
        ? undefined
        : logLine(event.level, event.message, paint)
    default:
      return undefined
  }
}

/** Replicated streams are never complete while they are followed: what was copied of them is told here. */
function caughtUpLines(
  event: Extract<RunEvent, { type: 'caught_up' }>,
  { streams }: RunProgress,
  paint: Paint,
): string {
  const facts = (...texts: string[]) => paint('dim', texts.join(', '))
  const read = [...streams.values()].filter(({ status, rows }) => status === 'running' && rows > 0)
  const total = facts(
    formatCounted(event.rows, 'row'),
    formatDuration(event.durationMs),
    'following until it is stopped',
  )
  return [
    ...read.map(({ key, rows, bytes }) => `${key}  ${facts(formatCounted(rows, 'row'), formatBytes(bytes))}`),
    `caught up  ${total}`,
  ]
    .map((line) => `${paint('green', '✓')} ${line}`)
    .join('\n')
}

function isRepeated(step: string, { follow, steps }: RunProgress): boolean {
  return follow !== undefined && follow.stepsEnded > steps.size && steps.has(step)
}

/** What a run that follows has copied was told when it had caught up; a stream that was read on and had nothing new is none. */
function isToldOtherwise(
  { stream, rows, unrepresentable }: Extract<RunEvent, { type: 'stream_completed' }>,
  { follow, streams }: RunProgress,
): boolean {
  const isUneventful = rows === 0 && unrepresentable === 0 && streams.get(streamKey(stream))?.isResumed === true
  return follow?.hasCaughtUp === true || isUneventful
}

/** Streams are read side by side, so how long one took says something only of those that took long. */
const durationMsTold = 5000

function completedLine(event: Extract<RunEvent, { type: 'stream_completed' }>, paint: Paint): string {
  const rate = event.durationMs < durationMsTold ? undefined : formatRate(event, event.durationMs)
  const facts = [
    formatCounted(event.rows, 'row'),
    formatBytes(event.bytes),
    ...(rate === undefined ? [] : [formatDuration(event.durationMs), rate]),
  ]
  const kept = event.unrepresentable === 0 ? '' : `  ${formatCounted(event.unrepresentable, 'value')} kept as text`
  return `${paint('green', '✓')} ${streamKey(event.stream)}  ${paint('dim', facts.join(', '))}${paint('yellow', kept)}`
}

/** A node that ended well is counted, not told. */
function nodeLine(event: Extract<RunEvent, { type: 'step_node' }>, paint: Paint): string | undefined {
  if (event.status !== 'failed' && event.status !== 'warned') return undefined
  const mark = event.status === 'failed' ? paint('red', '✗') : paint('yellow', '!')
  return `${mark} ${event.step}: ${event.nodeType} ${event.node}${event.message === undefined ? '' : `: ${event.message}`}`
}

function logLine(level: LogLevel, message: string, paint: Paint): string {
  const mark = {
    debug: paint('dim', '·'),
    info: paint('cyan', 'i'),
    warn: paint('yellow', '!'),
    error: paint('red', '✗'),
  }
  return `${mark[level]} ${message}`
}

/** An entry of a JSON log, as `createLog` writes it. */
export interface LogEntry {
  readonly level: LogLevel
  readonly message: string
  readonly fields?: Readonly<Record<string, unknown>>
}

/** A log entry for a person: the sentence, then its facts. Of an error among them the message alone will do. */
export function entryLine({ level, message, fields = {} }: LogEntry, paint: Paint): string {
  const facts = Object.entries(fields).map(([key, value]) => `${key}=${factText(value)}`)
  return `${logLine(level, message, paint)}${facts.length === 0 ? '' : paint('dim', `  ${facts.join(' ')}`)}`
}

function factText(value: unknown): string {
  if (typeof value === 'string') return value
  const isError = typeof value === 'object' && value !== null && 'stack' in value && 'message' in value
  return JSON.stringify(isError ? value.message : value)
}

/** One line of progress for places where lines cannot be rewritten. */
export function progressLine(stream: StreamProgress, nowMs: number): string {
  const fraction = fractionDone(stream)
  const flow = recentFlow(stream, nowMs)
  const rate = flow && formatRate(flow, flow.durationMs)
  const facts = [
    formatCounted(stream.rows, 'row'),
    ...(fraction === undefined
      ? []
      : [`${Math.floor(fraction * 100)} % of about ${formatCount(stream.rowsEstimated ?? 0)}`]),
    ...(rate === undefined ? [] : [rate]),
  ]
  return `  ${stream.key}  ${facts.join(', ')}`
}
