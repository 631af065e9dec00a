import { floatText } from './float-text.ts'
import { OperationError, typeError, valueError } from './template-error.ts'
import { trimEnd, trimStart } from './whitespace.ts'

/** Takes a text that stands in JSON as it is. The types of TypeScript do not have it yet. */
const json = JSON as typeof JSON & { rawJSON(text: string): unknown }

/**
 * Numbers. Python keeps 1 and 1.0 apart, JavaScript does not. Here a JavaScript number with an integral value is a Python
 * int, every other number (1.5, NaN, Infinity) is a float, and only a float with an integral value needs a box. Integers
 * that a number cannot hold exactly are bigints. So what a host passes in and gets out is an ordinary number nearly always.
 */
export class PyFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }

  valueOf(): number {
    return this.value
  }

  /** With its point, as Python writes it. */
  toJSON(): unknown {
    return json.rawJSON(floatText(this.value))
  }
}

/** A Python int: an integral number in the safe range, or a bigint outside of it. */
export type PyInt = number | bigint

/** Powers beyond this many bits are refused rather than computed for minutes. */
const integerBitsMax = 1_000_000

export function makeFloat(value: number): number | PyFloat {
  return Number.isInteger(value) ? new PyFloat(value) : value
}

export function makeInt(value: PyInt): PyInt {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : BigInt(value)
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

export function isFloat(value: unknown): value is number | PyFloat {
  return value instanceof PyFloat || (typeof value === 'number' && !Number.isInteger(value))
}

/** An int, without the booleans, which Python counts among them. */
export function isInt(value: unknown): value is PyInt {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))
}

export function isNumeric(value: unknown): value is number | bigint | boolean | PyFloat {
  return (
    typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' || value instanceof PyFloat
  )
}

/** The value of an int or a bool as a PyInt, or undefined for anything else. */
export function asInt(value: unknown): PyInt | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0
  return isInt(value) ? value : undefined
}

/** The value of any number as a JavaScript number; a large int loses digits, as in Python. */
export function asNumber(value: number | bigint | boolean | PyFloat): number {
  return Number(value)
}

/** An int that serves as an index or a count. */
export function expectIndex(value: unknown, typeName: string): number {
  const int = asInt(value)
  if (int === undefined) throw typeError(`'${typeName}' object cannot be interpreted as an integer`)
  return Number(int)
}

export function parseIntegerLiteral(text: string): PyInt {
  return makeInt(BigInt(text))
}

export function parseFloatLiteral(text: string): number | PyFloat {
  return makeFloat(Number(text))
}

const integerTextPattern = /^([-+]?)(0[xX]_?|0[oO]_?|0[bB]_?)?([\da-zA-Z]+(?:_[\da-zA-Z]+)*)$/
const prefixBases: Readonly<Record<string, number>> = { x: 16, o: 8, b: 2 }

/** Python's int(text, base), or undefined where it raises ValueError. */
export function parseInteger(text: string, base = 10): PyInt | undefined {
  const match = integerTextPattern.exec(asciiDigits(trimEnd(trimStart(text))))
  if (!match) return undefined
  const [, sign = '', prefix = '', digits = ''] = match
  const prefixBase = prefixBases[prefix[1]?.toLowerCase() ?? '']
  const ownPrefix = prefixBase !== undefined && (base === 0 || base === prefixBase)
  if (prefix !== '' && !ownPrefix) {
    return base > 10 ? digitsToInt(sign, prefix + digits, base) : undefined
  }
  if (base === 0 && prefix === '' && /^0[0_]*[1-9]/.test(digits)) return undefined
  return digitsToInt(sign, digits, base === 0 ? (prefixBase ?? 10) : base)
}

function digitsToInt(sign: string, digits: string, base: number): PyInt | undefined {
  let result = 0n
  const bigBase = BigInt(base)
  const plain = digits.replaceAll('_', '')
  if (base === 10 && /^\d+$/.test(plain)) result = BigInt(plain)
  else {
    for (const digit of plain) {
      const value = Number.parseInt(digit, 36)
      if (Number.isNaN(value) || value >= base) return undefined
      result = result * bigBase + BigInt(value)
    }
  }
  return makeInt(sign === '-' ? -result : result)
}

/** Python reads the decimal digits of every script. */
function asciiDigits(text: string): string {
  return text.replace(/[\u0080-\u{10ffff}]/gu, (character) => {
    if (!/\p{Nd}/u.test(character)) return character
    let zero = character.codePointAt(0) ?? 0
    let digit = 0
    while (digit < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) {
      zero -= 1
      digit += 1
    }
    return String(digit)
  })
}

const floatTextPattern = /^[-+]?(?:(?:\d+(?:_\d+)*)?\.(?:\d+(?:_\d+)*)|\d+(?:_\d+)*\.?)(?:[eE][-+]?\d+(?:_\d+)*)?$/
const specialFloats: Readonly<Record<string, number>> = { inf: Infinity, infinity: Infinity, nan: Number.NaN }

/** Python's float(text), or undefined where it raises ValueError. */
export function parseFloatText(text: string): number | PyFloat | undefined {
  const trimmed = asciiDigits(trimEnd(trimStart(text)))
  if (floatTextPattern.test(trimmed)) return makeFloat(Number(trimmed.replaceAll('_', '')))
  const special = specialFloats[trimmed.replace(/^[-+]/, '').toLowerCase()]
  return special === undefined ? undefined : makeFloat(trimmed.startsWith('-') ? -special : special)
}

/** int(x) of a float: cut toward zero. */
export function truncate(value: number): PyInt {
  if (Number.isNaN(value)) throw valueError('cannot convert float NaN to integer')
  if (!Number.isFinite(value)) throw new OperationError('overflow', 'cannot convert float infinity to integer')
  const truncated = Math.trunc(value)
  return Number.isSafeInteger(truncated) ? truncated + 0 : BigInt(truncated)
}

export function addInts(left: PyInt, right: PyInt): PyInt {
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right
    if (Number.isSafeInteger(sum)) return sum
  }
  return makeInt(BigInt(left) + BigInt(right))
}

export function subtractInts(left: PyInt, right: PyInt): PyInt {
  return addInts(left, negateInt(right))
}

export function negateInt(value: PyInt): PyInt {
  // 0 - x and not -x: an int has no negative zero.
  return typeof value === 'number' ? 0 - value : makeInt(-value)
}

export function multiplyInts(left: PyInt, right: PyInt): PyInt {
  if (typeof left === 'number' && typeof right === 'number') {
    const product = left * right
    if (Number.isSafeInteger(product)) return product + 0
  }
  return makeInt(BigInt(left) * BigInt(right))
}

export function floorDivideInts(left: PyInt, right: PyInt): PyInt {
  const dividend = BigInt(left)
  const divisor = BigInt(right)
  const quotient = dividend / divisor
  const isInexact = dividend % divisor !== 0n
  return makeInt(isInexact && dividend < 0n !== divisor < 0n ? quotient - 1n : quotient)
}

/** The remainder has the sign of the divisor. */
export function moduloInts(left: PyInt, right: PyInt): PyInt {
  return subtractInts(left, multiplyInts(floorDivideInts(left, right), right))
}

export function moduloFloats(left: number, right: number): number {
  const remainder = left % right
  if (remainder === 0) return right < 0 ? -0 : 0
  return remainder < 0 !== right < 0 ? remainder + right : remainder
}

export function floorDivideFloats(left: number, right: number): number {
  const remainder = moduloFloats(left, right)
  const quotient = (left - remainder) / right
  if (quotient === 0) return left / right < 0 || Object.is(left / right, -0) ? -0 : 0
  const floor = Math.floor(quotient)
  return quotient - floor > 0.5 ? floor + 1 : floor
}

/** A power of ints with an exponent that is not negative. */
export function powerInts(base: PyInt, exponent: PyInt): PyInt {
  const bits = BigInt(base).toString(2).length * Number(exponent)
  if (bits > integerBitsMax && base !== 1 && base !== 0 && base !== -1) {
    throw new OperationError('limit', `the result of ** has more than ${integerBitsMax} bits`)
  }
  if (base === -1 || base === 0 || base === 1)
    return exponent === 0 ? 1 : BigInt(exponent) % 2n === 0n ? base * base : base
  return makeInt(BigInt(base) ** BigInt(exponent))
}
