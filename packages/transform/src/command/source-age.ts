import { EclusaError } from '@eclusa/sdk'
import type { FreshnessTime, SourceNode } from '../manifest/node.ts'

/** A moment to the microsecond, as Python writes it. */
export interface Moment {
  /** `2026-01-31T12:00:00.000000+00:00` */
  readonly text: string
  readonly microseconds: bigint
}

/** Of a source without rows: the first moment that Python has. */
export const beginningOfTime: Moment = momentOf('0001-01-01 00:00:00')

/**
 * A timestamp, with an offset or else in UTC, as templates print it: `2026-01-31 12:00:00.123456+00:00`; Snowflake writes
 * ` +0000`. A date is its first moment.
 *
 * @throws FRESHNESS_UNKNOWN for anything else.
 */
export function momentOf(text: string): Moment {
  const match =
    /^(?<day>\d{4}-\d\d-\d\d)(?:[ T](?<time>\d\d:\d\d(?::\d\d)?)(?:\.(?<fraction>\d{1,9}))?)? ?(?<offset>Z|[+-]\d\d(?::?\d\d)?)?$/u.exec(
      text,
    )
  if (match?.groups === undefined) {
    throw new EclusaError('FRESHNESS_UNKNOWN', {
      message: 'The field that says when rows were loaded is no timestamp.',
    })
  }
  const { day, time = '00:00:00', fraction = '', offset = 'Z' } = match.groups
  const zone = /^[+-]\d\d$/u.test(offset) ? `${offset}:00` : offset.replace(/^([+-]\d\d)(\d\d)$/u, '$1:$2')
  const seconds = BigInt(Date.parse(`${day}T${time}${zone}`)) / 1000n
  const micros = fraction.padEnd(6, '0').slice(0, 6)
  const utc = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return {
    text: `${utc}${micros === '000000' ? '' : `.${micros}`}+00:00`,
    microseconds: seconds * 1_000_000n + BigInt(micros),
  }
}

/** Seconds from one moment to another. */
export function ageOf(loadedAt: Moment, now: Moment): number {
  return Number(now.microseconds - loadedAt.microseconds) / 1e6
}

const periodSeconds = { minute: 60, hour: 3600, day: 86_400 } as const

/** Whether rows of that age are still good. */
export function freshnessStatus(
  ageSeconds: number,
  { warn_after, error_after }: NonNullable<SourceNode['freshness']>,
): 'pass' | 'warn' | 'error' {
  if (isExceeded(error_after, ageSeconds)) return 'error'
  return isExceeded(warn_after, ageSeconds) ? 'warn' : 'pass'
}

function isExceeded(time: FreshnessTime | null | undefined, ageSeconds: number): boolean {
  return hasLimit(time) && ageSeconds > time.count * periodSeconds[time.period]
}

/** Whether anything is asked of the source's age. */
export function hasFreshness({ freshness }: SourceNode): boolean {
  return freshness !== null && (hasLimit(freshness.warn_after) || hasLimit(freshness.error_after))
}

function hasLimit(
  time: FreshnessTime | null | undefined,
): time is { readonly count: number; readonly period: NonNullable<FreshnessTime['period']> } {
  return time !== null && time !== undefined && time.count !== null && time.period !== null
}
