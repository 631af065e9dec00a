import { attributeOf, compareTo, equals, hashOf, operate, reprOf, truthOf, typeNameOf } from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { asInt, isFloat, isNumeric, makeFloat, makeInt } from '../jinja/python-number.ts'
import { BoundMethod, NativeFunction, functionTable } from '../jinja/signature.ts'
import { OperationError } from '../jinja/template-error.ts'
import { twoDigits } from './calendar.ts'

const microsPerSecond = 1_000_000n
export const microsPerDay = 86_400n * microsPerSecond

/** Python's `datetime.timedelta`, in whole microseconds. */
export class PyTimeDelta implements HostObject {
  readonly micros: bigint
  readonly [typeNameOf] = 'datetime.timedelta'

  constructor(micros: bigint) {
    this.micros = micros
  }

  /** Whole days, rounded down; the rest is positive. */
  get days(): number {
    return Number(floorDivide(this.micros, microsPerDay))
  }

  get seconds(): number {
    return Number((this.micros - BigInt(this.days) * microsPerDay) / microsPerSecond)
  }

  get microseconds(): number {
    return Number(this.micros - floorDivide(this.micros, microsPerSecond) * microsPerSecond)
  }

  [attributeOf](name: string): unknown {
    const method = methods.get(name)
    return method === undefined ? undefined : new BoundMethod(method, this)
  }

  toString(): string {
    const { days, seconds, microseconds } = this
    const clock = `${Math.floor(seconds / 3600)}:${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)}`
    const fraction = microseconds === 0 ? '' : `.${String(microseconds).padStart(6, '0')}`
    return `${days === 0 ? '' : `${days} day${Math.abs(days) === 1 ? '' : 's'}, `}${clock}${fraction}`
  }

  [reprOf](): string {
    const parts = (['days', 'seconds', 'microseconds'] as const).filter((part) => this[part] !== 0)
    const text = parts.map((part) => `${part}=${this[part]}`).join(', ')
    return `datetime.timedelta(${text === '' ? '0' : text})`
  }

  [truthOf](): boolean {
    return this.micros !== 0n
  }

  [equals](other: unknown): boolean {
    return other instanceof PyTimeDelta && other.micros === this.micros
  }

  [compareTo](other: unknown): number | undefined {
    return other instanceof PyTimeDelta ? Number(this.micros - other.micros) : undefined
  }

  [hashOf](): string {
    return `timedelta ${this.micros}`
  }

  [operate](operator: string, other: unknown, isReflected: boolean): unknown {
    if (operator === 'unary -') return new PyTimeDelta(-this.micros)
    if (operator === 'unary +') return this
    if (operator === 'abs') return new PyTimeDelta(this.micros < 0n ? -this.micros : this.micros)
    if (other instanceof PyTimeDelta) return isReflected ? undefined : this.#with(operator, other)
    if (operator === '*' && isNumeric(other)) return this.#times(other)
    if (isReflected || !isNumeric(other)) return undefined
    const int = asInt(other)
    if (operator === '//' && int !== undefined) return new PyTimeDelta(floorDivide(this.micros, nonZero(BigInt(int))))
    return operator === '/' ? this.#dividedBy(other) : undefined
  }

  #with(operator: string, other: PyTimeDelta): unknown {
    switch (operator) {
      case '+':
        return new PyTimeDelta(this.micros + other.micros)
      case '-':
        return new PyTimeDelta(this.micros - other.micros)
      case '/':
        return makeFloat(Number(this.micros) / Number(nonZero(other.micros)))
      case '//':
        return makeInt(floorDivide(this.micros, nonZero(other.micros)))
      case '%':
        return new PyTimeDelta(this.micros - floorDivide(this.micros, nonZero(other.micros)) * other.micros)
      default:
        return undefined
    }
  }

  #times(factor: unknown): PyTimeDelta {
    const int = asInt(factor)
    return new PyTimeDelta(
      int === undefined ? roundToMicros(Number(this.micros) * Number(factor)) : this.micros * BigInt(int),
    )
  }

  #dividedBy(divisor: unknown): PyTimeDelta {
    if (Number(divisor) === 0) throw new OperationError('zero-division', 'division by zero')
    return new PyTimeDelta(roundToMicros(Number(this.micros) / Number(divisor)))
  }
}

function nonZero(value: bigint): bigint {
  if (value === 0n) throw new OperationError('zero-division', 'integer division or modulo by zero')
  return value
}

export function floorDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  return dividend % divisor !== 0n && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient
}

/** Half to even, as Python rounds. */
function roundToMicros(value: number): bigint {
  const floor = Math.floor(value)
  const rest = value - floor
  const isUp = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)
  return BigInt(isUp ? floor + 1 : floor)
}

const methods = functionTable(
  new NativeFunction('total_seconds', '', (delta: PyTimeDelta) => makeFloat(Number(delta.micros) / 1_000_000)),
)

const units = ['days', 'seconds', 'microseconds', 'milliseconds', 'minutes', 'hours', 'weeks'] as const
const microsOfUnit: Readonly<Record<(typeof units)[number], bigint>> = {
  days: microsPerDay,
  seconds: microsPerSecond,
  microseconds: 1n,
  milliseconds: 1000n,
  minutes: 60n * microsPerSecond,
  hours: 3600n * microsPerSecond,
  weeks: 7n * microsPerDay,
}

/** `datetime.timedelta(days, seconds, …)` */
export const makeTimeDelta = new NativeFunction(
  'timedelta',
  units.map((unit) => `${unit}?`).join(' '),
  (...amounts: readonly unknown[]) => {
    let exact = 0n
    let inexact = 0
    for (const [index, unit] of units.entries()) {
      const amount = amounts[index] ?? 0
      if (isFloat(amount)) inexact += Number(amount) * Number(microsOfUnit[unit])
      else exact += BigInt(asInt(amount) ?? 0) * microsOfUnit[unit]
    }
    return new PyTimeDelta(exact + roundToMicros(inexact))
  },
)
