import type { PipelineStatus, StreamStatus } from '@eclusa/pipeline'
import type { FollowStatus } from '../socket/socket-message.ts'
import { formatFindings } from './findings.ts'
import { formatBytes, formatCount, formatDuration, formatRate } from './quantity.ts'
import { formatTable } from './table.ts'
import type { Paint } from './terminal.ts'

export interface StatusView {
  readonly status: PipelineStatus
  /** Of the process that follows; undefined when there is none. */
  readonly follow: FollowStatus | undefined
  readonly nowMs: number
}

/** How far the warehouse is behind the source: undefined parts are not known. */
interface Lag {
  readonly bytes?: number
  readonly ms?: number
}

/**
 * Where something is left to read, the warehouse is as old as it was at the last commit, of which the process that follows
 * knows how old its last change was, and the time since. A source that cannot be asked may have written anything.
 */
function lagOf({ status, follow, nowMs }: StatusView): Lag | undefined {
  const { replication, lastCommit, sourceError } = status
  if (sourceError !== undefined) return undefined
  const bytes = replication?.lag?.bytes ?? follow?.lag.bytes
  if (bytes === 0) return { bytes, ms: 0 }
  const committedAtMs = follow?.lastCommitAtMs ?? lastCommit?.atMs
  const sinceCommitMs = bytes === undefined || committedAtMs === undefined ? 0 : Math.max(0, nowMs - committedAtMs)
  const knownMs = follow?.lag.ms ?? replication?.lag?.ms
  if (bytes === undefined && knownMs === undefined) return undefined
  return { ...(bytes === undefined ? {} : { bytes }), ms: (knownMs ?? 0) + sinceCommitMs }
}

/** What `eclusa status --json` prints: times in ISO 8601, sizes in bytes, durations in milliseconds. */
export function statusDocument(view: StatusView): object {
  const { status, follow } = view
  const { replication, lastCommit, sourceError } = status
  const optional = {
    follow: follow && followDocument(follow),
    position: replication?.position,
    lag: lagOf(view),
    replication: replication && { ...replication, streams: undefined },
    lastCommit: lastCommit && { ...lastCommit, atMs: undefined, at: isoTime(lastCommit.atMs) },
    sourceError: sourceError && { code: sourceError.code, message: sourceError.message, remedy: sourceError.remedy },
  }
  const streams = status.streams.map(({ lastRowsAtMs, ...stream }) => ({
    ...stream,
    lastRowsAt: lastRowsAtMs === undefined ? undefined : isoTime(lastRowsAtMs),
  }))
  return { pipeline: status.pipeline, isFollowed: follow !== undefined, ...optional, streams }
}

/** The lag is told for the whole. */
function followDocument({ startedAtMs, lastCommitAtMs, ...facts }: FollowStatus): object {
  return {
    ...facts,
    lag: undefined,
    startedAt: isoTime(startedAtMs),
    lastCommitAt: lastCommitAtMs === undefined ? undefined : isoTime(lastCommitAtMs),
  }
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString()
}

/** The same for people. */
export function formatStatus(view: StatusView, paint: Paint): string {
  const { status } = view
  const findings = status.replication?.findings.filter((finding) => finding.status !== 'passed') ?? []
  return [
    `${paint('bold', `Pipeline ${status.pipeline}`)}  ${followText(view, paint)}`,
    ...factLines(view).map(([name, text]) => `  ${name.padEnd(14)}${text}`),
    ...(findings.length === 0 ? [] : ['', formatFindings(findings, paint)]),
    '',
    streamTable(status.streams, view.nowMs),
  ].join('\n')
}

function followText({ follow, nowMs }: StatusView, paint: Paint): string {
  if (follow === undefined) return paint('dim', 'nobody follows it')
  const what = follow.hasCaughtUp ? 'is followed' : 'is catching up'
  return paint('green', `${what} by process ${follow.pid} for ${formatDuration(nowMs - follow.startedAtMs)}`)
}

function factLines(view: StatusView): [string, string][] {
  const { status, follow, nowMs } = view
  const { replication, lastCommit, sourceError } = status
  const lag = lagOf(view)
  const unknownLag = sourceError && 'not known: the source cannot be asked'
  const lines: [string, string | undefined][] = [
    ['position', replication?.position && `${replication.position}, the server is at ${replication.serverPosition}`],
    ['lag', lag === undefined ? unknownLag : lagText(lag)],
    ['server keeps', replication?.retainedBytes === undefined ? undefined : keptText(replication)],
    ['slot', replication && `${replication.slot}, ${replication.isActive ? 'in use' : 'not in use'}`],
    ['rate', follow && rateText(follow)],
    [
      'last commit',
      lastCommit && `${formatDuration(Math.max(0, nowMs - lastCommit.atMs))} ago, number ${lastCommit.sequence}`,
    ],
  ]
  return lines.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as [string, string]]))
}

function lagText({ bytes, ms }: Lag): string {
  return [...(bytes === undefined ? [] : [formatBytes(bytes)]), ...(ms === undefined ? [] : [formatDuration(ms)])].join(
    ', ',
  )
}

function keptText({ retainedBytes = 0, retainedBytesMax }: NonNullable<PipelineStatus['replication']>): string {
  const limit = retainedBytesMax === undefined ? '' : ` of ${formatBytes(retainedBytesMax)} at most`
  return `${formatBytes(retainedBytes)} of its log${limit}`
}

function rateText({ rowsPerSecond, bytesPerSecond, rows }: FollowStatus): string {
  const rate = formatRate({ rows: rowsPerSecond, bytes: bytesPerSecond }, 1000) ?? '0 rows/s'
  return `${rate}; ${formatCount(rows)} rows since the start`
}

function streamTable(streams: readonly StreamStatus[], nowMs: number): string {
  return formatTable(
    [{ name: 'stream' }, { name: 'mode' }, { name: 'state' }, { name: 'table' }, { name: 'last rows' }],
    streams.map(({ stream, mode, destinationSyncMode, phase, table, lastRowsAtMs }) => [
      stream,
      [mode.replace('_', ' '), ...(destinationSyncMode === undefined ? [] : [destinationSyncMode])].join(', '),
      phase.replace('_', ' '),
      table ?? '',
      lastRowsAtMs === undefined ? '' : `${formatDuration(Math.max(0, nowMs - lastRowsAtMs))} ago`,
    ]),
  )
}
