import type { FixedColumn } from './arrow-column.ts'
import { expectLength, malformed } from './value-codec.ts'
import type { ValueCodec } from './value-codec.ts'

/* Floats move as integers of their width: a JavaScript number might not keep the bits of a NaN. */

export const float32Codec: ValueCodec = {
  columnType: { type: 'float32' },
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 4)
    target.words[row] = view.getInt32(start)
  },
  decodeText(target: FixedColumn, row, text) {
    scratch.setFloat32(0, parseFloatText(text))
    target.words[row] = scratch.getInt32(0)
  },
  formatBinary: ({ view }, start) => formatFloat32(view.getFloat32(start)),
  inline: { kind: 'fixed', length: 4, source: ({ words }) => `${words}[i] = view.getInt32(p);` },
}

export const float64Codec: ValueCodec = {
  columnType: { type: 'float64' },
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 8)
    target.words[2 * row + 1] = view.getInt32(start)
    target.words[2 * row] = view.getInt32(start + 4)
  },
  decodeText(target: FixedColumn, row, text) {
    scratch.setFloat64(0, parseFloatText(text))
    target.words[2 * row + 1] = scratch.getInt32(0)
    target.words[2 * row] = scratch.getInt32(4)
  },
  formatBinary: ({ view }, start) => formatFloat64(view.getFloat64(start)),
  inline: {
    kind: 'fixed',
    length: 8,
    source: ({ words }) => `${words}[2 * i + 1] = view.getInt32(p); ${words}[2 * i] = view.getInt32(p + 4);`,
  },
}

const scratch = new DataView(new ArrayBuffer(8))

function parseFloatText(text: string): number {
  const value = Number(text)
  if (text !== 'NaN' && (Number.isNaN(value) || text === '')) throw malformed('the text is no number')
  return value
}

/** A float8 as PostgreSQL prints it with extra_float_digits 1. */
export function formatFloat64(value: number): string {
  return formatFloat(value, {
    digitsMin: digitsMin64,
    digitsMax: 17,
    fixedExponentMax: 15,
    neighbour: neighbour64,
    round: (x) => x,
  })
}

/** A float4 as PostgreSQL prints it with extra_float_digits 1. */
export function formatFloat32(value: number): string {
  return formatFloat(value, {
    digitsMin: () => 1,
    digitsMax: 9,
    fixedExponentMax: 6,
    neighbour: neighbour32,
    round: Math.fround,
  })
}

interface FloatFormat {
  /** A length that the shortest text cannot be below. */
  readonly digitsMin: (value: number) => number
  readonly digitsMax: number
  /** From this power of ten on, PostgreSQL writes an exponent. */
  readonly fixedExponentMax: number
  readonly neighbour: (value: number, step: 1 | -1) => number
  readonly round: (value: number) => number
}

function formatFloat(value: number, format: FloatFormat): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const sign = value < 0 ? '-' : ''
  const { digits, exponent } = readExponential(shortestDigits(Math.abs(value), format))
  if (exponent < -4 || exponent >= format.fixedExponentMax) {
    const point = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits
    return `${sign}${point}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = digits.slice(exponent + 1)
  return fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`
}

/**
 * The fewest digits that lie strictly between the midpoints to the neighbouring floats. JavaScript also accepts a
 * midpoint itself where reading it rounds back (1e23); PostgreSQL does not rely on that and prints
 * 9.999999999999999e+22.
 */
function shortestDigits(value: number, format: FloatFormat): string {
  for (let digits = format.digitsMin(value); digits < format.digitsMax; digits++) {
    const nearest = nearestDecimal(value, digits)
    // Just above a power of two floats lie twice as far apart as below: there the next decimal up may do.
    const found = [nearest, nextDecimal(nearest)].find(
      (text) => format.round(Number(text)) === value && !isMidpoint(text, value, format),
    )
    if (found !== undefined) return trimZeros(found)
  }
  return trimZeros(nearestDecimal(value, format.digitsMax))
}

/** Where two decimals are equally near, JavaScript takes the larger one, PostgreSQL the one whose last digit is even. */
function nearestDecimal(value: number, digits: number): string {
  const nearest = value.toExponential(digits - 1)
  const longer = value.toExponential(digits)
  if (!/[13579]e/.test(nearest) || !/5e/.test(longer)) return nearest
  const exact = fractionOfDouble(value)
  const tie = fractionOfText(longer)
  if (exact.numerator * tie.denominator !== tie.numerator * exact.denominator) return nearest
  return nearest.replace(/\d(?=e)/, (digit) => String(Number(digit) - 1))
}

/** The decimal with the same number of digits that follows: `1.9e+3` after `1.8e+3`. */
function nextDecimal(text: string): string {
  const { digits, exponent } = readExponential(text)
  const next = String(BigInt(digits) + 1n)
  const carried = next.length - digits.length
  const fraction = next.slice(1)
  return `${next[0]}${fraction === '' ? '' : `.${fraction}`}e${exponent + carried}`
}

/** The parts of what toExponential gives: all digits, and the power of ten of the first. */
function readExponential(text: string): { digits: string; exponent: number } {
  const at = text.indexOf('e')
  return { digits: text.slice(0, at).replace('.', ''), exponent: Number(text.slice(at + 1)) }
}

function trimZeros(text: string): string {
  return text.replace(/\.?0*e/, 'e')
}

function isMidpoint(text: string, value: number, { neighbour }: FloatFormat): boolean {
  const exact = fractionOfText(text)
  return [neighbour(value, 1), neighbour(value, -1)].some((other) => {
    if (!Number.isFinite(other)) return false
    const sum = addFractions(fractionOfDouble(value), fractionOfDouble(other))
    return 2n * exact.numerator * sum.denominator === sum.numerator * exact.denominator
  })
}

interface Fraction {
  readonly numerator: bigint
  readonly denominator: bigint
}

function fractionOfText(text: string): Fraction {
  const { digits, exponent } = readExponential(text)
  const power = exponent - digits.length + 1
  return power >= 0
    ? { numerator: BigInt(digits) * 10n ** BigInt(power), denominator: 1n }
    : { numerator: BigInt(digits), denominator: 10n ** BigInt(-power) }
}

function fractionOfDouble(value: number): Fraction {
  let exponent = 0
  while (!Number.isInteger(value)) {
    value *= 2
    exponent++
  }
  return { numerator: BigInt(value), denominator: 2n ** BigInt(exponent) }
}

function addFractions(a: Fraction, b: Fraction): Fraction {
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  }
}

/** JavaScript's own shortest text, which accepts a little more than PostgreSQL's. */
function digitsMin64(value: number): number {
  return value.toExponential().replace(/\.|e.*/g, '').length
}

function neighbour64(value: number, step: 1 | -1): number {
  scratch.setFloat64(0, value)
  scratch.setBigInt64(0, scratch.getBigInt64(0) + BigInt(step))
  return scratch.getFloat64(0)
}

function neighbour32(value: number, step: 1 | -1): number {
  scratch.setFloat32(0, value)
  scratch.setInt32(0, scratch.getInt32(0) + step)
  return scratch.getFloat32(0)
}
