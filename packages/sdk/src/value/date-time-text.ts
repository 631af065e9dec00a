import { dateInfinityDays, timestampInfinityUs, timetzOffsetMax } from '../arrow-type.ts'
import { civilFromDays } from './civil-date.ts'

/* PostgreSQL's text with datestyle ISO: years of at least four digits, BC at the very end, fractions without zeros. */

const dayMicroseconds = 86_400_000_000
const dayUs = BigInt(dayMicroseconds)

/** A day since 1970: `2026-01-31`, `12026-01-31`, `0044-03-15 BC`, `infinity`. */
export function formatDate(days: number): string {
  if (Math.abs(days) === dateInfinityDays) return days < 0 ? '-infinity' : 'infinity'
  const { date, era } = dateParts(days)
  return date + era
}

/** Microseconds since 1970: `2026-01-31 12:00:00.5`, with `zone` (`+00`) behind the time and BC behind the zone. */
export function formatTimestamp(us: bigint, zone: '' | '+00'): string {
  if (us === timestampInfinityUs) return 'infinity'
  if (us === -timestampInfinityUs) return '-infinity'
  const { days, timeUs } = dayAndTime(us)
  const { date, era } = dateParts(days)
  return `${date} ${formatTime(timeUs)}${zone}${era}`
}

/** Nearly all points in time lie within the 285 years around 1970 that a number counts exactly, four times as fast. */
function dayAndTime(us: bigint): { days: number; timeUs: number } {
  const exact = Number(us)
  if (Number.isSafeInteger(exact)) {
    const days = Math.floor(exact / dayMicroseconds)
    return { days, timeUs: exact - days * dayMicroseconds }
  }
  const rest = us % dayUs
  const timeUs = rest < 0n ? rest + dayUs : rest
  return { days: Number((us - timeUs) / dayUs), timeUs: Number(timeUs) }
}

/** Microseconds since midnight: `12:00:00`, `23:59:59.999999`, `24:00:00`. */
export function formatTime(us: number): string {
  const seconds = Math.floor(us / 1_000_000)
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return `${two(hours)}:${two(minutes)}:${two(seconds % 60)}${formatFraction(us % 1_000_000)}`
}

/** A packed time with offset, see arrow-type.ts: `12:00:00+02`, `12:00:00-03:30`, `12:00:00+00:00:01`. */
export function formatTimetz(packed: bigint): string {
  const offset = timetzOffsetMax - Number(packed & 0xff_ff_ffn)
  return formatTime(Number(packed >> 24n)) + formatOffset(offset)
}

/** Microseconds below one second as a decimal fraction without trailing zeros; nothing for 0. */
export function formatFraction(us: number): string {
  return us === 0 ? '' : `.${String(us).padStart(6, '0').replace(/0+$/, '')}`
}

export function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

function dateParts(days: number): { date: string; era: string } {
  const { year, month, day } = civilFromDays(days)
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0')
  return { date: `${shown}-${two(month)}-${two(day)}`, era: year > 0 ? '' : ' BC' }
}

function formatOffset(offsetSeconds: number): string {
  const seconds = Math.abs(offsetSeconds)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  while (parts.length > 1 && parts.at(-1) === 0) parts.pop()
  return (offsetSeconds < 0 ? '-' : '+') + parts.map(two).join(':')
}
