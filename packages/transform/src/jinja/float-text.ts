/** The decimal digits of a positive finite number: value = 0.DIGITS * 10^exponent. */
interface Decimal {
  readonly digits: string
  readonly exponent: number
}

/** Enough digits for every rounding below to be exact: JavaScript gives at most 100 after the point. */
const exactDigits = 100

/** Python's repr(float): the shortest text that reads back as the same number, with an exponent from 1e16 on. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const sign = value < 0 ? '-' : ''
  const { digits, exponent } = decimalOf(Math.abs(value).toExponential())
  if (exponent > 16 || exponent < -3) return sign + scientific(digits, exponent, 'e')
  return sign + plain(digits, exponent, digits.length > exponent ? digits.length - exponent : 1)
}

/** `%.{precision}f`: rounds half to even on the number's exact value, as Python does and toFixed does not. */
export function fixedText(value: number, precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const decimal = decimalOf(Math.abs(value).toExponential(exactDigits))
  const rounded = roundDecimal(decimal, decimal.exponent + precision)
  return sign + plain(rounded.digits, rounded.exponent, precision)
}

/** `%.{precision}e` */
export function exponentText(value: number, precision: number, mark: 'e' | 'E' = 'e'): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const rounded = roundDecimal(decimalOf(Math.abs(value).toExponential(exactDigits)), precision + 1)
  return sign + scientific(rounded.digits.padEnd(precision + 1, '0'), value === 0 ? 1 : rounded.exponent, mark)
}

/** `%.{precision}g`: fixed or with an exponent, whichever is shorter; trailing zeros only when they are asked for. */
export function generalText(
  value: number,
  precision: number,
  options: { keepZeros?: boolean; mark?: 'e' | 'E' } = {},
): string {
  const digitsMax = Math.max(1, precision)
  const mark = options.mark ?? 'e'
  const rounded = roundDecimal(decimalOf(Math.abs(value).toExponential(exactDigits)), digitsMax)
  const exponent = value === 0 ? 0 : rounded.exponent - 1
  const isScientific = exponent < -4 || exponent >= digitsMax
  const text = isScientific ? exponentText(value, digitsMax - 1, mark) : fixedText(value, digitsMax - 1 - exponent)
  return options.keepZeros ? text : dropZeros(text, mark)
}

function dropZeros(text: string, mark: string): string {
  const [mantissa = '', exponent] = text.split(mark)
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
  return exponent === undefined ? short : short + mark + exponent
}

function decimalOf(exponential: string): Decimal {
  const [mantissa = '', exponent] = exponential.split('e')
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) + 1 }
}

/** Keeps the given number of digits; it may be zero or negative, then only a rounding up can leave one. */
function roundDecimal({ digits, exponent }: Decimal, count: number): Decimal {
  if (count < 0) return { digits: '0', exponent: exponent - count }
  if (count >= digits.length) return { digits: digits.padEnd(count, '0'), exponent }
  const kept = digits.slice(0, count)
  const rest = digits.slice(count)
  const half = `5${'0'.repeat(rest.length - 1)}`
  const isOdd = Number(kept.at(-1) ?? 0) % 2 === 1
  if (rest < half || (rest === half && !isOdd)) return { digits: kept, exponent }
  const raised = (BigInt(kept === '' ? 0 : kept) + 1n).toString().padStart(count, '0')
  return raised.length > count ? { digits: raised, exponent: exponent + 1 } : { digits: raised, exponent }
}

function plain(digits: string, exponent: number, decimals: number): string {
  const all = exponent > 0 ? digits.padEnd(exponent, '0') : '0'.repeat(1 - exponent) + digits
  const point = Math.max(1, exponent)
  const fraction = all.slice(point).padEnd(decimals, '0').slice(0, decimals)
  return all.slice(0, point) + (decimals > 0 ? `.${fraction}` : '')
}

function scientific(digits: string, exponent: number, mark: string): string {
  const power = exponent - 1
  const sign = power < 0 ? '-' : '+'
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
  return `${digits[0]}${fraction}${mark}${sign}${String(Math.abs(power)).padStart(2, '0')}`
}
