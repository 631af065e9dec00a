import { floatText } from './float-text.ts'
import { asMapping } from './mapping.ts'
import { asHostObject, reprOf, typeNameOf } from './protocol.ts'
import { PyDict, PyIterator, PyRange, PySet, PyTuple, isPlainObject } from './python-collections.ts'
import { PyFloat, isFloat } from './python-number.ts'
import { Undefined } from './undefined-value.ts'

/** Python's str(value): how a template prints a value. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Undefined) return value.toString()
  return reprText(value, [], false)
}

/** Python's repr(value): how a value looks inside a printed list. */
export function reprOfValue(value: unknown): string {
  return reprText(value, [], true)
}

function reprText(value: unknown, ancestors: readonly unknown[], isNested: boolean): string {
  switch (typeof value) {
    case 'string':
      return reprString(value)
    case 'number':
      return isFloat(value) ? floatText(value) : integerText(value)
    case 'bigint':
      return value.toString()
    case 'boolean':
      return value ? 'True' : 'False'
    case 'undefined':
      return 'None'
    case 'function':
      return `<function ${value.name}>`
    case 'symbol':
      return value.toString()
    default:
      return typeof value === 'object' && value !== null ? reprObject(value, ancestors, isNested) : 'None'
  }
}

function integerText(value: number): string {
  return Object.is(value, -0) ? '0' : Number.isSafeInteger(value) ? String(value) : BigInt(value).toString()
}

function reprObject(value: object, ancestors: readonly unknown[], isNested: boolean): string {
  if (value instanceof PyFloat) return floatText(value.value)
  if (value instanceof Undefined) return 'Undefined'
  if (value instanceof PyRange) return reprRange(value)
  if (value instanceof PyIterator) return `<${value.typeName} object>`
  if (isContainer(value)) return reprContainer(value, ancestors)
  const host = asHostObject(value)
  if (isNested && host?.[reprOf]) return host[reprOf]()
  return objectText(value)
}

function objectText(value: object): string {
  // eslint-disable-next-line typescript/no-base-to-string -- a class without toString prints its name, see below
  if (typeof value.toString === 'function' && value.toString !== Object.prototype.toString) return String(value)
  return asHostObject(value)?.[reprOf]?.() ?? `<${typeName(value)} object>`
}

type Container = readonly unknown[] | PyTuple | PySet | PyDict | Record<string, unknown>

function isContainer(value: object): value is Container {
  return (
    Array.isArray(value) ||
    value instanceof PyTuple ||
    value instanceof PySet ||
    value instanceof PyDict ||
    isPlainObject(value)
  )
}

function reprContainer(value: Container, ancestors: readonly unknown[]): string {
  if (ancestors.includes(value)) return Array.isArray(value) ? '[...]' : value instanceof PyTuple ? '(...)' : '{...}'
  const inner = [...ancestors, value]
  const repr = (item: unknown) => reprText(item, inner, true)
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`
  if (value instanceof PyTuple)
    return value.items.length === 1 ? `(${repr(value.items[0])},)` : `(${value.items.map(repr).join(', ')})`
  if (value instanceof PySet) return value.size === 0 ? 'set()' : `{${[...value].map(repr).join(', ')}}`
  const entries = asMapping(value)?.entries() ?? []
  return `{${[...entries].map(([key, item]) => `${repr(key)}: ${repr(item)}`).join(', ')}}`
}

function reprRange({ start, stop, step }: PyRange): string {
  return step === 1 ? `range(${start}, ${stop})` : `range(${start}, ${stop}, ${step})`
}

const escapedPattern = /[\\\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]/gu
const shortEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', ' ': ' ' }

/** Letters, digits and the like, and neither quotes nor backslashes: most texts there are. */
const plainPattern = /^[ !#-&(-[\]-~]*$/u

function reprString(text: string): string {
  if (plainPattern.test(text)) return `'${text}'`
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replace(escapedPattern, (character) => shortEscapes[character] ?? escapeCodePoint(character))
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote
}

/** `\xNN`, `\uNNNN` or `\UNNNNNNNN`, whichever is the shortest that holds the character. */
function escapeCodePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16)
  if (hex.length <= 2) return `\\x${hex.padStart(2, '0')}`
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}

/** Python's type(value).__name__, for messages. */
export function typeName(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'str'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return isFloat(value) ? 'float' : 'int'
    case 'undefined':
      return 'NoneType'
    case 'function':
      return 'function'
    case 'symbol':
      return 'symbol'
    default:
      return typeof value === 'object' && value !== null ? objectTypeName(value) : 'NoneType'
  }
}

function objectTypeName(value: object): string {
  if (value instanceof PyFloat) return 'float'
  if (Array.isArray(value)) return 'list'
  if (value instanceof PyTuple) return 'tuple'
  if (value instanceof PySet) return 'set'
  if (value instanceof PyRange) return 'range'
  if (value instanceof PyIterator) return value.typeName
  if (value instanceof PyDict || isPlainObject(value)) return 'dict'
  return asHostObject(value)?.[typeNameOf] ?? constructorName(value)
}

/** An object need not have a constructor: it may be made of one that has no prototype. */
function constructorName(value: { readonly constructor?: { readonly name: string } }): string {
  return value.constructor?.name ?? 'object'
}

/** Python's ascii(value): the repr with everything beyond ASCII escaped. */
export function asciiRepr(value: unknown): string {
  return reprOfValue(value).replace(/[\u0080-\u{10ffff}]/gu, escapeCodePoint)
}
