/*
 * Snowflake's fixed-position and text-minimal models of numbers: `999,990.00`, `$`, `S`, `MI`, `TM9`, `TME`, `X`.
 */

const minimal = /^(?<fill>FM)?TM(?<kind>[9E])?$/iu

/** A number in decimal or exponent text, written by a format. `#` fills it when it has too many digits. */
export function formatNumber(text: string, format: string): string {
  const kind = minimal.exec(format.trim())?.groups
  if (kind !== undefined) return kind['kind']?.toUpperCase() === 'E' ? Number(text).toExponential() : text
  if (/^(?:FM)?0?[Xx]+$/u.test(format)) return hexadecimal(text, format)
  return fixed(text, format)
}

function hexadecimal(text: string, format: string): string {
  const digits = BigInt(text.split('.')[0] ?? '0').toString(16)
  const written = format.includes('X') ? digits.toUpperCase() : digits
  const width = format.replace(/^FM/iu, '').length
  if (/^FM/iu.test(format)) return written
  return ` ${written.padStart(width, format.startsWith('0') ? '0' : ' ')}`
}

interface Model {
  readonly fill: boolean
  /** What is before the digits, between them and after. */
  readonly whole: string
  readonly fraction: string
  readonly hasPoint: boolean
  readonly prefix: string
  readonly sign: 'S' | 'MI' | 'leading'
  readonly signAtEnd: boolean
}

function model(format: string): Model {
  const fill = !/^FM/iu.test(format)
  let body = format.replace(/^FM/iu, '')
  const signAtEnd = /(?:S|MI)$/iu.test(body)
  const signKind = /MI/iu.test(body) ? 'MI' : /S/iu.test(body) ? 'S' : 'leading'
  body = body.replaceAll(/MI|S|"[^"]*"/giu, '')
  const prefix = body.startsWith('$') ? '$' : ''
  body = body.replaceAll('$', '').replaceAll(/D/giu, '.').replaceAll(/G/giu, ',')
  const [whole = '', fraction] = body.split('.')
  return {
    fill,
    whole,
    fraction: fraction ?? '',
    hasPoint: fraction !== undefined,
    prefix,
    sign: signKind,
    signAtEnd,
  }
}

function fixed(text: string, format: string): string {
  const shape = model(format)
  const decimals = shape.fraction.replaceAll(/[^09]/gu, '').length
  const negative = text.startsWith('-')
  const rounded = roundText(negative ? text.slice(1) : text, decimals)
  const [whole = '0', fraction = ''] = rounded.split('.')
  const places = shape.whole.replaceAll(/[^09]/gu, '').length
  const significant = whole === '0' ? '' : whole
  if (significant.length > places) return '#'.repeat(format.replace(/^FM/iu, '').length + 1)
  const digits = wholeDigits(shape.whole, significant)
  const isNegative = negative && /[1-9]/u.test(rounded)
  const tail = fractionDigits(shape, fraction)
  return withSign(
    shape,
    `${shape.prefix}${digits.trimStart()}${tail}`,
    digits.length - digits.trimStart().length,
    isNegative,
  )
}

/** Digits put into the places of the model from the right; places before the first digit or `0` are blank. */
function wholeDigits(places: string, digits: string): string {
  const firstZero = places.indexOf('0')
  let next = digits.length - 1
  const out: string[] = []
  for (let at = places.length - 1; at >= 0; at -= 1) {
    const place = places[at]
    const shown = next >= 0 || (firstZero >= 0 && at >= firstZero)
    if (place === ',') out.unshift(shown && (next >= 0 || at > firstZero) ? ',' : ' ')
    else {
      out.unshift(next >= 0 ? (digits[next] ?? '0') : shown ? '0' : ' ')
      next -= 1
    }
  }
  return out.join('')
}

function fractionDigits(shape: Model, fraction: string): string {
  if (!shape.hasPoint) return ''
  if (shape.fill) return `.${fraction}`
  const kept = shape.fraction.lastIndexOf('0') + 1
  let end = fraction.length
  while (end > kept && fraction[end - 1] === '0') end -= 1
  return `.${fraction.slice(0, end)}`
}

function withSign(shape: Model, digits: string, blanks: number, negative: boolean): string {
  const padding = shape.fill ? ' '.repeat(blanks) : ''
  const none = shape.fill ? ' ' : ''
  const mark = shape.sign === 'S' ? (negative ? '-' : '+') : negative ? '-' : none
  return shape.signAtEnd ? `${padding}${digits}${mark}` : `${padding}${mark}${digits}`
}

/** Of a number without a sign; half away from zero. */
function roundText(text: string, decimals: number): string {
  const plain = /e/iu.test(text) ? Number(text).toFixed(Math.max(decimals, 15)) : text
  const [whole = '0', fraction = ''] = plain.split('.')
  const kept = BigInt(`${whole}${fraction.padEnd(decimals, '0').slice(0, decimals)}`)
  const up = Number(fraction[decimals] ?? '0') >= 5
  const digits = String(up ? kept + 1n : kept).padStart(decimals + 1, '0')
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

/** The number in a text that a format describes, as plain decimal text; nothing when it does not match. */
export function parseNumber(text: string, format: string): string | undefined {
  if (/^(?:FM)?[Xx]+$/u.test(format.trim()))
    return /^[\da-f]+$/iu.test(text.trim()) ? String(BigInt(`0x${text.trim()}`)) : undefined
  const negative = /-|\(/u.test(text)
  const digits = text.replaceAll(/[\s$,+()-]/gu, '')
  if (!/^(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/iu.test(digits)) return undefined
  const shape = model(format)
  const whole = (digits.split('.')[0] ?? '').replace(/^0+/u, '')
  const isMinimal = minimal.test(format.trim())
  if (!isMinimal && whole.length > shape.whole.replaceAll(/[^09]/gu, '').length) return undefined
  return negative ? `-${digits}` : digits
}
