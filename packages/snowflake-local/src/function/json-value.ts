/*
 * Semi-structured values as Snowflake keeps them: numbers exact up to 38 digits and doubles beyond, keys of objects in
 * order. Doubles are written with an exponent, so the text itself tells INTEGER, DECIMAL and DOUBLE apart.
 */

export class JsonNumber {
  /** In its one written form. */
  readonly text: string

  constructor(text: string) {
    this.text = canonicalNumber(text)
  }
}

export type JsonObject = Map<string, JsonValue>
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject

const digitsMax = 38

const plainInteger = /^-?(?:0|[1-9]\d{0,37})$/u

function canonicalNumber(text: string): string {
  if (text !== '-0' && plainInteger.test(text)) return text
  if (/[eEIN]/u.test(text)) return doubleText(Number(text))
  const [, sign = '', whole = '', fraction = ''] = /^([-+]?)0*(\d*)(?:\.(\d*?)0*)?$/u.exec(text) ?? []
  const leading = whole === '' ? '0' : whole
  if (leading.length + fraction.length > digitsMax) return doubleText(Number(text))
  const digits = fraction === '' ? leading : `${leading}.${fraction}`
  return sign === '-' && /[1-9]/u.test(digits) ? `-${digits}` : digits
}

const doubleDigits = 15

/** `1.912000000000000e+02`. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  // One digit more than Snowflake shows, where the double would not be the same without it.
  const shown = value.toExponential(doubleDigits)
  const kept = Number(shown) === value ? shown : value.toExponential(doubleDigits + 1)
  return kept.replace(/e([+-])(\d)$/u, 'e$10$2')
}

export function isObject(value: JsonValue): value is JsonObject {
  return value instanceof Map
}

export function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** Without white space, keys in order, as TO_JSON writes. */
export function writeJson(value: JsonValue): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return writeText(value)
  if (value instanceof JsonNumber) return /^-?[IN]/u.test(value.text) ? `"${value.text}"` : value.text
  if (isObject(value)) {
    let members = ''
    for (const [key, member] of inOrder(value)) {
      members += `${members === '' ? '' : ','}${writeText(key)}:${writeJson(member)}`
    }
    return `{${members}}`
  }
  return `[${value.map(writeJson).join(',')}]`
}

/** Nothing in it has to be escaped, and no half of a surrogate pair may stand alone. */
const plain = /^[ !#-[\]-\uD7FF\uE000-\uFFFF]*$/u

function writeText(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}

function inOrder(object: JsonObject): Iterable<[string, JsonValue]> {
  let last: string | undefined
  for (const key of object.keys()) {
    if (last !== undefined && last > key) {
      return [...object].toSorted(([left], [right]) => byCodeUnits(left, right))
    }
    last = key
  }
  return object
}

function byCodeUnits(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}

/** Of a value inside another: a string without its quotes. */
export function plainText(value: JsonValue): string | null {
  if (value === null) return null
  return typeof value === 'string' ? value : writeJson(value)
}

/** Snowflake's name of a value's type, as TYPEOF gives it. */
export function typeOf(value: JsonValue): string {
  if (value === null) return 'NULL_VALUE'
  if (typeof value === 'boolean') return 'BOOLEAN'
  if (typeof value === 'string') return 'VARCHAR'
  if (value instanceof JsonNumber) {
    if (value.text.includes('e')) return 'DOUBLE'
    return value.text.includes('.') ? 'DECIMAL' : 'INTEGER'
  }
  return isObject(value) ? 'OBJECT' : 'ARRAY'
}
