import { exponentText, fixedText, generalText } from './float-text.ts'
import { asMapping } from './mapping.ts'
import { PyTuple } from './python-collections.ts'
import { asHostObject, numberOf } from './protocol.ts'
import { asInt, asNumber, expectIndex, isNumeric, truncate } from './python-number.ts'
import { characters } from './python-object.ts'
import { asciiRepr, reprOfValue, textOf, typeName } from './python-text.ts'
import { OperationError, typeError, valueError } from './template-error.ts'
import { Undefined } from './undefined-value.ts'

/** Fields wider than this are refused: a width may come from data. */
export const fieldWidthMax = 10_000_000

const directivePattern = /%(?:\(([^)]*)\))?([-#0 +]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?([\s\S]?)/g

interface Directive {
  readonly flags: string
  readonly width: number
  readonly precision: number | undefined
  readonly type: string
}

/** Python's `template % values`. */
export function formatPercent(template: string, values: unknown): string {
  const source = new ValueSource(values)
  const text = template.replace(directivePattern, (...match) => {
    const [, key, flags, width, precision, type, index] = match as [
      string,
      string | undefined,
      string,
      string | undefined,
      string | undefined,
      string,
      number,
    ]
    if (type === '') throw valueError('incomplete format')
    const mapped = key === undefined ? undefined : source.mapped(key)
    const signedWidth = source.number(width) ?? 0
    const directive: Directive = {
      flags: signedWidth < 0 ? `${flags}-` : flags,
      width: Math.abs(signedWidth),
      precision: precision === '' ? 0 : source.number(precision),
      type,
    }
    if (directive.width > fieldWidthMax) throw valueError('width too big')
    if (type === '%') return '%'
    checkType(type, index + match[0].length - 1)
    return formatDirective(directive, key === undefined ? source.next() : mapped)
  })
  source.checkAllUsed()
  return text
}

class ValueSource {
  readonly #values: unknown
  readonly #items: readonly unknown[]
  readonly #mayBeUnused: boolean
  #used = 0

  constructor(values: unknown) {
    this.#values = values
    this.#items = values instanceof PyTuple ? values.items : [values]
    this.#mayBeUnused = asMapping(values) !== undefined || Array.isArray(values) || values instanceof Undefined
  }

  next(): unknown {
    if (this.#used >= this.#items.length) throw typeError('not enough arguments for format string')
    this.#used += 1
    return this.#items[this.#used - 1]
  }

  mapped(key: string): unknown {
    const mapping = asMapping(this.#values)
    if (this.#values instanceof Undefined) return this.#values.chain()
    if (!mapping) throw typeError('format requires a mapping')
    if (!mapping.has(key)) throw new OperationError('key', reprOfValue(key))
    return mapping.get(key)
  }

  number(text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    if (text !== '*') return Number(text)
    const value = asInt(this.next())
    if (value === undefined) throw typeError('* wants int')
    return Number(value)
  }

  checkAllUsed(): void {
    if (this.#used < this.#items.length && !this.#mayBeUnused) {
      throw typeError('not all arguments converted during string formatting')
    }
  }
}

function checkType(type: string, index: number): void {
  if ('sradiuoxXeEfFgGc'.includes(type)) return
  const code = (type.codePointAt(0) ?? 0).toString(16)
  throw valueError(`unsupported format character '${type}' (0x${code}) at index ${index}`)
}

function formatDirective(directive: Directive, value: unknown): string {
  const { type, precision } = directive
  if (type === 's') return pad(cut(textOf(value), precision), directive)
  if (type === 'r') return pad(cut(reprOfValue(value), precision), directive)
  if (type === 'a') return pad(cut(asciiRepr(value), precision), directive)
  if (type === 'c') return pad(characterOf(value), directive)
  const number = 'eEfFgG'.includes(type) ? floatDigits(directive, value) : integerDigits(directive, value)
  return padNumber(number, directive, Number.isFinite(Number(number.replace(/^-?0[xXo]/, '1'))))
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : characters(text).slice(0, precision).join('')
}

function characterOf(value: unknown): string {
  if (typeof value === 'string' && characters(value).length === 1) return value
  if (asInt(value) === undefined) throw typeError('%c requires int or char')
  const code = expectIndex(value, typeName(value))
  if (code < 0 || code > 0x10ffff) throw new OperationError('overflow', '%c arg not in range(0x110000)')
  return String.fromCodePoint(code)
}

const integerBases: Readonly<Record<string, { readonly base: number; readonly prefix: string }>> = {
  x: { base: 16, prefix: '0x' },
  X: { base: 16, prefix: '0X' },
  o: { base: 8, prefix: '0o' },
}

function integerDigits({ type, precision = 0, flags }: Directive, value: unknown): string {
  const { base, prefix } = integerBases[type] ?? { base: 10, prefix: '' }
  const int = BigInt(integerOf(type, value))
  const digits = (int < 0n ? -int : int).toString(base).padStart(precision, '0')
  const marked = (flags.includes('#') ? prefix : '') + (type === 'X' ? digits.toUpperCase() : digits)
  return int < 0n ? `-${marked}` : marked
}

function integerOf(type: string, value: unknown): number | bigint {
  const int = asInt(value)
  if (int !== undefined) return int
  if (integerBases[type]) throw typeError(`%${type} format: an integer is required, not ${typeName(value)}`)
  if (value instanceof Undefined) return value.fail()
  const ofHost = asHostObject(value)?.[numberOf]?.()
  if (ofHost !== undefined) return asInt(ofHost) ?? truncate(Number(ofHost))
  if (!isNumeric(value)) throw typeError(`%${type} format: a real number is required, not ${typeName(value)}`)
  return truncate(asNumber(value))
}

function floatDigits({ type, precision = 6, flags }: Directive, value: unknown): string {
  if (value instanceof Undefined) return value.fail()
  const ofHost = asHostObject(value)?.[numberOf]?.()
  if (ofHost === undefined && !isNumeric(value)) throw typeError(`must be real number, not ${typeName(value)}`)
  const number = Number(ofHost ?? value)
  if (!Number.isFinite(number)) {
    const text = Number.isNaN(number) ? 'nan' : number < 0 ? '-inf' : 'inf'
    return type === type.toUpperCase() ? text.toUpperCase() : text
  }
  const lower = type.toLowerCase()
  const mark = type === lower ? 'e' : 'E'
  if (lower === 'f') return fixedText(number, precision)
  if (lower === 'e') return exponentText(number, precision, mark)
  return generalText(number, precision, { keepZeros: flags.includes('#'), mark })
}

function padNumber(number: string, directive: Directive, mayPadWithZeros: boolean): string {
  const { flags, width } = directive
  const sign = number.startsWith('-') ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  const digits = number.replace(/^-/, '')
  if (!flags.includes('0') || flags.includes('-') || !mayPadWithZeros) return pad(sign + digits, directive)
  const prefix = /^0[xXo]/.exec(digits)?.[0] ?? ''
  return sign + prefix + digits.slice(prefix.length).padStart(width - sign.length - prefix.length, '0')
}

function pad(text: string, { flags, width }: Directive): string {
  const fill = ' '.repeat(Math.max(0, width - characters(text).length))
  return flags.includes('-') ? text + fill : fill + text
}
