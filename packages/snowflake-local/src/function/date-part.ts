import { compilationError } from '../engine/sql-error.ts'
import type { TypedSql } from './function-rule.ts'

/** Every word for a part of a date, by the one DuckDB has for it or a word of our own. */
const names: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      ['year', 'y yy yyy yyyy yr years yrs'],
      ['quarter', 'q qtr qtrs quarters'],
      ['month', 'mm mon mons months'],
      ['week', 'w wk weekofyear woy wy weeks'],
      ['weekiso', 'week_iso weekofyeariso weekofyear_iso'],
      ['yearofweek', ''],
      ['yearofweekiso', ''],
      ['day', 'd dd days dayofmonth'],
      ['dayofweek', 'weekday dow dw'],
      ['dayofweekiso', 'weekday_iso dow_iso dw_iso dayofweek_iso'],
      ['dayofyear', 'yearday doy dy'],
      ['hour', 'h hh hr hours hrs'],
      ['minute', 'm mi min minutes mins'],
      ['second', 's sec seconds secs'],
      ['millisecond', 'ms msec milliseconds'],
      ['microsecond', 'us usec microseconds'],
      ['nanosecond', 'ns nsec nanosec nsecond nanoseconds nanosecs nseconds'],
      ['epoch_second', 'epoch epoch_seconds'],
      ['epoch_millisecond', 'epoch_milliseconds'],
      ['epoch_microsecond', 'epoch_microseconds'],
      ['epoch_nanosecond', 'epoch_nanoseconds'],
      ['timezone_hour', 'tzh'],
      ['timezone_minute', 'tzm'],
    ] as const
  ).flatMap(([name, aliases]) => [name, ...aliases.split(' ')].map((alias) => [alias, name])),
)

/** @throws SqlError 001006 when there is no such part. */
export function datePart(word: TypedSql | undefined): string {
  const name = names[(word?.literal ?? '').toLowerCase()]
  if (name !== undefined) return name
  throw compilationError('001006', '22023', `'${word?.literal ?? '?'}' is not a valid date/time component`)
}

const timeParts = new Set(['hour', 'minute', 'second', 'millisecond', 'microsecond', 'nanosecond'])

export function isTimePart(part: string): boolean {
  return timeParts.has(part)
}
