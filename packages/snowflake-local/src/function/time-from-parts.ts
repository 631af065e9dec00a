import { wholeMicroseconds } from './nanoseconds.ts'
import { date, integer, time, timestamp } from '../catalog/sql-type.ts'
import { convert } from './conversion.ts'
import type { FunctionContext, FunctionRule } from './function-rule.ts'
import { scalar } from './scalar-rule.ts'

const ntz = timestamp('TIMESTAMP_NTZ')

/** Values beyond a month's or a day's end run on into the next. */
export const dateFromParts: FunctionRule = scalar(
  'int int int',
  date,
  ([year, month, day]) =>
    `CAST(make_date(${year}, 1, 1) + to_months(CAST(${month} - 1 AS INTEGER)) + to_days(CAST(${day} - 1 AS INTEGER)) AS DATE)`,
)

function clock(hour: string, minute: string, second: string, nanosecond = '0'): string {
  return `to_microseconds(((${hour} * 60 + ${minute}) * 60 + ${second}) * 1000000 + ${wholeMicroseconds(nanosecond)})`
}

export const timeFromParts: FunctionRule = scalar(
  'int int int int?',
  time(),
  ([hour = '0', minute = '0', second = '0', nanosecond]) =>
    `CAST(DATE '1970-01-01' + ${clock(hour, minute, second, nanosecond)} AS TIME)`,
)

const wallFromParts = (values: readonly string[]): string => {
  const [year, month, day, hour = '0', minute = '0', second = '0', nanosecond] = values
  if (hour === '0' && values.length === 2) return `(${year} + ${month})`
  return `(CAST(make_date(${year}, 1, 1) + to_months(CAST(${month} - 1 AS INTEGER)) + to_days(CAST(${day} - 1 AS INTEGER)) AS TIMESTAMP) + ${clock(hour, minute, second, nanosecond)})`
}

/** Of a date and a time, or of six to eight numbers, the last of which may be a zone. */
export function timestampFromParts(name: 'TIMESTAMP_NTZ' | 'TIMESTAMP_LTZ' | 'TIMESTAMP_TZ'): FunctionRule {
  const type = timestamp(name)
  return {
    kind: 'scalar',
    arity: [2, 8],
    translate: ({ arguments: values }, context) => {
      if (values.length === 2) {
        const [day, hour] = values
        if (day === undefined || hour === undefined) throw new Error('Arity is checked before')
        const sum = `(${convert(day, date, { context }).sql} + ${convert(hour, time(), { context }).sql})`
        return convert({ sql: sum, type: ntz }, type, { context })
      }
      const numbers = values.slice(0, 7).map((value) => `CAST(${convert(value, integer, { context }).sql} AS BIGINT)`)
      const wall = { sql: wallFromParts(numbers), type: ntz }
      const zone = values[7]
      const zoned = zone === undefined ? context : { ...context, parameter: zoneParameter(context, zone.literal) }
      return convert(wall, type, { context: zoned })
    },
  }
}

export function zoneParameter(context: FunctionContext, zone: string | undefined): FunctionContext['parameter'] {
  return (name) => (name === 'TIMEZONE' ? zone : context.parameter(name))
}
