import { formatFloat32, formatFloat64 } from './float-text.ts'
import { parseDecimal, unscaledAt } from './decimal-text.ts'
import { Misfit } from './misfit.ts'

const unsafe = new Misfit('a JavaScript number beyond 2^53 may have lost digits; give a bigint or a text')

/** An integer of a number of bits from a number, a bigint or decimal digits. */
export function encodeInteger(value: unknown, bits: 16 | 32 | 64): bigint | Misfit {
  const integer = integerOf(value)
  if (integer === undefined) return new Misfit('not an integer')
  if (integer instanceof Misfit) return integer
  return BigInt.asIntN(bits, integer) === integer ? integer : new Misfit(`out of range of int${bits}`)
}

function integerOf(value: unknown): bigint | Misfit | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'string') return /^[+-]?\d+$/.test(value) ? BigInt(value.replace(/^\+/, '')) : undefined
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined
  return Number.isSafeInteger(value) ? BigInt(value) : unsafe
}

/**
 * The unscaled value of a decimal from a bigint, a decimal text, or a number; a number stands for its shortest decimal
 * (0.1 is one tenth), as every program prints it.
 */
export function encodeDecimal(value: unknown, precision: number, scale: number): bigint | Misfit {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return unsafe
  const number = typeof value === 'bigint' ? { digits: value, scale: 0 } : decimalOf(value)
  if (number === undefined) return new Misfit(`not a decimal number`)
  const unscaled = unscaledAt(number, scale)
  if (unscaled === undefined) return new Misfit(`more decimal places than decimal(${precision},${scale})`)
  const limit = 10n ** BigInt(precision)
  if (unscaled >= limit || unscaled <= -limit) return new Misfit(`out of range of decimal(${precision},${scale})`)
  return unscaled
}

function decimalOf(value: unknown) {
  return typeof value === 'string' || typeof value === 'number' ? parseDecimal(String(value)) : undefined
}

/** A double from a number, a bigint or text that a double represents without loss. */
export function encodeFloat64(value: unknown): number | Misfit {
  if (typeof value === 'number') return value
  return encodeFloatText(value, Number, (float) => [formatFloat64(float), String(float)])
}

/** As for doubles; a JavaScript number stands for its shortest decimal, since 0.1 itself is no single. */
export function encodeFloat32(value: unknown): number | Misfit {
  if (typeof value === 'number' && (Number.isNaN(value) || Object.is(Math.fround(value), value))) return value
  const text = typeof value === 'number' ? String(value) : value
  return encodeFloatText(
    text,
    (digits) => Math.fround(Number(digits)),
    (float) => [formatFloat32(float)],
  )
}

const specials: Record<string, number> = {
  nan: NaN,
  infinity: Infinity,
  inf: Infinity,
  '-infinity': -Infinity,
  '-inf': -Infinity,
}

/**
 * A text is a faithful rendering of a float when it equals one of the float's canonical texts, or the float rounded to
 * as many digits: so "0.10" and "0.30000000000000004" are, "0.30000000000000001" and "1e400" are not.
 */
function encodeFloatText(
  value: unknown,
  round: (text: string) => number,
  canonicalTexts: (float: number) => string[],
): number | Misfit {
  if (typeof value !== 'string' && typeof value !== 'bigint') return new Misfit('not a number')
  const text = String(value)
  const special = specials[text.toLowerCase()]
  if (special !== undefined) return special
  const exact = parseDecimal(text)
  if (exact === undefined) return new Misfit('not a number')
  const float = round(text)
  if (!Number.isFinite(float)) return new Misfit('beyond the largest floating-point number')
  const digitCount = Math.min(100, String(exact.digits).replace('-', '').length)
  const isFaithful = [...canonicalTexts(float), float.toPrecision(digitCount)].some((candidate) => {
    const decimal = parseDecimal(candidate)
    return decimal?.digits === exact.digits && decimal.scale === exact.scale
  })
  return isFaithful ? float : new Misfit('more digits than a floating-point number holds')
}
