import { formatFraction, two } from './date-time-text.ts'

/** Months, days and microseconds of an interval: kept apart, since neither a month nor a day has a fixed length. */
export interface Interval {
  readonly months: number
  readonly days: number
  readonly us: bigint
}

const int32Max = 2_147_483_647
const int64Max = 9_223_372_036_854_775_807n

/**
 * The infinite interval of PostgreSQL 17 and later: every field at its maximum. Older servers take the same bits for a
 * finite interval, which a newer one cannot read any more.
 */
export const intervalInfinity: Interval = { months: int32Max, days: int32Max, us: int64Max }
/** Every field at its minimum. */
export const intervalMinusInfinity: Interval = { months: -int32Max - 1, days: -int32Max - 1, us: -int64Max - 1n }

const hourUs = 3_600_000_000n

/** PostgreSQL's text with intervalstyle postgres: `1 year 2 mons -3 days +04:05:06.5`. */
export function formatInterval(interval: Interval): string {
  if (isSame(interval, intervalInfinity)) return 'infinity'
  if (isSame(interval, intervalMinusInfinity)) return '-infinity'
  const { months, days, us } = interval
  const counts = [
    { value: Math.trunc(months / 12), unit: 'year' },
    { value: months % 12, unit: 'mon' },
    { value: days, unit: 'day' },
  ].filter(({ value }) => value !== 0)
  // After a negative part a positive one needs its sign, or it would be read as negative too.
  const isAfterNegative = (index: number) => index > 0 && counts[index - 1]!.value < 0
  const parts = counts.map(({ value, unit }, index) => {
    const sign = isAfterNegative(index) && value > 0 ? '+' : ''
    return `${sign}${value} ${unit}${value === 1 ? '' : 's'}`
  })
  if (us !== 0n || parts.length === 0) parts.push(formatClock(us, isAfterNegative(counts.length)))
  return parts.join(' ')
}

function formatClock(us: bigint, needsSign: boolean): string {
  const sign = us < 0n ? '-' : needsSign ? '+' : ''
  const magnitude = us < 0n ? -us : us
  const hours = String(magnitude / hourUs).padStart(2, '0')
  const below = Number(magnitude % hourUs)
  const seconds = Math.floor(below / 1_000_000)
  const fraction = formatFraction(below % 1_000_000)
  return `${sign}${hours}:${two(Math.floor(seconds / 60))}:${two(seconds % 60)}${fraction}`
}

function isSame(left: Interval, right: Interval): boolean {
  return left.months === right.months && left.days === right.days && left.us === right.us
}
