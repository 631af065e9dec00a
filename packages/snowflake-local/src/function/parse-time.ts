import { readFraction, readNanoseconds } from './nanoseconds.ts'
import { dayNames, microsecondsOf, monthNames, nameLength } from './civil-time.ts'
import { parseTimeFormat } from './time-format.ts'

export interface ParsedTime {
  /** What the wall clock showed, since 1970. */
  readonly microseconds: bigint
  /** Minutes ahead of UTC, where the text told. */
  readonly offset: number | undefined
  readonly hasDate: boolean
  readonly hasTime: boolean
}

/** The formats of AUTO, in the order they are tried; years of four digits only. */
const automaticFormats = [
  'YYYY-MM-DD"T"HH24:MI:SS.FFTZISO',
  'YYYY-MM-DD HH24:MI:SS.FFTZISO',
  'YYYY-MM-DD HH24:MI:SS.FF TZISO',
  'YYYY-MM-DD"T"HH24:MI:SSTZISO',
  'YYYY-MM-DD HH24:MI:SSTZISO',
  'YYYY-MM-DD HH24:MI:SS TZISO',
  'YYYY-MM-DD"T"HH24:MI:SS.FF',
  'YYYY-MM-DD HH24:MI:SS.FF',
  'YYYY-MM-DD"T"HH24:MI:SS',
  'YYYY-MM-DD HH24:MI:SS',
  'YYYY-MM-DD"T"HH24:MITZISO',
  'YYYY-MM-DD HH24:MITZISO',
  'YYYY-MM-DD"T"HH24:MI',
  'YYYY-MM-DD HH24:MI',
  'YYYY-MM-DD"T"HH24',
  'YYYY-MM-DD HH24',
  'YYYY-MM-DD',
  'MM/DD/YYYY HH24:MI:SS',
  'MM/DD/YYYY HH24:MI',
  'MM/DD/YYYY',
  'DD-MON-YYYY HH24:MI:SS',
  'DD-MON-YYYY',
  'DY, DD MON YYYY HH24:MI:SS TZISO',
  'DY, DD MON YYYY HH24:MI:SS.FF TZISO',
  'DY, DD MON YYYY HH24:MI:SS',
  'DY MON DD HH24:MI:SS TZISO YYYY',
] as const

const automaticTimeFormats = [
  'HH24:MI:SS.FFTZISO',
  'HH24:MI:SSTZISO',
  'HH24:MI:SS.FF',
  'HH24:MI:SS',
  'HH24:MI',
] as const

const integer = /^\s*[-+]?\d+\s*$/u

/** A number of seconds, or of a smaller unit when it is too large for that. */
export function parseEpoch(text: string): bigint | undefined {
  if (!integer.test(text)) return undefined
  const value = BigInt(text.trim().replace('+', ''))
  const size = value < 0n ? -value : value
  if (size < 31_536_000_000n) return value * 1_000_000n
  if (size < 31_536_000_000_000n) return value * 1000n
  return size < 31_536_000_000_000_000n ? value : readNanoseconds(value)
}

/** `format` AUTO tries the formats that Snowflake knows by themselves. Nothing when the text does not match. */
export function parseTime(text: string, format: string): ParsedTime | undefined {
  const trimmed = text.trim()
  if (format.toUpperCase() !== 'AUTO') return parseWith(trimmed, format)
  const epoch = parseEpoch(trimmed)
  if (epoch !== undefined) return { microseconds: epoch, offset: undefined, hasDate: true, hasTime: true }
  for (const candidate of trimmed.includes('-') || trimmed.includes('/') || trimmed.includes(' ')
    ? automaticFormats
    : []) {
    const found = parseWith(trimmed, candidate)
    if (found !== undefined) return found
  }
  for (const candidate of automaticTimeFormats) {
    const found = parseWith(trimmed, candidate)
    if (found !== undefined) return found
  }
  return undefined
}

type Reader = (text: string, into: Fields) => boolean

interface Fields {
  year?: number
  month?: number
  day?: number
  hour?: number
  minute?: number
  second?: number
  microsecond?: number
  afternoon?: boolean
  offset?: number
}

const compiled = new Map<string, { readonly pattern: RegExp; readonly readers: readonly Reader[] }>()

function parseWith(text: string, format: string): ParsedTime | undefined {
  const { pattern, readers } = compile(format)
  const match = pattern.exec(text)
  if (match === null) return undefined
  const fields: Fields = {}
  if (!readers.every((read, index) => read(match[index + 1] ?? '', fields))) return undefined
  const microseconds = microsecondsOf({
    year: fields.year ?? 1970,
    month: fields.month ?? 1,
    day: fields.day ?? 1,
    hour: hourOf(fields),
    minute: fields.minute ?? 0,
    second: fields.second ?? 0,
    microsecond: fields.microsecond ?? 0,
  })
  if (microseconds === undefined) return undefined
  return {
    microseconds,
    offset: fields.offset,
    hasDate: fields.year !== undefined || fields.month !== undefined || fields.day !== undefined,
    hasTime: fields.hour !== undefined,
  }
}

function hourOf({ hour = 0, afternoon }: Fields): number {
  if (afternoon === undefined) return hour
  return (hour % 12) + (afternoon ? 12 : 0)
}

function compile(format: string): { readonly pattern: RegExp; readonly readers: readonly Reader[] } {
  const known = compiled.get(format)
  if (known !== undefined) return known
  const readers: Reader[] = []
  const source = parseTimeFormat(format).map(({ element, text }) => {
    const reads = element === undefined ? undefined : elementReader(element)
    if (reads === undefined) return text.replaceAll(/[.*+?^${}()|[\]\\/]/gu, '\\$&').replaceAll(' ', '\\s+')
    readers.push(reads[1])
    return `(${reads[0]})`
  })
  const result = { pattern: new RegExp(`^${source.join('')}$`, 'iu'), readers }
  compiled.set(format, result)
  return result
}

/** Years of two digits from 70 on are of the last century, as TWO_DIGIT_CENTURY_START has it by default. */
const centuryStart = 70

function elementReader(element: string): readonly [string, Reader] | undefined {
  switch (element) {
    case 'YYYY':
    case 'UUUU':
      return ['[-+]?\\d{4,6}', set('year')]
    case 'YY':
      return [
        '\\d{2}',
        (text, into) => assign(into, 'year', Number(text) + (Number(text) < centuryStart ? 2000 : 1900)),
      ]
    case 'MM':
      return ['\\d{1,2}', set('month')]
    case 'MON':
    case 'MMMM':
      return ['[a-z]{3,9}', (text, into) => assign(into, 'month', nameIndex(monthNames, text) + 1, 1)]
    case 'DD':
      return ['\\d{1,2}', set('day')]
    case 'DY':
      return ['[a-z]{3,9}', (text) => nameIndex(dayNames, text) >= 0]
    case 'HH24':
    case 'HH12':
    case 'HH':
      return ['\\d{1,2}', set('hour')]
    case 'AM':
    case 'PM':
      return ['[ap]m', (text, into) => assign(into, 'afternoon', text.toLowerCase() === 'pm')]
    case 'MI':
      return ['\\d{1,2}', set('minute')]
    case 'SS':
      return ['\\d{1,2}', set('second')]
    default:
      if (element.startsWith('FF')) {
        return ['\\d{1,9}', (text, into) => assign(into, 'microsecond', readFraction(text))]
      }
      return ['Z|[-+]\\d{1,2}(?::?\\d{2})?', readOffset]
  }
}

function set(field: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'): Reader {
  return (text, into) => assign(into, field, Number(text))
}

function assign<Key extends keyof Fields>(into: Fields, key: Key, value: Fields[Key], least = -Infinity): boolean {
  into[key] = value
  return typeof value !== 'number' || value >= least
}

function nameIndex(names: readonly string[], text: string): number {
  const lower = text.toLowerCase()
  return names.findIndex((name) => name.toLowerCase() === lower || name.slice(0, nameLength).toLowerCase() === lower)
}

function readOffset(text: string, into: Fields): boolean {
  const [, sign, hours = '0', minutes = '0'] = /^([-+])(\d{1,2}):?(\d{2})?$/u.exec(text) ?? []
  const total = Number(hours) * 60 + Number(minutes)
  return assign(into, 'offset', sign === '-' ? -total : total)
}
