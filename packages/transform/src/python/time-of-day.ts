import { attributeOf, compareTo, equals, formatWith, hashOf, reprOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { textOf } from '../jinja/python-text.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { valueError } from '../jinja/template-error.ts'
import { clockText, formatMoment } from './time-format.ts'

export interface Clock {
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
}

/** @throws OperationError of kind `value`, in Python's words */
export function checkClock({ hour, minute, second, microsecond }: Clock): void {
  if (!(hour >= 0 && hour <= 23)) throw valueError('hour must be in 0..23')
  if (!(minute >= 0 && minute <= 59)) throw valueError('minute must be in 0..59')
  if (!(second >= 0 && second <= 59)) throw valueError('second must be in 0..59')
  if (!(microsecond >= 0 && microsecond <= 999_999)) throw valueError('microsecond must be in 0..999999')
}

/** Python's `datetime.time`, without a zone. */
export class PyTime implements HostObject, Clock {
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
  readonly [typeNameOf] = 'datetime.time'

  constructor(clock: Clock) {
    checkClock(clock)
    this.hour = clock.hour
    this.minute = clock.minute
    this.second = clock.second
    this.microsecond = clock.microsecond
  }

  get micros(): number {
    return ((this.hour * 60 + this.minute) * 60 + this.second) * 1_000_000 + this.microsecond
  }

  [attributeOf](name: string): unknown {
    const method = timeMethods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  toString(): string {
    return clockText(this)
  }

  [reprOf](): string {
    const parts = [this.hour, this.minute, this.second, this.microsecond]
    const length = this.microsecond === 0 ? (this.second === 0 ? 2 : 3) : 4
    return `datetime.time(${parts.slice(0, length).join(', ')})`
  }

  [formatWith](specification: string): string {
    return formatClock(this, specification)
  }

  [equals](other: unknown): boolean {
    return other instanceof PyTime && other.micros === this.micros
  }

  [compareTo](other: unknown): number | undefined {
    return other instanceof PyTime ? this.micros - other.micros : undefined
  }

  [hashOf](): string {
    return `time ${this.micros}`
  }
}

/** Dates in the format are those of 1900-01-01, as in Python. */
function formatClock({ hour, minute, second, microsecond }: PyTime, format: string): string {
  const day = { year: 1900, month: 1, day: 1, zoneOffset: '', zoneName: '', epochSeconds: 0 }
  return formatMoment({ ...day, hour, minute, second, microsecond }, format)
}

const timeMethods = functionTable(
  new NativeFunction('isoformat', 'timespec?', (time: PyTime, timespec: unknown = 'auto') =>
    clockText(time, textOf(timespec)),
  ),
  new NativeFunction('strftime', 'format', (time: PyTime, format: unknown) => formatClock(time, textOf(format))),
)
