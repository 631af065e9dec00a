import { attributeOf, equals, hashOf, reprOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { reprOfValue } from '../jinja/python-text.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { twoDigits } from './calendar.ts'

/** Languages whose abbreviations of time zones are those of the tz database, each for its part of the world. */
const abbreviationLocales = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA']

/** A time zone: of the tz database by its name, or a fixed offset. */
export class PyTimeZone implements HostObject {
  readonly zone: string | null
  /** How the zone prints itself. */
  readonly #text: string
  readonly #fixedMinutes: number | undefined
  readonly [typeNameOf] = 'tzinfo'

  private constructor(zone: string | null, text: string, fixedMinutes: number | undefined) {
    this.zone = zone
    this.#text = text
    this.#fixedMinutes = fixedMinutes
  }

  static readonly utc = new PyTimeZone('UTC', 'UTC', 0)

  /** @throws OperationError of kind `key` for a name that the tz database has not */
  static named(name: string): PyTimeZone {
    if (name.toUpperCase() === 'UTC') return PyTimeZone.utc
    try {
      new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0)
    } catch {
      throw new OperationError('key', reprOfValue(name))
    }
    return new PyTimeZone(name, name, undefined)
  }

  /** `text`: how a fixed offset prints itself, which differs between pytz and datetime. */
  static fixed(minutes: number, text = `pytz.FixedOffset(${minutes})`): PyTimeZone {
    return minutes === 0 ? PyTimeZone.utc : new PyTimeZone(null, text, minutes)
  }

  /** Seconds east of UTC at an instant. */
  offsetAt(epochMillis: number): number {
    if (this.#fixedMinutes !== undefined) return this.#fixedMinutes * 60
    const text = this.#part(epochMillis, 'en-US', 'longOffset')
    const match = /([+-])(\d{2}):(\d{2})(?::(\d{2}))?/u.exec(text)
    if (!match) return 0
    const [, sign, hours, minutes, seconds = 0] = match
    const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
    return sign === '-' ? -size : size
  }

  /** Seconds east of UTC for a clock in this zone. Where clocks go back it is the later offset, as pytz has it. */
  offsetAtLocal(localMillis: number): number {
    const standard = this.offsetAt(localMillis - this.offsetAt(localMillis) * 1000)
    const candidates = [this.offsetAt(localMillis - 86_400_000), this.offsetAt(localMillis + 86_400_000), standard]
    const valid = candidates.filter((offset) => this.offsetAt(localMillis - offset * 1000) === offset)
    return valid.length === 0 ? Math.min(...candidates) : Math.min(...valid)
  }

  /**
   * Seconds east of UTC for a clock that got the zone without `localize`: pytz then takes the zone's first offset, the
   * local mean time of its city, in whole minutes.
   */
  get unlocalizedOffset(): number {
    return Math.round(this.offsetAt(Date.UTC(1800, 0)) / 60) * 60
  }

  /** `CEST`; an offset where the zone has no letters. */
  abbreviationAt(epochMillis: number): string {
    if (this.zone === 'UTC') return 'UTC'
    if (this.#fixedMinutes !== undefined) return this.zone ?? ''
    for (const locale of abbreviationLocales) {
      const text = this.#part(epochMillis, locale, 'short')
      if (!/\d/u.test(text)) return text
    }
    const offset = this.offsetAt(epochMillis)
    const size = Math.abs(offset) / 60
    const minutes = size % 60 === 0 ? '' : twoDigits(size % 60)
    return `${offset < 0 ? '-' : '+'}${twoDigits(Math.floor(size / 60))}${minutes}`
  }

  #part(epochMillis: number, locale: string, timeZoneName: 'short' | 'longOffset'): string {
    const format = new Intl.DateTimeFormat(locale, { timeZone: this.zone ?? 'UTC', timeZoneName })
    return format.formatToParts(epochMillis).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  }

  [attributeOf](name: string): unknown {
    const method = zoneMethods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  toString(): string {
    return this.#text
  }

  [reprOf](): string {
    return this.zone === 'UTC' ? '<UTC>' : this.zone === null ? this.#text : `<DstTzInfo '${this.zone}'>`
  }

  [equals](other: unknown): boolean {
    return other instanceof PyTimeZone && other.zone === this.zone && other.#fixedMinutes === this.#fixedMinutes
  }

  [hashOf](): string {
    return `zone ${this.#text}`
  }
}

/** `+02:00` */
export function offsetText(seconds: number, separator = ':'): string {
  const size = Math.abs(seconds)
  const rest = size % 60 === 0 ? '' : `${separator}${twoDigits(size % 60)}`
  const clock = `${twoDigits(Math.floor(size / 3600))}${separator}${twoDigits(Math.floor(size / 60) % 60)}`
  return `${seconds < 0 ? '-' : '+'}${clock}${rest}`
}

/** What a zone can be given to: a datetime. */
interface Localizable {
  /** The same clock, in a zone. */
  inZone(zone: PyTimeZone): unknown
  /** The same moment, with the offset that the zone has then. */
  normalized(zone: PyTimeZone): unknown
}

const zoneMethods = functionTable(
  new NativeFunction('localize', 'dt is_dst?', (zone: PyTimeZone, moment: Localizable) => moment.inZone(zone)),
  new NativeFunction('normalize', 'dt', (zone: PyTimeZone, moment: Localizable) => moment.normalized(zone)),
)
