import { attributeOf, callObject, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject, KeywordArguments } from '../jinja/protocol.ts'
import { expectIndex, isNumeric } from '../jinja/python-number.ts'
import { textOf, typeName } from '../jinja/python-text.ts'
import { NativeFunction } from '../jinja/signature.ts'
import { typeError } from '../jinja/template-error.ts'
import { dayOfOrdinal } from './calendar.ts'
import type { CalendarDay } from './calendar.ts'
import { PyDate } from './date.ts'
import { PyDateTime, zoneArgument } from './date-time.ts'
import { PyTimeDelta, makeTimeDelta } from './time-delta.ts'
import { PyTime } from './time-of-day.ts'
import type { Clock } from './time-of-day.ts'
import { parseIso, parseMoment } from './time-parse.ts'
import { PyTimeZone } from './time-zone.ts'

/** A class as templates see it: it makes values, and has functions and constants of its own. */
class HostClass implements HostObject {
  readonly #name: string
  readonly #make: NativeFunction
  readonly #members: ReadonlyMap<string, unknown>
  readonly [typeNameOf] = 'type'

  constructor(
    make: NativeFunction,
    members: Readonly<Record<string, unknown>>,
    functions: readonly NativeFunction[] = [],
  ) {
    this.#name = make.name
    this.#make = make
    this.#members = new Map([...Object.entries(members), ...functions.map((item) => [item.name, item] as const)])
  }

  [callObject](args: readonly unknown[], kwargs: KeywordArguments): unknown {
    return this.#make[callObject](args, kwargs)
  }

  [attributeOf](name: string): unknown {
    return this.#members.get(name)
  }

  toString(): string {
    return `<class 'datetime.${this.#name}'>`
  }
}

function intOf(value: unknown, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback
  return expectIndex(value, typeName(value))
}

function clockOf(values: readonly unknown[]): Clock {
  const [hour, minute, second, microsecond] = values
  return {
    hour: intOf(hour, 0),
    minute: intOf(minute, 0),
    second: intOf(second, 0),
    microsecond: intOf(microsecond, 0),
  }
}

function dayOf(year: unknown, month: unknown, day: unknown): CalendarDay {
  return { year: intOf(year), month: intOf(month), day: intOf(day) }
}

/** Seconds since 1970, as a number of microseconds. */
function microsOf(seconds: unknown): bigint {
  if (!isNumeric(seconds)) throw typeError(`'${typeName(seconds)}' object cannot be interpreted as an integer`)
  return BigInt(Math.round(Number(seconds) * 1_000_000))
}

const nowMicros = () => BigInt(Date.now()) * 1000n

/** The clock of this process's own zone, without a zone, as Python's `now()`. */
function localNow(): PyDateTime {
  return PyDateTime.ofLocal(nowMicros() - BigInt(new Date().getTimezoneOffset()) * 60_000_000n)
}

function today(): PyDate {
  const { year, month, day } = localNow()
  return new PyDate({ year, month, day })
}

function withoutZone(micros: bigint): PyDateTime {
  return PyDateTime.ofLocal(micros)
}

const dateClass = new HostClass(
  new NativeFunction(
    'date',
    'year month day',
    (year: unknown, month: unknown, day: unknown) => new PyDate(dayOf(year, month, day)),
  ),
  { min: new PyDate({ year: 1, month: 1, day: 1 }), max: new PyDate({ year: 9999, month: 12, day: 31 }) },
  [
    new NativeFunction('today', '', today),
    new NativeFunction('fromisoformat', 'date_string', (text: unknown) => new PyDate(parseIso(textOf(text)))),
    new NativeFunction('fromordinal', 'n', (ordinal: unknown) => new PyDate(dayOfOrdinal(intOf(ordinal)))),
    new NativeFunction('fromtimestamp', 'timestamp', (seconds: unknown) => new PyDate(withoutZone(microsOf(seconds)))),
  ],
)

const timeClass = new HostClass(
  new NativeFunction(
    'time',
    'hour? minute? second? microsecond?',
    (...clock: readonly unknown[]) => new PyTime(clockOf(clock)),
  ),
  {
    min: new PyTime(clockOf([])),
    max: new PyTime({ hour: 23, minute: 59, second: 59, microsecond: 999_999 }),
  },
  [new NativeFunction('fromisoformat', 'text', (text: unknown) => new PyTime(parseIso(`2000-01-01T${textOf(text)}`)))],
)

const dateTimeClass = new HostClass(
  new NativeFunction(
    'datetime',
    'year month day hour? minute? second? microsecond? tzinfo?',
    (year: unknown, month: unknown, day: unknown, ...rest: readonly unknown[]) =>
      new PyDateTime({ ...dayOf(year, month, day), ...clockOf(rest), zone: zoneArgument(rest[4]) }),
  ),
  {
    min: new PyDateTime({ year: 1, month: 1, day: 1, ...clockOf([]) }),
    max: new PyDateTime({ year: 9999, month: 12, day: 31, hour: 23, minute: 59, second: 59, microsecond: 999_999 }),
  },
  [
    new NativeFunction('now', 'tz?', (zone: unknown) => {
      const given = zoneArgument(zone)
      return given === null ? localNow() : PyDateTime.ofUtc(nowMicros(), given)
    }),
    new NativeFunction('today', '', localNow),
    new NativeFunction('utcnow', '', () => withoutZone(nowMicros())),
    new NativeFunction('strptime', 'date_string format', (text: unknown, format: unknown) => {
      if (typeof text !== 'string') throw typeError(`strptime() argument 1 must be str, not ${typeName(text)}`)
      return new PyDateTime(parseMoment(text, textOf(format)))
    }),
    new NativeFunction('fromisoformat', 'date_string', (text: unknown) => new PyDateTime(parseIso(textOf(text)))),
    new NativeFunction('fromtimestamp', 'timestamp tz?', (seconds: unknown, zone: unknown) => {
      const given = zoneArgument(zone)
      return given === null ? withoutZone(microsOf(seconds)) : PyDateTime.ofUtc(microsOf(seconds), given)
    }),
    new NativeFunction('utcfromtimestamp', 'timestamp', (seconds: unknown) => withoutZone(microsOf(seconds))),
    new NativeFunction(
      'fromordinal',
      'n',
      (ordinal: unknown) => new PyDateTime({ ...dayOfOrdinal(intOf(ordinal)), ...clockOf([]) }),
    ),
    new NativeFunction('combine', 'date time tzinfo?', (date: PyDate, time: PyTime, zone: unknown) => {
      const { year, month, day } = date
      const { hour, minute, second, microsecond } = time
      return new PyDateTime({ year, month, day, hour, minute, second, microsecond, zone: zoneArgument(zone) })
    }),
  ],
)

/** `modules.datetime` */
export const datetimeModule: Readonly<Record<string, unknown>> = {
  date: dateClass,
  time: timeClass,
  datetime: dateTimeClass,
  timedelta: new HostClass(makeTimeDelta, { resolution: new PyTimeDelta(1n) }),
  tzinfo: new NativeFunction('tzinfo', '', () => PyTimeZone.utc),
}

/** `modules.pytz` */
export function pytzModule(): Readonly<Record<string, unknown>> {
  return {
    utc: PyTimeZone.utc,
    timezone: new NativeFunction('timezone', 'zone', (name: unknown) => PyTimeZone.named(textOf(name))),
    FixedOffset: new NativeFunction('FixedOffset', 'offset', (minutes: unknown) => PyTimeZone.fixed(intOf(minutes))),
    get all_timezones() {
      return timeZoneNames()
    },
    get common_timezones() {
      return timeZoneNames()
    },
  }
}

/** The runtime knows some zones only by their newest names, so the old ones that pytz lists too may be missing here. */
function timeZoneNames(): readonly string[] {
  return [...Intl.supportedValuesOf('timeZone'), 'UTC']
}
