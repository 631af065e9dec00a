/**
 * JSON text to values and back without changing a number.
 *
 * JSON.parse turns 12345678901234567891 into 12345678901234567000 and tells nobody. Its reviver sees the source text of
 * every number, but costs more than five times as much. So it runs only for a text in which JSON.parse may damage a
 * number. Two cheap tests find such texts; together they miss none:
 *
 * - Text: a number of 16 or more digits (with its point) that a double does not hold. Below that there are at most 15
 *   digits, which a double keeps through its normal range (DBL_DIG). A run of 16 touches every 16th position, so only
 *   one character in 16 is looked at.
 * - Value: what lies outside the normal range, namely an infinity (1e400), a subnormal, a zero where the text has a
 *   negative exponent (1e-400); and minus zero, which JSON.stringify writes as 0.
 */
import { JsonNumber, isExactAsDouble } from './json-number.ts'
import type { JsonValue } from './json-value.ts'
import { ProtocolError } from './protocol-error.ts'

const digitRunMin = 16
const normalMin = 2 ** -1022

/** TypeScript 7 does not declare the third argument of a reviver, which every Node since 21 passes. */
interface ReviverContext {
  readonly source?: string
}

/**
 * Parses JSON like `JSON.parse`, except that a number which a double cannot hold becomes a `JsonNumber`.
 * Values are kept, spellings are not: `1.0` and `1e0` are the number 1.
 *
 * @throws SyntaxError when the text is not JSON. Its message may quote the text: do not log it.
 */
export function parseJson(text: string): JsonValue {
  return parseJsonText(text).value
}

export interface ParsedJson {
  readonly value: JsonValue
  /** False where the value surely holds no `JsonNumber`. */
  readonly mayHoldJsonNumber: boolean
}

/** `parseJson` that also tells which way it went. */
export function parseJsonText(text: string): ParsedJson {
  if (hasInexactDigits(text)) return { value: parseExactly(text), mayHoldJsonNumber: true }
  const value: JsonValue = JSON.parse(text)
  if (leavesNormalRange(value, text)) return { value: parseExactly(text), mayHoldJsonNumber: true }
  return { value, mayHoldJsonNumber: false }
}

/**
 * Writes JSON like `JSON.stringify`, with a `JsonNumber` digit by digit, a bigint as the integer that it is, and -0
 * with its sign.
 *
 * @throws ProtocolError PROTOCOL_NUMBER_UNREPRESENTABLE for NaN and the infinities, which JSON.stringify would
 * silently replace by null.
 */
export function stringifyJson(value: unknown): string {
  return needsExactText(value) ? JSON.stringify(value, writeExactNumber) : JSON.stringify(value)
}

function parseExactly(text: string): JsonValue {
  return JSON.parse(text, (_key, value: unknown, context?: ReviverContext) => keepExactNumber(value, context))
}

function keepExactNumber(value: unknown, context: ReviverContext | undefined): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value
  if (context.source.length < digitRunMin && rangeOf(value) === 'normal') return value
  return isExactAsDouble(context.source) ? value : new JsonNumber(context.source)
}

function writeExactNumber(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return new JsonNumber(String(value)).toJSON()
  if (Object.is(value, -0)) return new JsonNumber('-0').toJSON()
  return value
}

function hasInexactDigits(text: string): boolean {
  let position = digitRunMin - 1
  while (position < text.length) {
    if (!isDigitOrPoint(text.charCodeAt(position))) {
      position += digitRunMin
      continue
    }
    const start = digitRunStart(text, position)
    const end = digitRunEnd(text, position)
    if (end - start >= digitRunMin && isInexactNumber(text, start, end)) return true
    position = end + digitRunMin
  }
  return false
}

function isDigitOrPoint(charCode: number): boolean {
  return (charCode >= 48 && charCode <= 57) || charCode === 46
}

function digitRunStart(text: string, position: number): number {
  let start = position
  while (start > 0 && isDigitOrPoint(text.charCodeAt(start - 1))) start--
  return start
}

function digitRunEnd(text: string, position: number): number {
  let end = position + 1
  while (end < text.length && isDigitOrPoint(text.charCodeAt(end))) end++
  return end
}

/** Digits inside a string may pass for a number here. That costs time, never a value. */
function isInexactNumber(text: string, digitsStart: number, digitsEnd: number): boolean {
  const start = text[digitsStart - 1] === '-' ? digitsStart - 1 : digitsStart
  if (start > 0 && !':,[ \t\r\n'.includes(text.charAt(start - 1))) return false
  const exponent = /[eE][+-]?\d+/y
  exponent.lastIndex = digitsEnd
  return !isExactAsDouble(text.slice(start, digitsEnd) + (exponent.exec(text)?.[0] ?? ''))
}

function leavesNormalRange(value: JsonValue, text: string): boolean {
  const range = numberRange(value)
  return range === 'outside' || (range === 'zero' && hasNegativeExponent(text))
}

/** Cheap test first: most texts with a zero have no exponent at all. */
function hasNegativeExponent(text: string): boolean {
  return (text.includes('e-') || text.includes('E-')) && /(?:^|[:,[\s])-?\d[\d.]*[eE]-\d/.test(text)
}

/** The worst that is found among the numbers: `outside` the normal range or minus zero, else `zero`, else `normal`. */
function numberRange(value: unknown): 'normal' | 'zero' | 'outside' {
  if (typeof value === 'number') return rangeOf(value)
  if (!hasMembers(value)) return 'normal'
  let worst: 'normal' | 'zero' = 'normal'
  for (const key in value) {
    const range = numberRange(value[key])
    if (range === 'outside') return range
    if (range === 'zero') worst = range
  }
  return worst
}

function rangeOf(value: number): 'normal' | 'zero' | 'outside' {
  if (value === 0) return Object.is(value, -0) ? 'outside' : 'zero'
  return Number.isFinite(value) && Math.abs(value) >= normalMin ? 'normal' : 'outside'
}

/** True when JSON.stringify alone would refuse or change a number. Visits every member, since any may be NaN. */
function needsExactText(value: unknown): boolean {
  if (typeof value === 'number') return numberNeedsExactText(value)
  if (!hasMembers(value)) return typeof value === 'bigint'
  let needed = false
  for (const key in value) needed = needsExactText(value[key]) || needed
  return needed
}

function numberNeedsExactText(value: number): boolean {
  if (Number.isFinite(value)) return Object.is(value, -0)
  throw new ProtocolError('PROTOCOL_NUMBER_UNREPRESENTABLE', {
    message: 'A message holds NaN or an infinity, which JSON cannot write',
  })
}

/** An array counts too: its indexes are its keys. */
function hasMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
