/** An unscaled decimal with all its decimal places: `12.50` for 1250n and scale 2. */
export function formatDecimal(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled)
  const sign = unscaled < 0n ? '-' : ''
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** A decimal number of any size: digits * 10^-scale, without trailing zeros in `digits` unless it is 0. */
export interface DecimalNumber {
  readonly digits: bigint
  readonly scale: number
}

/** Exponents beyond this are no numbers that any column can hold; spelling them out would exhaust the memory. */
const exponentMax = 200_000

/** Reads `-12.50`, `1e20`, `.5`; undefined for anything else, also for NaN and infinities. */
export function parseDecimal(text: string): DecimalNumber | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text)
  if (!match) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return undefined
  if (Math.abs(Number(exponent)) > exponentMax) return undefined
  const all = whole + fraction
  const significant = all.replace(/0+$/, '')
  const digits = BigInt(significant === '' ? 0 : significant)
  if (digits === 0n) return { digits: 0n, scale: 0 }
  const scale = fraction.length - Number(exponent) - (all.length - significant.length)
  return { digits: sign === '-' ? -digits : digits, scale }
}

/** The unscaled value of `number` at a scale; undefined when it has more decimal places than that. */
export function unscaledAt(number: DecimalNumber, scale: number): bigint | undefined {
  return number.scale > scale ? undefined : number.digits * 10n ** BigInt(scale - number.scale)
}
