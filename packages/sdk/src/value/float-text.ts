/*
 * PostgreSQL prints floats with the fewest digits that read back as the same value (extra_float_digits = 1). Its rule
 * differs from JavaScript's in one point: a decimal exactly half-way to the neighbouring float does not count, since
 * readers may round it either way (src/common/d2s.c, acceptBounds = false). JavaScript accepts it when the float's
 * mantissa is even. Only from 2^52 on can a short decimal lie exactly half-way; there the digits are computed here.
 */

interface Decimal {
  /** Significant digits without trailing zeros. */
  readonly digits: string
  /** Power of ten of the first digit. */
  readonly exponent: number
}

/** The text of a float8, exactly as PostgreSQL prints it: `0.1`, `1e+20`, `-0`, `NaN`, `Infinity`. */
export function formatFloat64(value: number): string {
  return special(value) ?? layout(value, shortestFloat64(Math.abs(value)), 15)
}

/** The text of a float4, exactly as PostgreSQL prints it. The value must be one that a float4 can hold. */
export function formatFloat32(value: number): string {
  return special(value) ?? layout(value, shortestFloat32(Math.abs(value)), 6)
}

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  return undefined
}

/** Like C's %g: an exponent below -4, or at least as large as the type's guaranteed digits, is written out. */
function layout(value: number, { digits, exponent }: Decimal, exponentMin: number): string {
  const sign = value < 0 ? '-' : ''
  if (exponent < -4 || exponent >= exponentMin) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
    const power = String(Math.abs(exponent)).padStart(2, '0')
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return digits.length > exponent + 1 ? `${sign}${whole}.${digits.slice(exponent + 1)}` : sign + whole
}

const view = new DataView(new ArrayBuffer(8))

function shortestFloat64(value: number): Decimal {
  if (value < 2 ** 52 || value > 1e41) return fromExponential(value.toExponential())
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const fraction = BigInt.asUintN(52, bits)
  return shortestWithin(fraction | (1n << 52n), Number(bits >> 52n) - 1075, fraction === 0n)
}

function shortestFloat32(value: number): Decimal {
  if (Number.isInteger(value) && value < 2 ** 24) return fromExponential(value.toExponential())
  view.setFloat32(0, value)
  const bits = view.getUint32(0)
  const fraction = bits & 0x7f_ff_ff
  const biased = bits >>> 23
  const mantissa = biased === 0 ? fraction : fraction | 0x80_00_00
  return shortestWithin(BigInt(mantissa), Math.max(biased, 1) - 150, fraction === 0 && biased > 1)
}

function fromExponential(text: string): Decimal {
  const [mantissa = '', exponent] = text.split('e')
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) }
}

/**
 * The shortest decimal strictly between the half-way points to the neighbours of mantissa * 2^exponent; of several the
 * nearest. `isPowerOfTwo`: the neighbour below is only half as far away as the one above.
 */
function shortestWithin(mantissa: bigint, exponent: number, isPowerOfTwo: boolean): Decimal {
  const shift = exponent - 2
  const scale = shift > 0 ? 1n << BigInt(shift) : 1n
  const denominator = shift < 0 ? 1n << BigInt(-shift) : 1n
  const value = mantissa * 4n * scale
  const low = value - (isPowerOfTwo ? 1n : 2n) * scale
  const high = value + 2n * scale
  const approximate = Number(mantissa) * 2 ** exponent
  for (let power = Math.ceil(Math.log10(approximate)) + 1; ; power--) {
    const up = power < 0 ? 10n ** BigInt(-power) : 1n
    const unit = denominator * (power > 0 ? 10n ** BigInt(power) : 1n)
    const least = (low * up) / unit + 1n
    const most = (high * up - 1n) / unit
    if (least > most) continue
    const digits = String(clamp(roundedQuotient(value * up, unit), least, most))
    return { digits: digits.replace(/0+$/, ''), exponent: power + digits.length - 1 }
  }
}

/** Rounds half to even. */
function roundedQuotient(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator
  const twice = (numerator % denominator) * 2n
  const isUp = twice > denominator || (twice === denominator && quotient % 2n === 1n)
  return isUp ? quotient + 1n : quotient
}

function clamp(value: bigint, least: bigint, most: bigint): bigint {
  if (value < least) return least
  return value > most ? most : value
}
