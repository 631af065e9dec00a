import { civilTime, dayNames, monthNames, nameLength } from './civil-time.ts'

/** An element of a format (`YYYY`, `FF3`) or text between elements. */
export interface FormatElement {
  readonly element?: string
  readonly text: string
}

const elements =
  /"(?<quoted>[^"]*)"|(?<element>YYYY|UUUU|YY|MMMM|MON|MM|DD|DY|HH24|HH12|HH|AM|PM|MI|SS|FF\d?|TZHTZM|TZH:TZM|TZH|TZM|TZISO|TZD)/giu

const parsed = new Map<string, readonly FormatElement[]>()

export function parseTimeFormat(format: string): readonly FormatElement[] {
  const known = parsed.get(format)
  if (known !== undefined) return known
  const result: FormatElement[] = []
  let at = 0
  for (const match of format.matchAll(elements)) {
    if (match.index > at) result.push({ text: format.slice(at, match.index) })
    const element = match.groups?.['element']
    const text = match.groups?.['quoted'] ?? match[0]
    result.push(element === undefined ? { text } : { text, element: element.toUpperCase() })
    at = match.index + match[0].length
  }
  if (at < format.length) result.push({ text: format.slice(at) })
  parsed.set(format, result)
  return result
}

const fractionDigitsMax = 9

/** `microseconds` is what the wall clock shows; `offset` the minutes that it is ahead of UTC, when that is known. */
export function formatTime(microseconds: bigint, offset: number | null, format: string): string {
  const time = civilTime(microseconds)
  const write = (element: string): string => {
    switch (element) {
      case 'YYYY':
      case 'UUUU':
        return time.year < 0 ? `-${digits(-time.year, 4)}` : digits(time.year, 4)
      case 'YY':
        return digits(time.year % 100, 2)
      case 'MM':
        return digits(time.month, 2)
      case 'MON':
        return monthName(time.month).slice(0, nameLength)
      case 'MMMM':
        return monthName(time.month)
      case 'DD':
        return digits(time.day, 2)
      case 'DY':
        return (dayNames[time.weekday] ?? '').slice(0, nameLength)
      case 'HH24':
        return digits(time.hour, 2)
      case 'HH12':
        return digits(time.hour % 12 === 0 ? 12 : time.hour % 12, 2)
      case 'HH':
        return digits(time.hour, 2)
      case 'AM':
      case 'PM':
        return time.hour < 12 ? 'AM' : 'PM'
      case 'MI':
        return digits(time.minute, 2)
      case 'SS':
        return digits(time.second, 2)
      default:
        return element.startsWith('FF') ? fraction(time.microsecond, element) : zone(offset, element)
    }
  }
  return parseTimeFormat(format)
    .map(({ element, text }) => (element === undefined ? text : write(element)))
    .join('')
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

function monthName(month: number): string {
  return monthNames[month - 1] ?? ''
}

function fraction(microsecond: number, element: string): string {
  const length = element === 'FF' ? fractionDigitsMax : Number(element.slice('FF'.length))
  return digits(microsecond, 6).padEnd(fractionDigitsMax, '0').slice(0, length)
}

function zone(offset: number | null, element: string): string {
  if (offset === null) return ''
  const sign = offset < 0 ? '-' : '+'
  const hours = digits(Math.floor(Math.abs(offset) / 60), 2)
  const minutes = digits(Math.abs(offset) % 60, 2)
  switch (element) {
    case 'TZHTZM':
      return `${sign}${hours}${minutes}`
    case 'TZH':
      return `${sign}${hours}`
    case 'TZM':
      return minutes
    case 'TZISO':
      return offset === 0 ? 'Z' : `${sign}${hours}:${minutes}`
    default:
      return `${sign}${hours}:${minutes}`
  }
}
