import { reprOfValue } from '../jinja/python-text.ts'
import { valueError } from '../jinja/template-error.ts'
import { dayOfOrdinal, monthNames, ordinalOf, weekdayNames } from './calendar.ts'
import { PyTimeZone } from './time-zone.ts'

/** What a text says of a moment; the parts that it leaves out are those of 1900-01-01 00:00. */
export interface ParsedMoment {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
  readonly zone: PyTimeZone | null
}

const names = (list: readonly string[], length?: number) => list.map((name) => name.slice(0, length)).join('|')

/** A pattern of each directive, as Python's _strptime module reads it. */
const directivePatterns: Readonly<Record<string, string>> = {
  d: '3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9]',
  f: '\\d{1,6}',
  H: '2[0-3]|[0-1]\\d|\\d',
  I: '1[0-2]|0[1-9]|[1-9]',
  j: '36[0-6]|3[0-5]\\d|[1-2]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9]',
  m: '1[0-2]|0[1-9]|[1-9]',
  M: '[0-5]\\d|\\d',
  S: '6[0-1]|[0-5]\\d|\\d',
  w: '[0-6]',
  y: '\\d\\d',
  Y: '\\d\\d\\d\\d',
  z: '[+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?|Z',
  Z: 'utc|gmt',
  p: 'am|pm',
  A: names(weekdayNames),
  a: names(weekdayNames, 3),
  B: names(monthNames),
  b: names(monthNames, 3),
}

const composites: Readonly<Record<string, string>> = { c: '%a %b %d %H:%M:%S %Y', x: '%m/%d/%y', X: '%H:%M:%S' }

/** Python's `datetime.strptime`. @throws OperationError of kind `value`, in Python's words */
export function parseMoment(text: string, format: string): ParsedMoment {
  const found = new RegExp(`^${patternOf(format)}`, 'iu').exec(text)
  if (!found) throw valueError(`time data ${reprOfValue(text)} does not match format ${reprOfValue(format)}`)
  if (found[0].length < text.length) throw valueError(`unconverted data remains: ${text.slice(found[0].length)}`)
  return momentOf(found.groups ?? {})
}

function patternOf(format: string): string {
  const escaped = format.replace(/[\\.^$*+?(){}[\]|/]/gu, '\\$&').replace(/\s+/gu, '\\s+')
  return escaped.replace(/%(.)/gsu, (_, directive: string) => {
    if (directive === '%') return '%'
    const composite = composites[directive]
    if (composite !== undefined) return patternOf(composite)
    const pattern = directivePatterns[directive]
    if (pattern === undefined) {
      throw valueError(`'${directive}' is a bad directive in format ${reprOfValue(format)}`)
    }
    return `(?<${directive}>${pattern})`
  })
}

function momentOf(parts: Readonly<Record<string, string | undefined>>): ParsedMoment {
  const number = (name: string) => (parts[name] === undefined ? undefined : Number(parts[name]))
  const year = number('Y') ?? yearOfTwoDigits(number('y')) ?? 1900
  const month = number('m') ?? monthOf(parts['B'], monthNames) ?? monthOf(parts['b'], monthNames, 3)
  const yearDay = number('j')
  const date =
    yearDay !== undefined && month === undefined
      ? dayOfOrdinal(ordinalOf({ year, month: 1, day: 1 }) + yearDay - 1)
      : { year, month: month ?? 1, day: number('d') ?? 1 }
  return {
    ...date,
    hour: hourOf(number('H'), number('I'), parts['p']),
    minute: number('M') ?? 0,
    second: number('S') ?? 0,
    microsecond: Number((parts['f'] ?? '0').padEnd(6, '0')),
    zone: zoneOf(parts['z']),
  }
}

/** POSIX: 69 to 99 are of the 20th century. */
function yearOfTwoDigits(year: number | undefined): number | undefined {
  return year === undefined ? undefined : year + (year < 69 ? 2000 : 1900)
}

function monthOf(name: string | undefined, list: readonly string[], length?: number): number | undefined {
  if (name === undefined) return undefined
  return list.findIndex((month) => month.slice(0, length).toLowerCase() === name.toLowerCase()) + 1
}

function hourOf(hour: number | undefined, clockHour: number | undefined, half: string | undefined): number {
  if (clockHour === undefined) return hour ?? 0
  return (clockHour % 12) + (half?.toLowerCase() === 'pm' ? 12 : 0)
}

function zoneOf(text: string | undefined): PyTimeZone | null {
  if (text === undefined) return null
  if (text.toUpperCase() === 'Z') return PyTimeZone.utc
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)/u.exec(text) ?? []
  const size = Number(hours) * 60 + Number(minutes)
  const clock = `${hours}:${minutes}`
  return PyTimeZone.fixed(sign === '-' ? -size : size, size === 0 ? 'UTC' : `UTC${sign}${clock}`)
}

const isoPattern =
  /^(\d{4})(-?)(\d{2})\2(\d{2})(?:.(\d{2})(?:(:?)(\d{2})(?:\6(\d{2})(?:[.,](\d{1,6})\d*)?)?)?)?(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?$/u

/** Python's `fromisoformat`, but for dates of weeks. @throws OperationError of kind `value`, in Python's words */
export function parseIso(text: string): ParsedMoment {
  const match = isoPattern.exec(text)
  if (!match) throw valueError(`Invalid isoformat string: ${reprOfValue(text)}`)
  const [, year, , month, day, hour = 0, , minute = 0, second = 0, fraction = '0', zone] = match
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    microsecond: Number(fraction.padEnd(6, '0')),
    zone: zoneOf(zone !== undefined && /^[+-]\d\d$/u.test(zone) ? `${zone}:00` : zone),
  }
}
