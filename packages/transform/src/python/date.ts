import { attributeOf, compareTo, equals, formatWith, hashOf, operate, reprOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { PyTuple } from '../jinja/python-collections.ts'
import { textOf } from '../jinja/python-text.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { typeError } from '../jinja/template-error.ts'
import { checkDay, dayOfOrdinal, dayOfYear, dayText, isoWeekOf, ordinalOf, weekdayOf } from './calendar.ts'
import type { CalendarDay } from './calendar.ts'
import { PyTimeDelta, microsPerDay } from './time-delta.ts'
import { formatMoment } from './time-format.ts'

/** Python's `datetime.date`. */
export class PyDate implements HostObject {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly [typeNameOf]: string = 'datetime.date'

  /** @throws OperationError of kind `value` for a day that the calendar has not */
  constructor(day: CalendarDay) {
    checkDay(day)
    this.year = day.year
    this.month = day.month
    this.day = day.day
  }

  get ordinal(): number {
    return ordinalOf(this)
  }

  [attributeOf](name: string): unknown {
    const method = dateMethods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  toString(): string {
    return dayText(this)
  }

  [reprOf](): string {
    return `datetime.date(${this.year}, ${this.month}, ${this.day})`
  }

  [formatWith](specification: string): string {
    return formatMoment(midnightOf(this), specification)
  }

  [equals](other: unknown): boolean {
    return other instanceof PyDate && other.ordinal === this.ordinal
  }

  [compareTo](other: unknown): number | undefined {
    return other instanceof PyDate ? this.ordinal - other.ordinal : undefined
  }

  [hashOf](): string {
    return `date ${this.ordinal}`
  }

  [operate](operator: string, other: unknown, isReflected: boolean): unknown {
    if (other instanceof PyTimeDelta) {
      if (operator === '+') return this.#plusDays(other.days)
      if (operator === '-' && !isReflected) return this.#plusDays(-other.days)
    }
    if (other instanceof PyDate && operator === '-' && !isReflected) {
      return new PyTimeDelta(BigInt(this.ordinal - other.ordinal) * microsPerDay)
    }
    return undefined
  }

  #plusDays(days: number): PyDate {
    return new PyDate(dayOfOrdinal(this.ordinal + days))
  }
}

export function midnightOf(day: CalendarDay) {
  const epochSeconds = (ordinalOf(day) - 719_163) * 86_400
  const { year, month, day: dayOfMonth } = day
  const clock = { hour: 0, minute: 0, second: 0, microsecond: 0, zoneOffset: '', zoneName: '' }
  return { year, month, day: dayOfMonth, ...clock, epochSeconds }
}

/** A part that is given, or that of the date. */
export function partOf(value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number') throw typeError(`an integer is required (got type ${typeof value})`)
  return value
}

const dateMethods = functionTable(
  ...calendarMethods(),
  new NativeFunction('isoformat', '', (date: PyDate) => dayText(date)),
  new NativeFunction('strftime', 'format', (date: PyDate, format: unknown) =>
    formatMoment(midnightOf(date), textOf(format)),
  ),
  new NativeFunction('replace', 'year? month? day?', (date: PyDate, year: unknown, month: unknown, day: unknown) => {
    return new PyDate({ year: partOf(year, date.year), month: partOf(month, date.month), day: partOf(day, date.day) })
  }),
  new NativeFunction('ctime', '', (date: PyDate) => formatMoment(midnightOf(date), '%a %b %e %H:%M:%S %Y')),
  new NativeFunction('timetuple', '', (date: PyDate) => timeTuple(midnightOf(date))),
)

/** What a date and a datetime share. */
export function calendarMethods(): NativeFunction[] {
  return [
    new NativeFunction('weekday', '', (date: CalendarDay) => weekdayOf(date)),
    new NativeFunction('isoweekday', '', (date: CalendarDay) => weekdayOf(date) + 1),
    new NativeFunction('toordinal', '', (date: CalendarDay) => ordinalOf(date)),
    new NativeFunction('isocalendar', '', (date: CalendarDay) => {
      const { year, week, weekday } = isoWeekOf(date)
      return new PyTuple([year, week, weekday], ['year', 'week', 'weekday'])
    }),
  ]
}

/** Python's struct_time, by position and by name. */
export function timeTuple(moment: CalendarDay & { hour: number; minute: number; second: number }): PyTuple {
  const { year, month, day, hour, minute, second } = moment
  const values = [year, month, day, hour, minute, second, weekdayOf(moment), dayOfYear(moment), -1]
  const names = ['year', 'mon', 'mday', 'hour', 'min', 'sec', 'wday', 'yday', 'isdst']
  return new PyTuple(
    values,
    names.map((name) => `tm_${name}`),
  )
}
