import { malformed } from './value-codec.ts'

/* The proleptic Gregorian calendar and the ISO texts of PostgreSQL (DateStyle ISO). */

export const dayUs = 86_400_000_000

const dateText = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/
const timeText = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/

/** Days from 1970-01-01. Year 0 is 1 BC. */
export function daysOfDate(year: number, month: number, day: number): number {
  // Years begin in March, so that the leap day comes last.
  const marchYear = month <= 2 ? year - 1 : year
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** `2024-02-29`, `294276-12-31`; without the ` BC`, which comes last in a text. */
export function formatDate(days: number): { readonly text: string; readonly era: '' | ' BC' } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const yearText = String(year > 0 ? year : 1 - year).padStart(4, '0')
  return { text: `${yearText}-${two(month)}-${two(day)}`, era: year > 0 ? '' : ' BC' }
}

/** Days from 1970-01-01 of a date as PostgreSQL prints it. */
export function parseDate(text: string): number {
  const match = dateText.exec(text)
  if (!match) throw malformed('the text is no date in the ISO style')
  const year = Number(match[1])
  return daysOfDate(match[4] ? 1 - year : year, Number(match[2]), Number(match[3]))
}

/** Microseconds since midnight as `HH:MM:SS[.ffffff]`. */
export function formatTime(us: number): string {
  const seconds = Math.floor(us / 1_000_000)
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return clock + formatFraction(us - seconds * 1_000_000)
}

/** `.789` for 789000 microseconds; empty for none. */
export function formatFraction(us: number): string {
  return us === 0 ? '' : `.${String(us).padStart(6, '0').replace(/0+$/, '')}`
}

/** Microseconds since midnight, up to 24:00:00, of a time as PostgreSQL prints it. */
export function parseTime(text: string): number {
  const match = timeText.exec(text)
  if (!match) throw malformed('the text is no time')
  const seconds = (Number(match[1]) * 60 + Number(match[2])) * 60 + Number(match[3])
  return seconds * 1_000_000 + Number((match[4] ?? '').padEnd(6, '0'))
}

/** Seconds east of UTC as `+HH[:MM[:SS]]`. */
export function formatOffset(seconds: number): string {
  const distance = Math.abs(seconds)
  const parts = [Math.floor(distance / 3600), Math.floor(distance / 60) % 60, distance % 60]
  while (parts.length > 1 && parts.at(-1) === 0) parts.pop()
  return (seconds < 0 ? '-' : '+') + parts.map(two).join(':')
}

/** Seconds east of UTC of an offset as PostgreSQL prints it. */
export function parseOffset(text: string): number {
  const match = /^([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/.exec(text)
  if (!match) throw malformed('the text has no time zone offset')
  const seconds = (Number(match[2]) * 60 + Number(match[3] ?? 0)) * 60 + Number(match[4] ?? 0)
  return match[1] === '-' ? -seconds : seconds
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}
