import { dayOfYear, isoWeekOf, monthNames, twoDigits, weekdayNames, weekdayOf } from './calendar.ts'
import type { CalendarDay } from './calendar.ts'

/** What `strftime` can print: a date, with a time, and with the zone of that time. */
export interface Moment extends CalendarDay {
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
  /** Both empty without a zone. */
  readonly zoneOffset: string
  readonly zoneName: string
  /** Seconds since 1970 in UTC. */
  readonly epochSeconds: number
}

/** Python's `strftime` in the C locale, with the directives that glibc adds. Unknown ones are printed as they are. */
export function formatMoment(moment: Moment, format: string): string {
  return format.replace(/%(-)?(.)/gsu, (whole, plain: string | undefined, directive: string) => {
    const text = directiveText(moment, directive)
    if (text === undefined) return whole
    return plain === undefined ? text : text.replace(/^[0 ]+(?=\d)/u, '')
  })
}

function directiveText(moment: Moment, directive: string): string | undefined {
  return dateDirective(moment, directive) ?? timeDirective(moment, directive) ?? compositeDirective(moment, directive)
}

function dateDirective(day: CalendarDay, directive: string): string | undefined {
  const weekday = weekdayOf(day)
  switch (directive) {
    case 'a':
      return weekdayNames[weekday]?.slice(0, 3)
    case 'A':
      return weekdayNames[weekday]
    case 'w':
      return String((weekday + 1) % 7)
    case 'u':
      return String(weekday + 1)
    case 'd':
      return twoDigits(day.day)
    case 'e':
      return String(day.day).padStart(2)
    case 'b':
    case 'h':
      return monthNames[day.month - 1]?.slice(0, 3)
    case 'B':
      return monthNames[day.month - 1]
    case 'm':
      return twoDigits(day.month)
    case 'y':
      return twoDigits(day.year % 100)
    case 'Y':
      return String(day.year)
    case 'C':
      return twoDigits(Math.floor(day.year / 100))
    default:
      return weekDirective(day, weekday, directive)
  }
}

function weekDirective(day: CalendarDay, weekday: number, directive: string): string | undefined {
  const yearDay = dayOfYear(day)
  switch (directive) {
    case 'j':
      return String(yearDay).padStart(3, '0')
    case 'U':
      return twoDigits(Math.floor((yearDay + 6 - ((weekday + 1) % 7)) / 7))
    case 'W':
      return twoDigits(Math.floor((yearDay + 6 - weekday) / 7))
    case 'G':
      return String(isoWeekOf(day).year)
    case 'g':
      return twoDigits(isoWeekOf(day).year % 100)
    case 'V':
      return twoDigits(isoWeekOf(day).week)
    default:
      return undefined
  }
}

function timeDirective(moment: Moment, directive: string): string | undefined {
  const { hour, minute, second, microsecond } = moment
  switch (directive) {
    case 'H':
      return twoDigits(hour)
    case 'k':
      return String(hour).padStart(2)
    case 'I':
      return twoDigits(hour % 12 || 12)
    case 'l':
      return String(hour % 12 || 12).padStart(2)
    case 'p':
      return hour < 12 ? 'AM' : 'PM'
    case 'P':
      return hour < 12 ? 'am' : 'pm'
    case 'M':
      return twoDigits(minute)
    case 'S':
      return twoDigits(second)
    case 'f':
      return String(microsecond).padStart(6, '0')
    case 's':
      return String(moment.epochSeconds)
    case 'z':
      return moment.zoneOffset
    case 'Z':
      return moment.zoneName
    default:
      return undefined
  }
}

const composites: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  x: '%m/%d/%y',
  D: '%m/%d/%y',
  X: '%H:%M:%S',
  T: '%H:%M:%S',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  F: '%Y-%m-%d',
}
const literals: Readonly<Record<string, string>> = { n: '\n', t: '\t', '%': '%' }

function compositeDirective(moment: Moment, directive: string): string | undefined {
  const composite = composites[directive]
  return composite === undefined ? literals[directive] : formatMoment(moment, composite)
}

/** `HH:MM:SS.ffffff`; the fraction only where there is one, unless more or less is asked for. */
export function clockText(
  { hour, minute, second, microsecond }: Pick<Moment, 'hour' | 'minute' | 'second' | 'microsecond'>,
  timespec = 'auto',
): string {
  const fraction = String(microsecond).padStart(6, '0')
  const [hours, minutes, seconds] = [hour, minute, second].map(twoDigits)
  switch (timespec) {
    case 'hours':
      return `${hours}`
    case 'minutes':
      return `${hours}:${minutes}`
    case 'seconds':
      return `${hours}:${minutes}:${seconds}`
    case 'milliseconds':
      return `${hours}:${minutes}:${seconds}.${fraction.slice(0, 3)}`
    case 'microseconds':
      return `${hours}:${minutes}:${seconds}.${fraction}`
    default:
      return `${hours}:${minutes}:${seconds}${microsecond === 0 ? '' : `.${fraction}`}`
  }
}
