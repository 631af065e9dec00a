import { nativeError } from './native-function.ts'
import type { NativeFunction } from './native-function.ts'
import { formatNumber, parseNumber } from './number-format.ts'

interface Decimal {
  readonly units: bigint
  readonly scale: number
}

function decimal(text: string): Decimal {
  const [whole = '0', fraction = ''] = text.split('.')
  return { units: BigInt(whole + fraction), scale: fraction.length }
}

function decimalText({ units, scale }: Decimal): string {
  if (scale === 0) return String(units)
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** Half away from zero. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const negative = dividend < 0n !== divisor < 0n
  const [above, below] = [dividend < 0n ? -dividend : dividend, divisor < 0n ? -divisor : divisor]
  const quotient = (above * 2n + below) / (below * 2n)
  return negative ? -quotient : quotient
}

function divide(left: string, right: string, scale: bigint): string {
  const [above, below] = [decimal(left), decimal(right)]
  if (below.units === 0n) throw nativeError('100051', '22012', 'Division by zero')
  const shift = Number(scale) + below.scale - above.scale
  const power = 10n ** BigInt(Math.abs(shift))
  const units =
    shift >= 0 ? divideRounded(above.units * power, below.units) : divideRounded(above.units, below.units * power)
  return decimalText({ units, scale: Number(scale) })
}

type Rounding = 'HALF_AWAY_FROM_ZERO' | 'HALF_TO_EVEN' | 'DOWN' | 'FLOOR' | 'CEIL'

/** To `places` digits after the point, before it when negative; the text keeps `scale` digits. */
function round(text: string, places: bigint, mode: string): string {
  const value = decimal(text)
  const drop = value.scale - Number(places)
  if (drop <= 0) return text
  const power = 10n ** BigInt(drop)
  return decimalText({ units: roundUnits(value.units, power, mode as Rounding) * power, scale: value.scale })
}

function roundUnits(units: bigint, power: bigint, mode: Rounding): bigint {
  const down = units / power
  const rest = units % power
  if (rest === 0n || mode === 'DOWN') return down
  if (mode === 'FLOOR') return rest < 0n ? down - 1n : down
  if (mode === 'CEIL') return rest > 0n ? down + 1n : down
  const isHalf = (rest < 0n ? -rest : rest) * 2n === power
  if (mode === 'HALF_TO_EVEN' && isHalf) return down % 2n === 0n ? down : down + (units < 0n ? -1n : 1n)
  return divideRounded(units, power)
}

/** Exact decimal arithmetic where DuckDB would go through DOUBLE or overflow on the way. */
export const nativeNumberFunctions: readonly NativeFunction[] = [
  { name: 'sf_divide', parameters: ['text', 'text', 'integer'], returns: 'text', compute: divide },
  { name: 'sf_round', parameters: ['text', 'integer', 'text'], returns: 'text', compute: round },
  {
    name: 'sf_float_text',
    parameters: ['float'],
    returns: 'text',
    compute: (value: number) => floatText(value),
  },
  { name: 'sf_format_number', parameters: ['text', 'text'], returns: 'text', compute: formatNumber },
  {
    name: 'sf_parse_number',
    parameters: ['text', 'text'],
    returns: 'text',
    compute: (text: string, format: string) => {
      const found = parseNumber(text, format)
      if (found !== undefined) return found
      throw nativeError('100140', '22018', `Can't parse '${text}' as number with format '${format}'`)
    },
  },
]

export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e15 || size < 1e-5)) {
    return value.toExponential().replace(/e([+-])(\d)$/u, 'e$10$2')
  }
  return String(value)
}
