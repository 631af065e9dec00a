import { EclusaError } from '@eclusa/sdk'
import type { Batch } from '../compile/run-scope.ts'
import type { ManifestNode } from '../manifest/node.ts'

const batchSizes = ['hour', 'day', 'month', 'year'] as const
type BatchSize = (typeof batchSizes)[number]

/** Whether the model is built window by window of its event time. */
export function isMicrobatch(node: ManifestNode): boolean {
  const { config } = node
  return config.materialized === 'incremental' && config['incremental_strategy'] === 'microbatch'
}

export interface BatchBounds {
  /** Whether there are rows already: then only the last windows are built. */
  readonly isIncremental: boolean
  /** ISO 8601; as given on the command line. */
  readonly start?: string | undefined
  readonly end?: string | undefined
  readonly now: Date
}

/**
 * The windows of a microbatch model, oldest first, each of its `batch_size` in UTC; the last ends at the end asked for.
 * Without one that is the end of the current window; without a start they begin `lookback` windows before the current one,
 * or at the model's `begin` when it is built for the first time.
 *
 * @throws MODEL_FAILED for a model without batch_size, or without begin where that is needed.
 */
export function batchesOf(node: ManifestNode, { isIncremental, start, end, now }: BatchBounds): Batch[] {
  const size = batchSizeOf(node)
  const last = end === undefined ? ceiling(now, size) : timeOf(node, 'event-time-end', end)
  const first =
    start === undefined
      ? firstOf(node, size, { isIncremental, last: end === undefined ? now : last })
      : truncate(timeOf(node, 'event-time-start', start), size)
  const batches: Batch[] = []
  for (let from = first; from < last;) {
    const to = offset(from, size, 1)
    batches.push(batchOf(from, to < last ? to : last, size))
    from = to
  }
  return batches
}

function firstOf(
  node: ManifestNode,
  size: BatchSize,
  { isIncremental, last }: { readonly isIncremental: boolean; readonly last: Date },
): Date {
  if (isIncremental) {
    const lookback = Number(node.config['lookback'] ?? 1)
    const isWhole = truncate(last, size).getTime() === last.getTime()
    return offset(last, size, -(lookback + (isWhole ? 1 : 0)))
  }
  const { begin } = node.config
  if (begin == null) throw fault(node, `Microbatch model '${node.name}' requires a 'begin' configuration.`)
  return truncate(timeOf(node, 'begin', begin), size)
}

function batchSizeOf(node: ManifestNode): BatchSize {
  const size = batchSizes.find((name) => name === node.config['batch_size'])
  if (size !== undefined) return size
  throw fault(node, `Microbatch model '${node.name}' must provide a 'batch_size' (one of ${batchSizes.join(', ')}).`)
}

/** A time without a zone is in UTC, as everything is here. */
function timeOf(node: ManifestNode, name: string, value: unknown): Date {
  const text = value instanceof Date ? value.toISOString() : String(value).trim().replace(' ', 'T')
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/u.test(text) || !text.includes('T') ? text : `${text}Z`
  const time = new Date(zoned)
  if (Number.isNaN(time.getTime())) throw fault(node, `${name} is "${String(value)}", which is no time of ISO 8601.`)
  return time
}

function truncate(time: Date, size: BatchSize): Date {
  const [year, month, day, hour] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate(), time.getUTCHours()]
  if (size === 'year') return new Date(Date.UTC(year, 0))
  if (size === 'month') return new Date(Date.UTC(year, month))
  return size === 'day' ? new Date(Date.UTC(year, month, day)) : new Date(Date.UTC(year, month, day, hour))
}

/** The start of the window that lies so many windows away. */
function offset(time: Date, size: BatchSize, count: number): Date {
  const start = truncate(time, size)
  const [year, month, day, hour] = [
    start.getUTCFullYear(),
    start.getUTCMonth(),
    start.getUTCDate(),
    start.getUTCHours(),
  ]
  if (size === 'year') return new Date(Date.UTC(year + count, 0))
  if (size === 'month') return new Date(Date.UTC(year, month + count))
  return size === 'day'
    ? new Date(Date.UTC(year, month, day + count))
    : new Date(Date.UTC(year, month, day, hour + count))
}

function ceiling(time: Date, size: BatchSize): Date {
  const start = truncate(time, size)
  return start.getTime() === time.getTime() ? start : offset(time, size, 1)
}

function batchOf(start: Date, end: Date, size: BatchSize): Batch {
  const length = { year: 4, month: 7, day: 10, hour: 13 }[size]
  return {
    id: start.toISOString().slice(0, length).replaceAll('-', ''),
    event_time_start: pythonTime(start),
    event_time_end: pythonTime(end),
  }
}

/** As Python prints a time in UTC: `2026-01-31 00:00:00+00:00`. */
function pythonTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')}+00:00`
}

function fault(node: ManifestNode, message: string): EclusaError {
  return new EclusaError('MODEL_FAILED', { message: `${message} (${node.original_file_path})` })
}
