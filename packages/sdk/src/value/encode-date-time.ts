import { dateInfinityDays, timestampInfinityUs, timetzOffsetMax } from '../arrow-type.ts'
import { daysFromCivil } from './civil-date.ts'
import { Misfit } from './misfit.ts'

/*
 * Dates and times from text: ISO 8601 (also with expanded years, `-000043-03-15`) and PostgreSQL's ISO datestyle
 * (`0044-03-15 BC`, years of more than four digits, `infinity`); from Date objects, which are exact to the millisecond
 * and count as UTC; from a bigint in the column's own unit.
 */

const dayUs = 86_400_000_000n
const datePattern = String.raw`(?<year>[+-]\d{6,}|\d{4,})-(?<month>\d\d)-(?<day>\d\d)`
const timePattern = String.raw`(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d+))?)?`
const offsetPattern = String.raw`(?<offset>Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)`
const eraPattern = String.raw`(?<era> BC)?`

const dateText = new RegExp(`^${datePattern}${eraPattern}$`, 'i')
const timeText = new RegExp(`^${timePattern}$`)
const timetzText = new RegExp(`^${timePattern} ?${offsetPattern}$`, 'i')
const timestampText = new RegExp(`^${datePattern}[ T]${timePattern}(?: ?${offsetPattern})?${eraPattern}$`, 'i')

type Parts = Partial<Record<string, string>>

/** Days since 1970. */
export function encodeDate(value: unknown): number | Misfit {
  if (value instanceof Date) return encodeDateObject(value)
  if (typeof value !== 'string') return new Misfit('not a date')
  const infinity = infinitySign(value)
  if (infinity !== 0) return infinity * dateInfinityDays
  const parts = dateText.exec(value)?.groups
  const days = parts && daysOf(parts)
  if (days === undefined) return new Misfit('not a date')
  return Math.abs(days) < dateInfinityDays ? days : new Misfit('out of range of date')
}

function encodeDateObject(date: Date): number | Misfit {
  const days = date.getTime() / 86_400_000
  if (Number.isNaN(days)) return new Misfit('not a date')
  return Number.isInteger(days)
    ? days
    : new Misfit('a Date that is not midnight in UTC has a time, which a date cannot hold')
}

/** Microseconds since midnight. */
export function encodeTime(value: unknown): bigint | Misfit {
  if (typeof value === 'bigint') return value >= 0n && value <= dayUs ? value : new Misfit('out of range of time')
  const parts = typeof value === 'string' ? timeText.exec(value)?.groups : undefined
  return parts === undefined ? new Misfit('not a time') : timeUsOf(parts)
}

/** Packed as arrow-type.ts states. */
export function encodeTimetz(value: unknown): bigint | Misfit {
  const parts = typeof value === 'string' ? timetzText.exec(value)?.groups : undefined
  if (parts === undefined) return new Misfit('not a time with an offset')
  const us = timeUsOf(parts)
  const offset = offsetSecondsOf(parts['offset'] ?? '')
  if (us instanceof Misfit) return us
  return offset instanceof Misfit ? offset : (us << 24n) | BigInt(timetzOffsetMax - offset)
}

/** Microseconds since 1970, of a timestamp without time zone. */
export function encodeTimestamp(value: unknown): bigint | Misfit {
  return encodeInstant(value, 'timestamp', (offset) =>
    offset === undefined ? 0 : new Misfit('a timestamp without time zone cannot hold an offset'),
  )
}

/** Microseconds since 1970 in UTC. */
export function encodeTimestamptz(value: unknown): bigint | Misfit {
  return encodeInstant(value, 'timestamptz', (offset) =>
    offset === undefined
      ? new Misfit('without an offset it is unclear which instant is meant')
      : offsetSecondsOf(offset),
  )
}

function encodeInstant(
  value: unknown,
  type: 'timestamp' | 'timestamptz',
  offsetSeconds: (offset: string | undefined) => number | Misfit,
): bigint | Misfit {
  if (typeof value === 'bigint') return withinTimestamps(value, type)
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? new Misfit(`not a ${type}`) : BigInt(value.getTime()) * 1000n
  if (typeof value !== 'string') return new Misfit(`not a ${type}`)
  const infinity = infinitySign(value)
  if (infinity !== 0) return BigInt(infinity) * timestampInfinityUs
  const parts = timestampText.exec(value)?.groups
  const days = parts && daysOf(parts)
  if (days === undefined) return new Misfit(`not a ${type}`)
  const us = timeUsOf(parts!)
  const offset = offsetSeconds(parts!['offset'])
  if (us instanceof Misfit) return us
  return offset instanceof Misfit
    ? offset
    : withinTimestamps(BigInt(days) * dayUs + us - BigInt(offset) * 1_000_000n, type)
}

/** The outermost values stand for the infinities, see arrow-type.ts; a bigint may be one of them. */
function withinTimestamps(us: bigint, type: string): bigint | Misfit {
  return us <= timestampInfinityUs && us >= -timestampInfinityUs ? us : new Misfit(`out of range of ${type}`)
}

function infinitySign(text: string): -1 | 0 | 1 {
  const match = /^([+-]?)infinity$/i.exec(text)
  if (!match) return 0
  return match[1] === '-' ? -1 : 1
}

function daysOf(parts: Parts): number | undefined {
  const year = Number(parts['year'])
  if (parts['era'] !== undefined && year < 1) return undefined
  return daysFromCivil({
    year: parts['era'] === undefined ? year : 1 - year,
    month: Number(parts['month']),
    day: Number(parts['day']),
  })
}

function timeUsOf(parts: Parts): bigint | Misfit {
  const { hour, minute, second = '0', fraction = '' } = parts
  const fractionDigits = fraction.replace(/0+$/, '')
  if (fractionDigits.length > 6) return new Misfit('more precise than a microsecond')
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  const us = BigInt(seconds) * 1_000_000n + BigInt(fractionDigits.padEnd(6, '0'))
  if (Number(minute) > 59 || Number(second) > 59 || us > dayUs) return new Misfit('not a time of day')
  return us
}

/** Seconds east of UTC. */
function offsetSecondsOf(text: string): number | Misfit {
  if (text.toUpperCase() === 'Z') return 0
  const [hours = 0, minutes = 0, seconds = 0] = (text.slice(1).match(/\d\d/g) ?? []).map(Number)
  const offset = hours * 3600 + minutes * 60 + seconds
  // PostgreSQL 15 docs, "Date/Time Types": offsets lie strictly within 16 hours of UTC.
  if (minutes > 59 || seconds > 59 || offset > timetzOffsetMax) return new Misfit('not an offset from UTC')
  return text.startsWith('-') ? -offset : offset
}
