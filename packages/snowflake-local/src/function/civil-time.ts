/** Parts of a wall-clock time, and the microseconds since 1970 that stand for it; no zones. */
export interface CivilTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
}

const microsecondsPerSecond = 1_000_000n
const microsecondsPerDay = 86_400_000_000n
const millisecondsPerDay = 86_400_000

/** Nothing when there is no such day or time. */
export function microsecondsOf(time: CivilTime): bigint | undefined {
  const day = new Date(0)
  day.setUTCFullYear(time.year, time.month - 1, time.day)
  const isDay = day.getUTCMonth() === time.month - 1 && day.getUTCDate() === time.day
  if (!isDay || time.hour > 23 || time.minute > 59 || time.second > 59) return undefined
  const seconds = (time.hour * 60 + time.minute) * 60 + time.second
  const days = BigInt(Math.round(day.getTime() / millisecondsPerDay))
  return days * microsecondsPerDay + BigInt(seconds) * microsecondsPerSecond + BigInt(time.microsecond)
}

export function civilTime(microseconds: bigint): CivilTime & { readonly weekday: number } {
  const inDay = ((microseconds % microsecondsPerDay) + microsecondsPerDay) % microsecondsPerDay
  const day = new Date(Number((microseconds - inDay) / 1000n))
  const seconds = Number(inDay / microsecondsPerSecond)
  return {
    year: day.getUTCFullYear(),
    month: day.getUTCMonth() + 1,
    day: day.getUTCDate(),
    weekday: day.getUTCDay(),
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    microsecond: Number(inDay % microsecondsPerSecond),
  }
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

export const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const

export const nameLength = 3
