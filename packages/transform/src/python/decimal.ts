import {
  compareTo,
  equals,
  formatWith,
  hashOf,
  numberOf,
  operate,
  reprOf,
  truthOf,
  typeNameOf,
} from '../jinja/protocol.ts'
import type { HostObject } from '../jinja/protocol.ts'
import { formatWithSpec } from '../jinja/format-spec.ts'
import { PyFloat, asInt, isFloat, isNumeric, makeFloat, makeInt } from '../jinja/python-number.ts'
import { OperationError, typeError } from '../jinja/template-error.ts'

/** Significant digits of a result that cannot be exact: Python's default context. */
const precisionDefault = 28

/** Python's `decimal.Decimal`: a whole number times a power of ten. What a warehouse gives for NUMERIC and for floats. */
export class PyDecimal implements HostObject {
  readonly coefficient: bigint
  readonly exponent: number
  /** NaN or an infinity, which have no digits. */
  readonly #special: number | undefined
  readonly [typeNameOf] = 'decimal.Decimal'

  constructor(coefficient: bigint, exponent: number, special?: number) {
    this.coefficient = coefficient
    this.exponent = exponent
    this.#special = special
  }

  /** The value of a decimal's text; undefined for another text. */
  static parse(text: string): PyDecimal | undefined {
    const match = /^\s*([-+]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([-+]?\d+))?\s*$/u.exec(text)
    if (!match) return parseSpecial(text.trim())
    const [, sign, whole = '', fraction = '', onlyFraction = '', exponent = '0'] = match
    const digits = fraction + onlyFraction
    const coefficient = BigInt(whole + digits)
    return new PyDecimal(sign === '-' ? -coefficient : coefficient, Number(exponent) - digits.length)
  }

  /** The decimal of a number as Python prints it: Decimal(repr(value)). */
  static ofNumber(value: number | bigint): PyDecimal {
    if (typeof value === 'bigint') return new PyDecimal(value, 0)
    const parsed = PyDecimal.parse(Number.isInteger(value) ? `${BigInt(value)}.0` : String(value))
    if (parsed === undefined) throw typeError(`${value} is no decimal`)
    return parsed
  }

  get isFinite(): boolean {
    return this.#special === undefined
  }

  /** Digits behind the point, as a scale of a type counts them. */
  get scale(): number {
    return Math.max(0, -this.exponent)
  }

  toNumber(): number {
    return this.#special ?? Number(`${this.coefficient}e${this.exponent}`)
  }

  negated(): PyDecimal {
    return new PyDecimal(-this.coefficient, this.exponent, this.#special === undefined ? undefined : -this.#special)
  }

  plus(other: PyDecimal): PyDecimal {
    const exponent = Math.min(this.exponent, other.exponent)
    return rounded(this.#scaled(exponent) + other.#scaled(exponent), exponent)
  }

  times(other: PyDecimal): PyDecimal {
    return rounded(this.coefficient * other.coefficient, this.exponent + other.exponent)
  }

  dividedBy(other: PyDecimal): PyDecimal {
    if (other.coefficient === 0n) throw new OperationError('zero-division', 'division by zero')
    if (this.coefficient === 0n) return new PyDecimal(0n, this.exponent - other.exponent)
    const shift = Math.max(0, precisionDefault + 1 + digitsOf(other.coefficient) - digitsOf(this.coefficient))
    const scaled = this.coefficient * 10n ** BigInt(shift)
    const quotient = scaled / other.coefficient
    const isExact = quotient * other.coefficient === scaled
    const ideal = this.exponent - other.exponent
    // A digit behind the last one keeps an inexact quotient from looking like an exact half.
    const result = isExact
      ? rounded(quotient, ideal - shift)
      : rounded(quotient * 10n + signOf(scaled) * signOf(other.coefficient), ideal - shift - 1)
    return isExact ? withoutZeros(result, ideal) : result
  }

  /** The whole part of the quotient, cut toward zero as decimals do, and the rest. */
  dividedWhole(other: PyDecimal): { quotient: PyDecimal; rest: PyDecimal } {
    if (other.coefficient === 0n) throw new OperationError('zero-division', 'division by zero')
    const exponent = Math.min(this.exponent, other.exponent)
    const [dividend, divisor] = [this.#scaled(exponent), other.#scaled(exponent)]
    return { quotient: new PyDecimal(dividend / divisor, 0), rest: rounded(dividend % divisor, exponent) }
  }

  /** Rounded to this many digits behind the point, half to even. */
  roundedTo(digits: number): PyDecimal {
    if (this.exponent >= -digits) return new PyDecimal(this.#scaled(-digits), -digits)
    return new PyDecimal(divideHalfEven(this.coefficient, -digits - this.exponent), -digits)
  }

  toString(): string {
    if (this.#special !== undefined) {
      return Number.isNaN(this.#special) ? 'NaN' : this.#special < 0 ? '-Infinity' : 'Infinity'
    }
    const sign = this.coefficient < 0n ? '-' : ''
    const digits = String(this.coefficient < 0n ? -this.coefficient : this.coefficient)
    const adjusted = this.exponent + digits.length - 1
    if (this.exponent > 0 || adjusted < -6) {
      const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
      return `${sign}${digits[0]}${fraction}E${adjusted < 0 ? '-' : '+'}${Math.abs(adjusted)}`
    }
    if (this.exponent === 0) return sign + digits
    const padded = digits.padStart(1 - this.exponent, '0')
    return `${sign}${padded.slice(0, this.exponent)}.${padded.slice(this.exponent)}`
  }

  [reprOf](): string {
    return `Decimal('${this.toString()}')`
  }

  [truthOf](): boolean {
    return this.#special !== undefined || this.coefficient !== 0n
  }

  [numberOf](): number | bigint {
    if (this.exponent >= 0 && this.#special === undefined) return makeInt(this.#scaled(0))
    return this.toNumber()
  }

  [formatWith](specification: string): string {
    const match = /^(?:(.)?([<>=^]))?([-+ ])?(0)?(\d+)?(,)?(?:\.(\d+))?([fF])?$/u.exec(specification)
    if (!match) return formatWithSpec(makeFloat(this.toNumber()), specification)
    const [, fill, align, sign = '-', zero, width = '0', comma, digits, type] = match
    const value = digits === undefined && type === undefined ? this : this.roundedTo(Number(digits ?? this.scale))
    const [whole = '', fraction] = value.toString().replace('-', '').split('.')
    const grouped = comma === undefined ? whole : whole.replace(/\B(?=(?:\d{3})+$)/gu, ',')
    const mark = this.coefficient < 0n ? '-' : sign === '-' ? '' : sign
    const text = fraction === undefined ? grouped : `${grouped}.${fraction}`
    if (zero !== undefined && align === undefined) return mark + text.padStart(Number(width) - mark.length, '0')
    return formatWithSpec(mark + text, `${fill ?? ''}${align === '=' ? '>' : (align ?? '>')}${width}`)
  }

  [equals](other: unknown): boolean {
    return this[compareTo](other) === 0
  }

  /** A decimal is compared with ints and floats exactly. */
  [compareTo](other: unknown): number | undefined {
    const right = exactOperand(other)
    if (right === undefined) return undefined
    if (!this.isFinite || !right.isFinite) return this.toNumber() - right.toNumber()
    const exponent = Math.min(this.exponent, right.exponent)
    const difference = this.#scaled(exponent) - right.#scaled(exponent)
    return difference < 0n ? -1 : difference > 0n ? 1 : 0
  }

  [hashOf](): unknown {
    const number = this.toNumber()
    if (this.exponent >= 0 && this.isFinite) return makeInt(this.#scaled(0))
    return PyDecimal.parse(String(number))?.[compareTo](this) === 0 ? number : `decimal ${this.toString()}`
  }

  [operate](operator: string, other: unknown, isReflected: boolean): unknown {
    if (operator === 'unary -') return this.negated()
    if (operator === 'unary +') return this
    if (operator === 'abs') return this.coefficient < 0n ? this.negated() : this
    if (operator === 'round') return this.roundedTo(Number(other))
    const operand = operandOf(other)
    if (operand === undefined) return undefined
    return isReflected ? applyOperator(operator, operand, this) : applyOperator(operator, this, operand)
  }

  #scaled(exponent: number): bigint {
    if (exponent > this.exponent) return divideHalfEven(this.coefficient, exponent - this.exponent)
    return this.coefficient * 10n ** BigInt(this.exponent - exponent)
  }
}

function parseSpecial(text: string): PyDecimal | undefined {
  if (/^[-+]?nan$/iu.test(text)) return new PyDecimal(0n, 0, Number.NaN)
  if (/^[-+]?inf(?:inity)?$/iu.test(text)) return new PyDecimal(0n, 0, text.startsWith('-') ? -Infinity : Infinity)
  return undefined
}

/** Decimals calculate with ints, but not with floats. */
function operandOf(value: unknown): PyDecimal | undefined {
  if (value instanceof PyDecimal) return value
  const int = asInt(value)
  return int === undefined ? undefined : new PyDecimal(BigInt(int), 0)
}

function exactOperand(value: unknown): PyDecimal | undefined {
  if (!isFloat(value)) return isNumeric(value) || value instanceof PyDecimal ? operandOf(value) : undefined
  const number = value instanceof PyFloat ? value.value : value
  if (!Number.isFinite(number)) return new PyDecimal(0n, 0, number)
  return PyDecimal.parse(number.toFixed(Number.isInteger(number) ? 0 : 100))
}

function applyOperator(operator: string, left: PyDecimal, right: PyDecimal): unknown {
  switch (operator) {
    case '+':
      return left.plus(right)
    case '-':
      return left.plus(right.negated())
    case '*':
      return left.times(right)
    case '/':
      return left.dividedBy(right)
    case '//':
      return left.dividedWhole(right).quotient
    case '%':
      return left.dividedWhole(right).rest
    case '**':
      return power(left, right)
    default:
      return undefined
  }
}

function power(base: PyDecimal, exponent: PyDecimal): PyDecimal | undefined {
  const times = exponent[numberOf]()
  if (typeof times !== 'number' || !Number.isInteger(times) || Math.abs(times) > 1000) return undefined
  let result = new PyDecimal(1n, 0)
  for (let index = 0; index < Math.abs(times); index += 1) result = result.times(base)
  return times < 0 ? new PyDecimal(1n, 0).dividedBy(result) : result
}

function digitsOf(coefficient: bigint): number {
  return String(coefficient < 0n ? -coefficient : coefficient).length
}

function signOf(value: bigint): bigint {
  return value < 0n ? -1n : 1n
}

function rounded(coefficient: bigint, exponent: number): PyDecimal {
  const excess = digitsOf(coefficient) - precisionDefault
  if (excess <= 0) return new PyDecimal(coefficient, exponent)
  const cut = divideHalfEven(coefficient, excess)
  // 9.99 may have become 10.0, which has one digit more.
  return digitsOf(cut) > precisionDefault
    ? new PyDecimal(cut / 10n, exponent + excess + 1)
    : new PyDecimal(cut, exponent + excess)
}

function divideHalfEven(coefficient: bigint, zeros: number): bigint {
  const unit = 10n ** BigInt(zeros)
  const magnitude = coefficient < 0n ? -coefficient : coefficient
  const down = magnitude / unit
  const rest = (magnitude % unit) * 2n
  const isUp = rest > unit || (rest === unit && down % 2n === 1n)
  const result = isUp ? down + 1n : down
  return coefficient < 0n ? -result : result
}

/** An exact quotient has as few digits as it can, but not fewer than the operands ask for. */
function withoutZeros(value: PyDecimal, exponentMax: number): PyDecimal {
  let { coefficient, exponent } = value
  while (exponent < exponentMax && coefficient !== 0n && coefficient % 10n === 0n) {
    coefficient /= 10n
    exponent += 1
  }
  return new PyDecimal(coefficient, exponent)
}
