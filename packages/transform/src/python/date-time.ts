import { attributeOf, compareTo, equals, formatWith, hashOf, operate, reprOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { makeFloat } from '../jinja/python-number.ts'
import { reprOfValue, textOf, typeName } from '../jinja/python-text.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { typeError, valueError } from '../jinja/template-error.ts'
import { checkDay, dayOfOrdinal, dayText, ordinalOf } from './calendar.ts'
import type { CalendarDay } from './calendar.ts'
import { PyDate, calendarMethods, partOf, timeTuple } from './date.ts'
import { PyTimeDelta, floorDivide, microsPerDay } from './time-delta.ts'
import { clockText, formatMoment } from './time-format.ts'
import type { Moment } from './time-format.ts'
import { PyTime, checkClock } from './time-of-day.ts'
import type { Clock } from './time-of-day.ts'
import { PyTimeZone, offsetText } from './time-zone.ts'

const epochOrdinal = 719_163n

export interface DateTimeFields extends CalendarDay, Clock {
  readonly zone?: PyTimeZone | null
  /** Seconds east of UTC. Default: what pytz takes for a zone that was not localized. */
  readonly offsetSeconds?: number | undefined
}

/** Python's `datetime.datetime`. With a zone it is a moment, without one only what a clock shows. */
export class PyDateTime implements HostObject, CalendarDay, Clock {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
  readonly tzinfo: PyTimeZone | null
  /** Seconds east of UTC; undefined without a zone. */
  readonly offsetSeconds: number | undefined
  readonly [typeNameOf] = 'datetime.datetime'

  /** @throws OperationError of kind `value` for what no clock shows */
  constructor(fields: DateTimeFields) {
    checkDay(fields)
    checkClock(fields)
    this.year = fields.year
    this.month = fields.month
    this.day = fields.day
    this.hour = fields.hour
    this.minute = fields.minute
    this.second = fields.second
    this.microsecond = fields.microsecond
    this.tzinfo = fields.zone ?? null
    this.offsetSeconds = this.tzinfo === null ? undefined : (fields.offsetSeconds ?? this.tzinfo.unlocalizedOffset)
  }

  /** From microseconds since 1970 on the clock itself. */
  static ofLocal(micros: bigint, zone: PyTimeZone | null = null, offsetSeconds?: number): PyDateTime {
    const days = floorDivide(micros, microsPerDay)
    const rest = Number(micros - days * microsPerDay)
    const seconds = Math.floor(rest / 1_000_000)
    return new PyDateTime({
      ...dayOfOrdinal(Number(days + epochOrdinal)),
      hour: Math.floor(seconds / 3600),
      minute: Math.floor(seconds / 60) % 60,
      second: seconds % 60,
      microsecond: rest % 1_000_000,
      zone,
      offsetSeconds,
    })
  }

  /** From microseconds since 1970 in UTC, on the clock of a zone. */
  static ofUtc(micros: bigint, zone: PyTimeZone): PyDateTime {
    const offset = zone.offsetAt(Number(micros / 1000n))
    return PyDateTime.ofLocal(micros + BigInt(offset) * 1_000_000n, zone, offset)
  }

  get localMicros(): bigint {
    const clock = BigInt((this.hour * 60 + this.minute) * 60 + this.second) * 1_000_000n + BigInt(this.microsecond)
    return (BigInt(ordinalOf(this)) - epochOrdinal) * microsPerDay + clock
  }

  /** Microseconds since 1970 in UTC; a clock without a zone counts as that of UTC. */
  get utcMicros(): bigint {
    return this.localMicros - BigInt(this.offsetSeconds ?? 0) * 1_000_000n
  }

  get moment(): Moment {
    const { year, month, day, hour, minute, second, microsecond, offsetSeconds, tzinfo } = this
    const zoneName = tzinfo?.abbreviationAt(Number(this.utcMicros / 1000n)) ?? ''
    const zoneOffset = offsetSeconds === undefined ? '' : offsetText(offsetSeconds, '')
    const epochSeconds = Number(floorDivide(this.utcMicros, 1_000_000n))
    return { year, month, day, hour, minute, second, microsecond, zoneName, zoneOffset, epochSeconds }
  }

  inZone(zone: PyTimeZone): PyDateTime {
    if (isAware(this)) throw valueError('Not naive datetime (tzinfo is already set)')
    const offsetSeconds = zone.offsetAtLocal(Number(this.localMicros / 1000n))
    return new PyDateTime({ ...this.#fields(), zone, offsetSeconds })
  }

  normalized(zone: PyTimeZone): PyDateTime {
    return PyDateTime.ofUtc(this.utcMicros, zone)
  }

  #fields(): CalendarDay & Clock {
    const { year, month, day, hour, minute, second, microsecond } = this
    return { year, month, day, hour, minute, second, microsecond }
  }

  isoText(separator: string, timespec?: string): string {
    const offset = this.offsetSeconds === undefined ? '' : offsetText(this.offsetSeconds)
    return `${dayText(this)}${separator}${clockText(this, timespec)}${offset}`
  }

  [attributeOf](name: string): unknown {
    const method = methods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  toString(): string {
    return this.isoText(' ')
  }

  [reprOf](): string {
    const clock = [this.hour, this.minute, this.second, this.microsecond]
    const length = this.microsecond === 0 ? (this.second === 0 ? 2 : 3) : 4
    const parts = [this.year, this.month, this.day, ...clock.slice(0, length)].join(', ')
    return `datetime.datetime(${parts}${this.tzinfo === null ? '' : `, tzinfo=${reprOfValue(this.tzinfo)}`})`
  }

  [formatWith](specification: string): string {
    return formatMoment(this.moment, specification)
  }

  [equals](other: unknown): boolean {
    if (!(other instanceof PyDateTime)) return false
    return isAware(this) === isAware(other) && this.utcMicros === other.utcMicros
  }

  [compareTo](other: unknown): number | undefined {
    if (!(other instanceof PyDateTime)) return undefined
    if (isAware(this) !== isAware(other)) throw typeError("can't compare offset-naive and offset-aware datetimes")
    return Number(this.utcMicros - other.utcMicros)
  }

  [hashOf](): string {
    return `datetime ${isAware(this)} ${this.utcMicros}`
  }

  [operate](operator: string, other: unknown, isReflected: boolean): unknown {
    if (other instanceof PyTimeDelta) {
      // The clock moves by the delta, whatever the zone does meanwhile; its offset stays, as with pytz.
      const moved = (micros: bigint) => PyDateTime.ofLocal(this.localMicros + micros, this.tzinfo, this.offsetSeconds)
      if (operator === '+') return moved(other.micros)
      if (operator === '-' && !isReflected) return moved(-other.micros)
    }
    if (other instanceof PyDateTime && operator === '-' && !isReflected) {
      if (isAware(this) !== isAware(other)) throw typeError("can't subtract offset-naive and offset-aware datetimes")
      return new PyTimeDelta(this.utcMicros - other.utcMicros)
    }
    return undefined
  }
}

function isAware({ tzinfo }: PyDateTime): boolean {
  return tzinfo !== null
}

export function zoneArgument(value: unknown): PyTimeZone | null {
  if (value === null || value === undefined) return null
  if (value instanceof PyTimeZone) return value
  throw typeError(`tzinfo argument must be None or of a tzinfo subclass, not type '${typeName(value)}'`)
}

const replacedParts = ['year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond'] as const

function replaceParts(moment: PyDateTime, ...values: readonly unknown[]): PyDateTime {
  const entries = replacedParts.map((part, index) => [part, partOf(values[index], moment[part])] as const)
  const fields = Object.fromEntries(entries) as unknown as CalendarDay & Clock
  const zone = values[7] === undefined ? moment.tzinfo : zoneArgument(values[7])
  return new PyDateTime({ ...fields, zone, offsetSeconds: zone === moment.tzinfo ? moment.offsetSeconds : undefined })
}

const methods = functionTable(
  ...calendarMethods(),
  new NativeFunction('date', '', ({ year, month, day }: PyDateTime) => new PyDate({ year, month, day })),
  new NativeFunction('time', '', (moment: PyDateTime) => new PyTime(moment)),
  new NativeFunction('isoformat', 'sep? timespec?', (moment: PyDateTime, separator: unknown = 'T', spec?: unknown) =>
    moment.isoText(textOf(separator), spec === undefined ? undefined : textOf(spec)),
  ),
  new NativeFunction('strftime', 'format', (moment: PyDateTime, format: unknown) =>
    formatMoment(moment.moment, textOf(format)),
  ),
  new NativeFunction('replace', [...replacedParts, 'tzinfo'].map((part) => `${part}?`).join(' '), replaceParts),
  new NativeFunction('astimezone', 'tz?', (moment: PyDateTime, zone: unknown) =>
    PyDateTime.ofUtc(moment.utcMicros, zoneArgument(zone) ?? PyTimeZone.utc),
  ),
  new NativeFunction('timestamp', '', (moment: PyDateTime) => makeFloat(Number(moment.utcMicros) / 1_000_000)),
  new NativeFunction('utcoffset', '', ({ offsetSeconds }: PyDateTime) =>
    offsetSeconds === undefined ? null : new PyTimeDelta(BigInt(offsetSeconds) * 1_000_000n),
  ),
  new NativeFunction('tzname', '', (moment: PyDateTime) => (isAware(moment) ? moment.moment.zoneName : null)),
  new NativeFunction('ctime', '', (moment: PyDateTime) => formatMoment(moment.moment, '%a %b %e %H:%M:%S %Y')),
  new NativeFunction('timetuple', '', (moment: PyDateTime) => timeTuple(moment)),
)
