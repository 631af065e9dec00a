import { exponentText, fixedText, floatText, generalText } from './float-text.ts'
import { fieldWidthMax } from './percent-format.ts'
import { asHostObject, formatWith } from './protocol.ts'
import { asInt, asNumber, isFloat, isNumeric } from './python-number.ts'
import { characterCount, characters } from './python-object.ts'
import { textOf, typeName } from './python-text.ts'
import { typeError, valueError } from './template-error.ts'

const specPattern = /^(?:([\s\S])?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u

interface FormatSpec {
  readonly fill: string
  readonly align: string | undefined
  readonly sign: string | undefined
  readonly isAlternate: boolean
  readonly width: number
  readonly grouping: string | undefined
  readonly precision: number | undefined
  readonly type: string | undefined
}

/** Python's format(value, spec). */
export function formatWithSpec(value: unknown, spec: string): string {
  if (spec === '') return textOf(value)
  if (typeof value === 'string') return formatText(value, parseSpec(spec, value))
  const ofHost = asHostObject(value)?.[formatWith]?.(spec)
  if (ofHost !== undefined) return ofHost
  if (!isNumeric(value)) throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`)
  return formatNumber(value, parseSpec(spec, value))
}

function parseSpec(text: string, value: unknown): FormatSpec {
  const match = specPattern.exec(text)
  if (!match) throw valueError(`Invalid format specifier '${text}' for object of type '${typeName(value)}'`)
  const [, fill, align, sign, , alternate, zero, width, grouping, precision, type] = match
  const spec: FormatSpec = {
    fill: fill ?? (zero ? '0' : ' '),
    align: align ?? (zero && typeof value !== 'string' ? '=' : undefined),
    sign,
    isAlternate: alternate !== undefined,
    width: Number(width ?? 0),
    grouping,
    precision: precision === undefined ? undefined : Number(precision),
    type,
  }
  if (spec.width > fieldWidthMax) throw valueError('width too big')
  return spec
}

function unknownCode(type: string, value: unknown): never {
  throw valueError(`Unknown format code '${type}' for object of type '${typeName(value)}'`)
}

function formatText(value: string, spec: FormatSpec): string {
  if (spec.type !== undefined && spec.type !== 's') unknownCode(spec.type, value)
  if (spec.sign !== undefined) throw valueError('Sign not allowed in string format specifier')
  if (spec.isAlternate) throw valueError('Alternate form (#) not allowed in string format specifier')
  if (spec.grouping !== undefined) throw valueError(`Cannot specify '${spec.grouping}' with 's'.`)
  if (spec.align === '=') throw valueError("'=' alignment not allowed in string format specifier")
  const text = spec.precision === undefined ? value : characters(value).slice(0, spec.precision).join('')
  return alignText('', text, spec, '<')
}

function formatNumber(value: number | bigint | boolean | { valueOf(): number }, spec: FormatSpec): string {
  const numeric = value as Parameters<typeof asNumber>[0]
  const isIntegral = !isFloat(value) && (spec.type === undefined || 'bcdoxXn'.includes(spec.type))
  const text = isIntegral ? integerBody(asInt(value) ?? 0, spec, value) : floatBody(asNumber(numeric), spec, value)
  const isNegative = text.startsWith('-')
  const sign = isNegative ? '-' : spec.sign === undefined || spec.sign === '-' ? '' : spec.sign
  const body = isNegative ? text.slice(1) : text
  const prefix = isIntegral && spec.isAlternate ? (integerPrefixes[spec.type ?? ''] ?? '') : ''
  return alignText(sign + prefix, groupDigits(body, spec, sign.length + prefix.length), spec, '>')
}

const integerBases: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16, X: 16 }
const integerPrefixes: Readonly<Record<string, string>> = { b: '0b', o: '0o', x: '0x', X: '0X' }

function integerBody(value: number | bigint, spec: FormatSpec, original: unknown): string {
  if (spec.precision !== undefined) throw valueError('Precision not allowed in integer format specifier')
  if (spec.type === 'c') return String.fromCodePoint(Number(value))
  if (spec.type !== undefined && !'bdoxXn'.includes(spec.type)) unknownCode(spec.type, original)
  const digits = value.toString(integerBases[spec.type ?? ''] ?? 10)
  return spec.type === 'X' ? digits.toUpperCase() : digits
}

function floatBody(value: number, spec: FormatSpec, original: unknown): string {
  const type = spec.type ?? ''
  if (type !== '' && !'eEfFgGn%'.includes(type)) unknownCode(type, original)
  const isUpper = type === 'E' || type === 'F' || type === 'G'
  if (!Number.isFinite(value)) {
    const text = floatText(value) + (type === '%' ? '%' : '')
    return isUpper ? text.toUpperCase() : text
  }
  const precision = spec.precision ?? 6
  const mark = isUpper ? 'E' : 'e'
  switch (type.toLowerCase()) {
    case '':
      return spec.precision === undefined ? floatText(value) : generalFloat(value, precision)
    case 'e':
      return exponentText(value, precision, mark)
    case 'f':
      return fixedText(value, precision)
    case '%':
      return `${fixedText(value * 100, precision)}%`
    default:
      return generalText(value, precision, { keepZeros: spec.isAlternate, mark })
  }
}

/** Without a type a float keeps at least one digit behind the point. */
function generalFloat(value: number, precision: number): string {
  const text = generalText(value, precision)
  if (/[.e]/.test(text)) return text
  const digits = text.replace('-', '').length
  return digits >= precision ? exponentText(value, Math.max(0, precision - 1)).replace(/\.?0+e/, 'e') : `${text}.0`
}

function groupDigits(body: string, spec: FormatSpec, signLength: number): string {
  const { grouping } = spec
  if (grouping === undefined) return body
  if (grouping === ',' && spec.type !== undefined && 'bcoxXn'.includes(spec.type)) {
    throw valueError(`Cannot specify ',' with '${spec.type}'.`)
  }
  const digitsPattern = spec.type === 'x' || spec.type === 'X' ? /^[\da-fA-F]*/ : /^\d*/
  const digits = digitsPattern.exec(body)?.[0] ?? ''
  const rest = body.slice(digits.length)
  const size = spec.type !== undefined && 'boxX'.includes(spec.type) ? 4 : 3
  const padded =
    spec.fill === '0' && spec.align === '=' ? padGrouped(digits, spec.width - signLength - rest.length, size) : digits
  return separate(padded, size, grouping) + rest
}

/** Zero padding counts the separators. */
function padGrouped(digits: string, width: number, size: number): string {
  let padded = digits
  while (padded.length + Math.floor((padded.length - 1) / size) < width) padded = `0${padded}`
  return padded
}

function separate(digits: string, size: number, separator: string): string {
  const first = digits.length % size || size
  const groups = [digits.slice(0, first)]
  for (let index = first; index < digits.length; index += size) groups.push(digits.slice(index, index + size))
  return groups.join(separator)
}

function alignText(sign: string, body: string, spec: FormatSpec, fallback: '<' | '>'): string {
  const missing = Math.max(0, spec.width - characterCount(sign + body))
  switch (spec.align ?? fallback) {
    case '<':
      return sign + body + spec.fill.repeat(missing)
    case '^': {
      const left = Math.floor(missing / 2)
      return spec.fill.repeat(left) + sign + body + spec.fill.repeat(missing - left)
    }
    case '=':
      return sign + spec.fill.repeat(missing) + body
    default:
      return spec.fill.repeat(missing) + sign + body
  }
}
