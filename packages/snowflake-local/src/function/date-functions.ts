import { wholeMicroseconds } from './nanoseconds.ts'
import { date, float, integer, isTimestamp, number, text, time, timestamp } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { convert, timezone, wallClock } from './conversion.ts'
import { datePart, isTimePart } from './date-part.ts'
import type { FunctionContext, FunctionRule, TypedSql } from './function-rule.ts'
import { scalar } from './scalar-rule.ts'
import type { RuleTable } from './scalar-rule.ts'
import { dateFromParts, timeFromParts, timestampFromParts } from './time-from-parts.ts'

const ntz = timestamp('TIMESTAMP_NTZ')

function isTimeType(type: SqlType): boolean {
  return type.name === 'DATE' || type.name === 'TIME' || isTimestamp(type)
}

/** A text where a time is wanted is a timestamp. */
function asTime(value: TypedSql | undefined, context: FunctionContext): TypedSql {
  if (value === undefined) throw new Error('Arity is checked before')
  return isTimeType(value.type) ? value : convert(value, ntz, { context })
}

/** What a changed wall clock means for a value of the type that it was taken from. */
function fromWallClock(sql: string, value: TypedSql, context: FunctionContext): string {
  switch (value.type.name) {
    case 'DATE':
      return `CAST(${sql} AS DATE)`
    case 'TIME':
      return `CAST(${sql} AS TIME)`
    case 'TIMESTAMP_LTZ':
      return `timezone(${timezone(context)}, ${sql})`
    case 'TIMESTAMP_TZ':
      return `CAST({utc: ${sql} - to_minutes(CAST((${value.sql}).tz AS BIGINT)), tz: (${value.sql}).tz} AS STRUCT(utc TIMESTAMP, tz SMALLINT))`
    default:
      return sql
  }
}

/** Nanoseconds only by the thousand: the engine keeps microseconds. */
function interval(amount: string, part: string): string {
  if (part === 'nanosecond') return `to_microseconds(${wholeMicroseconds(amount)})`
  const months = part === 'quarter' ? `to_months(CAST(3 * ${amount} AS INTEGER))` : undefined
  const integerUnits = part === 'year' || part === 'month' || part === 'week' || part === 'day'
  return (
    months ??
    `to_${part}s(CAST(${amount} AS ${integerUnits ? 'INTEGER' : part === 'second' ? 'DOUBLE' : part === 'millisecond' ? 'DOUBLE' : 'BIGINT'}))`
  )
}

function addTo(value: TypedSql, amount: string, part: string, context: FunctionContext): TypedSql {
  const isWide = value.type.name === 'DATE' && isTimePart(part)
  const sum = `(${wallClock(value, context)} + ${interval(amount, part)})`
  if (isWide) return { sql: sum, type: ntz }
  const sql = fromWallClock(sum, value, context)
  const isStruct = value.type.name === 'TIMESTAMP_TZ'
  return { sql: isStruct ? `CASE WHEN ${sum} IS NULL THEN NULL ELSE ${sql} END` : sql, type: value.type }
}

const dateAdd: FunctionRule = {
  kind: 'scalar',
  arity: [3, 3],
  words: [0],
  translate: ({ arguments: [part, amount, value] }, context) => {
    if (amount === undefined) throw new Error('Arity is checked before')
    return addTo(asTime(value, context), convert(amount, integer, { context }).sql, datePart(part), context)
  },
}

/** Boundaries between the two are counted: from 23:59 to 0:01 it is one day. */
const dateDiff: FunctionRule = {
  kind: 'scalar',
  arity: [3, 3],
  words: [0],
  translate: ({ arguments: [word, from, to] }, context) => {
    const part = datePart(word)
    const [start, end] = [wallClock(asTime(from, context), context), wallClock(asTime(to, context), context)]
    if (part === 'week' || part === 'weekiso') {
      // DuckDB counts whole weeks; here every Monday between the two counts.
      const days = `date_diff('day', date_trunc('week', ${start}), date_trunc('week', ${end}))`
      return { sql: `(${days} // 7)`, type: number(9, 0) }
    }
    const unit = part === 'nanosecond' ? 'microsecond' : part
    const count = `date_diff('${unit}', ${start}, ${end})`
    return { sql: part === 'nanosecond' ? `(${count} * 1000)` : count, type: number(9, 0) }
  },
}

const truncate: FunctionRule = {
  kind: 'scalar',
  arity: [2, 2],
  words: [0],
  translate: ({ arguments: [first, second] }, context) => {
    const isReversed = first !== undefined && isTimeType(first.type)
    const value = asTime(isReversed ? first : second, context)
    const part = datePart(isReversed ? second : first)
    const unit = part === 'weekiso' ? 'week' : part === 'nanosecond' ? 'microsecond' : part
    const sql = `date_trunc('${unit}', ${wallClock(value, context)})`
    if (value.type.name === 'TIMESTAMP_TZ') {
      return {
        sql: `CASE WHEN ${value.sql} IS NULL THEN NULL ELSE ${fromWallClock(sql, value, context)} END`,
        type: value.type,
      }
    }
    return { sql: fromWallClock(`CAST(${sql} AS TIMESTAMP)`, value, context), type: value.type }
  },
}

function partSql(part: string, value: TypedSql, context: FunctionContext): string {
  const wall = wallClock(value, context)
  switch (part) {
    case 'epoch_second':
      return `CAST(floor(${instantUs(value, context)} / 1000000) AS BIGINT)`
    case 'epoch_millisecond':
      return `CAST(floor(${instantUs(value, context)} / 1000) AS BIGINT)`
    case 'epoch_microsecond':
      return instantUs(value, context)
    case 'epoch_nanosecond':
      return `(${instantUs(value, context)} * 1000)`
    case 'nanosecond':
      return `((epoch_us(${wall}) % 1000000) * 1000)`
    case 'millisecond':
    case 'microsecond':
      return `((epoch_us(${wall}) % 1000000) // ${part === 'millisecond' ? 1000 : 1})`
    case 'timezone_hour':
      return `CAST(trunc(${offset(value, context)} / 60) AS BIGINT)`
    case 'timezone_minute':
      return `(${offset(value, context)} % 60)`
    case 'week':
    case 'weekiso':
      return `date_part('week', ${wall})`
    case 'yearofweek':
    case 'yearofweekiso':
      return `date_part('isoyear', ${wall})`
    case 'dayofweekiso':
      return `date_part('isodow', ${wall})`
    default:
      return `date_part('${part}', ${wall})`
  }
}

function instantUs(value: TypedSql, context: FunctionContext): string {
  if (value.type.name === 'TIMESTAMP_TZ') return `epoch_us((${value.sql}).utc)`
  return `epoch_us(${value.type.name === 'TIMESTAMP_LTZ' ? value.sql : wallClock(value, context)})`
}

function offset(value: TypedSql, context: FunctionContext): string {
  if (value.type.name === 'TIMESTAMP_TZ') return `CAST((${value.sql}).tz AS BIGINT)`
  return `((epoch_us(${wallClock(value, context)}) - ${instantUs(value, context)}) // 60000000)`
}

const extract: FunctionRule = {
  kind: 'scalar',
  arity: [2, 2],
  words: [0],
  translate: ({ arguments: [word, value] }, context) => ({
    sql: partSql(datePart(word), asTime(value, context), context),
    type: number(19, 0),
  }),
}

function partOf(part: string): FunctionRule {
  return {
    kind: 'scalar',
    arity: [1, 1],
    translate: ({ arguments: [value] }, context) => ({
      sql: partSql(part, asTime(value, context), context),
      type: number(4, 0),
    }),
  }
}

const nameLength = 3

function nameOf(duckdbName: string): FunctionRule {
  return {
    kind: 'scalar',
    arity: [1, 1],
    translate: ({ arguments: [value] }, context) => ({
      sql: `left(${duckdbName}(${wallClock(asTime(value, context), context)}), ${nameLength})`,
      type: text(nameLength),
    }),
  }
}

const lastDay: FunctionRule = {
  kind: 'scalar',
  arity: [1, 2],
  words: [1],
  translate: ({ arguments: [value, word] }, context) => {
    const part = word === undefined ? 'month' : datePart(word)
    const start = `date_trunc('${part}', ${wallClock(asTime(value, context), context)})`
    return { sql: `CAST(${start} + ${interval('1', part)} - INTERVAL 1 DAY AS DATE)`, type: date }
  },
}

/** Month ends stay month ends. */
const addMonths: FunctionRule = {
  kind: 'scalar',
  arity: [2, 2],
  translate: ({ arguments: [given, months] }, context) => {
    const value = asTime(given, context)
    if (months === undefined) throw new Error('Arity is checked before')
    const wall = wallClock(value, context)
    const count = `CAST(${convert(months, integer, { context }).sql} AS INTEGER)`
    const added = `(${wall} + to_months(${count}))`
    const end = `(CAST(last_day(${added}) AS TIMESTAMP) + (${wall} - date_trunc('day', ${wall})))`
    const sum = `CASE WHEN CAST(${wall} AS DATE) = last_day(${wall}) THEN ${end} ELSE ${added} END`
    return { sql: fromWallClock(sum, value, context), type: value.type }
  },
}

const monthsBetween: FunctionRule = {
  kind: 'scalar',
  arity: [2, 2],
  translate: ({ arguments: [later, earlier] }, context) => {
    const [end, start] = [wallClock(asTime(later, context), context), wallClock(asTime(earlier, context), context)]
    const whole = `((year(${end}) - year(${start})) * 12 + month(${end}) - month(${start}))`
    const areEnds = `(CAST(${end} AS DATE) = last_day(${end}) AND CAST(${start} AS DATE) = last_day(${start}))`
    const days = `(epoch_us(${end} - date_trunc('month', ${end})) - epoch_us(${start} - date_trunc('month', ${start}))) / 86400000000.0`
    return {
      sql: `CASE WHEN ${areEnds} OR day(${end}) = day(${start}) THEN CAST(${whole} AS DOUBLE) ELSE ${whole} + ${days} / 31 END`,
      type: float,
    }
  },
}

function neighbourDay(direction: 1 | -1): FunctionRule {
  return scalar('date text', date, ([day, name]) => {
    const wanted = `(list_position(['su','mo','tu','we','th','fr','sa'], left(lower(trim(${name})), 2)) - 1)`
    const distance =
      direction === 1
        ? `(${wanted} - date_part('dow', ${day}) + 6) % 7 + 1`
        : `(date_part('dow', ${day}) - ${wanted} + 6) % 7 + 1`
    return `CAST(${day} ${direction === 1 ? '+' : '-'} CAST(${distance} AS INTEGER) AS DATE)`
  })
}

const secondsPerMinute = 60

/** With two arguments the instant in another zone, with three a wall clock from zone to zone. */
const convertTimezone: FunctionRule = {
  kind: 'scalar',
  arity: [2, 3],
  translate: ({ arguments: values }, context) => {
    const [first, second, third] = values
    if (first === undefined || second === undefined) throw new Error('Arity is checked before')
    if (third !== undefined) {
      const wall = convert(third, ntz, { context }).sql
      return { sql: `timezone(${second.sql}, timezone(${first.sql}, ${wall}))`, type: ntz }
    }
    const instant = convert(second, timestamp('TIMESTAMP_LTZ'), { context }).sql
    const utc = `timezone('UTC', ${instant})`
    const minutes = `CAST((epoch(timezone(${first.sql}, ${instant})) - epoch(${utc})) / ${secondsPerMinute} AS SMALLINT)`
    return {
      sql: `CASE WHEN ${instant} IS NULL THEN NULL ELSE CAST({utc: ${utc}, tz: ${minutes}} AS STRUCT(utc TIMESTAMP, tz SMALLINT)) END`,
      type: timestamp('TIMESTAMP_TZ'),
    }
  },
}

/** Slices are counted from 1970 on. */
const timeSlice: FunctionRule = {
  kind: 'scalar',
  arity: [3, 4],
  words: [2],
  translate: ({ arguments: [given, length, word, edge] }, context) => {
    const value = asTime(given, context)
    const part = datePart(word)
    const count = length?.sql ?? '1'
    const origin = part === 'week' ? `TIMESTAMP '1969-12-29 00:00:00'` : `TIMESTAMP '1970-01-01 00:00:00'`
    const width = interval(count, part)
    const start = `time_bucket(${width}, ${wallClock(value, context)}, ${origin})`
    const isEnd = edge?.literal?.toUpperCase() === 'END'
    return { sql: fromWallClock(isEnd ? `(${start} + ${width})` : start, value, context), type: value.type }
  },
}

export function currentTimestamp(context: FunctionContext): TypedSql {
  return { sql: `timezone('UTC', make_timestamp(${context.startedUs}))`, type: timestamp('TIMESTAMP_LTZ') }
}

function current(convertTo: (now: TypedSql, context: FunctionContext) => TypedSql): FunctionRule {
  return { kind: 'scalar', arity: [0, 1], translate: (_call, context) => convertTo(currentTimestamp(context), context) }
}

const now = current((value) => value)
const sysdate = current((_value, context) => ({ sql: `make_timestamp(${context.startedUs})`, type: ntz }))
const today = current((value, context) => convert(value, date, { context }))
const timeOfDay = current((value, context) => convert(value, time(), { context }))

/** TRUNC is of numbers and of dates. */
export function truncateDateOr(numbers: FunctionRule): FunctionRule {
  return {
    ...numbers,
    translate: (call, context) => {
      const [value] = call.arguments
      return value !== undefined && isTimeType(value.type)
        ? truncate.translate(call, context)
        : numbers.translate(call, context)
    },
  }
}

export const dateFunctions: RuleTable = {
  DATEADD: dateAdd,
  TIMEADD: dateAdd,
  TIMESTAMPADD: dateAdd,
  DATEDIFF: dateDiff,
  TIMEDIFF: dateDiff,
  TIMESTAMPDIFF: dateDiff,
  DATE_TRUNC: truncate,
  DATE_PART: extract,
  YEAR: partOf('year'),
  YEAROFWEEK: partOf('yearofweek'),
  YEAROFWEEKISO: partOf('yearofweekiso'),
  QUARTER: partOf('quarter'),
  MONTH: partOf('month'),
  WEEK: partOf('week'),
  WEEKOFYEAR: partOf('week'),
  WEEKISO: partOf('weekiso'),
  DAY: partOf('day'),
  DAYOFMONTH: partOf('day'),
  DAYOFWEEK: partOf('dayofweek'),
  DAYOFWEEKISO: partOf('dayofweekiso'),
  DAYOFYEAR: partOf('dayofyear'),
  HOUR: partOf('hour'),
  MINUTE: partOf('minute'),
  SECOND: partOf('second'),
  DAYNAME: nameOf('dayname'),
  MONTHNAME: nameOf('monthname'),
  LAST_DAY: lastDay,
  NEXT_DAY: neighbourDay(1),
  PREVIOUS_DAY: neighbourDay(-1),
  ADD_MONTHS: addMonths,
  MONTHS_BETWEEN: monthsBetween,
  DATE_FROM_PARTS: dateFromParts,
  DATEFROMPARTS: dateFromParts,
  TIME_FROM_PARTS: timeFromParts,
  TIMEFROMPARTS: timeFromParts,
  TIMESTAMP_FROM_PARTS: timestampFromParts('TIMESTAMP_NTZ'),
  TIMESTAMPFROMPARTS: timestampFromParts('TIMESTAMP_NTZ'),
  TIMESTAMP_NTZ_FROM_PARTS: timestampFromParts('TIMESTAMP_NTZ'),
  TIMESTAMP_LTZ_FROM_PARTS: timestampFromParts('TIMESTAMP_LTZ'),
  TIMESTAMP_TZ_FROM_PARTS: timestampFromParts('TIMESTAMP_TZ'),
  CONVERT_TIMEZONE: convertTimezone,
  TIME_SLICE: timeSlice,
  CURRENT_TIMESTAMP: now,
  LOCALTIMESTAMP: now,
  GETDATE: now,
  SYSTIMESTAMP: now,
  SYSDATE: sysdate,
  CURRENT_DATE: today,
  CURRENT_TIME: timeOfDay,
  LOCALTIME: timeOfDay,
}
