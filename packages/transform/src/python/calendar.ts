import { valueError } from '../jinja/template-error.ts'

/** Days and months of the Gregorian calendar, which Python extends to the year 1. */
export interface CalendarDay {
  readonly year: number
  readonly month: number
  readonly day: number
}

export const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const
/** Monday first. */
export const weekdayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const

const millisPerDay = 86_400_000
/** The ordinal of 1970-01-01, where 0001-01-01 is 1. */
const epochOrdinal = 719_163

/** Python's `date.toordinal`. */
export function ordinalOf({ year, month, day }: CalendarDay): number {
  // A year below 100 would be taken for one of the 20th century.
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getTime() / millisPerDay + epochOrdinal
}

/** @throws OperationError of kind `overflow` outside the years 1 to 9999 */
export function dayOfOrdinal(ordinal: number): CalendarDay {
  const date = new Date((ordinal - epochOrdinal) * millisPerDay)
  const year = date.getUTCFullYear()
  if (!(year >= 1 && year <= 9999)) throw valueError('date value out of range')
  return { year, month: date.getUTCMonth() + 1, day: date.getUTCDate() }
}

function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
}

/** @throws OperationError of kind `value`, in Python's words */
export function checkDay({ year, month, day }: CalendarDay): void {
  if (!(year >= 1 && year <= 9999)) throw valueError(`year ${year} is out of range`)
  if (!(month >= 1 && month <= 12)) throw valueError('month must be in 1..12')
  if (!(day >= 1 && day <= daysInMonth(year, month))) throw valueError('day is out of range for month')
}

/** 0 is Monday. */
export function weekdayOf(day: CalendarDay): number {
  return (ordinalOf(day) + 6) % 7
}

export function dayOfYear(day: CalendarDay): number {
  return ordinalOf(day) - ordinalOf({ year: day.year, month: 1, day: 1 }) + 1
}

/** The year and week that ISO 8601 counts a day to; `weekday` is 1 for Monday. */
export function isoWeekOf(day: CalendarDay): {
  readonly year: number
  readonly week: number
  readonly weekday: number
} {
  const weekday = weekdayOf(day) + 1
  // A week belongs to the year of its Thursday.
  const thursday = dayOfOrdinal(ordinalOf(day) - weekday + 4)
  return { year: thursday.year, week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1, weekday }
}

export function dayText({ year, month, day }: CalendarDay): string {
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`
}

export function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
