import { daysFromCivil } from '@eclusa/sdk'
import { malformed } from './value-codec.ts'

/* Reading dates and times as PostgreSQL prints them (DateStyle ISO). The SDK's value texts are the other direction. */

const dateText = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/
const zeroCode = 48

/** Days from 1970-01-01. */
export function parseDate(text: string): number {
  const isUsual = text.length === 10 && text[4] === '-' && text[7] === '-'
  const [, yearText, monthText, dayText, era] = isUsual ? [] : (dateText.exec(text) ?? [])
  const year = isUsual ? twoDigits(text, 0) * 100 + twoDigits(text, 2) : Number(yearText)
  const month = isUsual ? twoDigits(text, 5) : Number(monthText)
  const day = isUsual ? twoDigits(text, 8) : Number(dayText)
  // Year 0 is 1 BC. What is no number is no day either.
  const days = daysFromCivil({ year: era === undefined ? year : 1 - year, month, day })
  if (days === undefined || Number.isNaN(days)) throw malformed('the text is no date in the ISO style')
  return days
}

/** Microseconds since midnight, up to 24:00:00. */
export function parseTime(text: string): number {
  const seconds = (twoDigits(text, 0) * 60 + twoDigits(text, 3)) * 60 + twoDigits(text, 6)
  const fraction = text.length === 8 ? 0 : parseFraction(text)
  if (Number.isNaN(seconds + fraction) || text[2] !== ':' || text[5] !== ':') throw malformed('the text is no time')
  return seconds * 1_000_000 + fraction
}

/** The microseconds of `HH:MM:SS.ffffff`, whose trailing zeros are not printed; NaN for anything else. */
function parseFraction(text: string): number {
  return /^\.\d{1,6}$/.test(text.slice(8)) ? Number(text.slice(9).padEnd(6, '0')) : NaN
}

/** The number of two digits at a position; NaN for anything else. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zeroCode
  const ones = text.charCodeAt(at + 1) - zeroCode
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN
}

/** Seconds east of UTC of `+HH[:MM[:SS]]`. */
export function parseOffset(text: string): number {
  const match = /^([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/.exec(text)
  if (!match) throw malformed('the text has no time zone offset')
  const seconds = (Number(match[2]) * 60 + Number(match[3] ?? 0)) * 60 + Number(match[4] ?? 0)
  return match[1] === '-' ? -seconds : seconds
}
