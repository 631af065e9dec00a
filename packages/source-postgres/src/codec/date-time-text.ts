import { daysFromCivil } from '@eclusa/sdk'
import { malformed } from './value-codec.ts'

/* Reading dates and times as PostgreSQL prints them (DateStyle ISO). The SDK's value texts are the other direction. */

const dateText = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/
const timeText = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/

/** Days from 1970-01-01. */
export function parseDate(text: string): number {
  const match = dateText.exec(text)
  if (!match) throw malformed('the text is no date in the ISO style')
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  // Year 0 is 1 BC.
  const days = daysFromCivil({ year: match[4] === undefined ? year : 1 - year, month, day })
  if (days === undefined) throw malformed('the text is no day of the calendar')
  return days
}

/** Microseconds since midnight, up to 24:00:00. */
export function parseTime(text: string): number {
  const match = timeText.exec(text)
  if (!match) throw malformed('the text is no time')
  const seconds = (Number(match[1]) * 60 + Number(match[2])) * 60 + Number(match[3])
  return seconds * 1_000_000 + Number((match[4] ?? '').padEnd(6, '0'))
}

/** Seconds east of UTC of `+HH[:MM[:SS]]`. */
export function parseOffset(text: string): number {
  const match = /^([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/.exec(text)
  if (!match) throw malformed('the text has no time zone offset')
  const seconds = (Number(match[2]) * 60 + Number(match[3] ?? 0)) * 60 + Number(match[4] ?? 0)
  return match[1] === '-' ? -seconds : seconds
}
