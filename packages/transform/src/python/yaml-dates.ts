import type { ScalarTag } from 'yaml'
import { PyDate } from './date.ts'
import { PyDateTime } from './date-time.ts'
import { PyTimeZone } from './time-zone.ts'

const pattern =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|[-+]\d\d?(?::?\d\d)?))?)?$/u

/** Dates and times of YAML 1.1 as Python's, instead of JavaScript's, which cannot tell a date from its midnight. */
export const yamlDates: ScalarTag = {
  identify: (value) => value instanceof PyDate || value instanceof PyDateTime,
  default: true,
  tag: 'tag:yaml.org,2002:timestamp',
  test: pattern,
  resolve: (text) => {
    const [, year, month, day, hour, minute, second, fraction = '', zone] = pattern.exec(text) ?? []
    const date = { year: Number(year), month: Number(month), day: Number(day) }
    if (hour === undefined) return new PyDate(date)
    const clock = { hour: Number(hour), minute: Number(minute), second: Number(second) }
    const microsecond = Number(fraction.slice(0, 6).padEnd(6, '0'))
    return new PyDateTime({ ...date, ...clock, microsecond, zone: zone === undefined ? null : zoneOf(zone) })
  },
}

function zoneOf(text: string): PyTimeZone {
  if (text === 'Z') return PyTimeZone.utc
  const [, sign, hours, minutes = 0] = /^([-+])(\d\d?):?(\d\d)?$/u.exec(text) ?? []
  const size = Number(hours) * 60 + Number(minutes)
  return PyTimeZone.fixed(sign === '-' ? -size : size)
}
