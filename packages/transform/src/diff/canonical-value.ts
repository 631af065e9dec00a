import { EclusaError } from '@eclusa/sdk'
import type { SqlValue } from '@eclusa/sdk'
import type { Dialect } from '@eclusa/warehouse'
import type { ColumnPair } from './column-pairs.ts'
import type { ValueFamily } from './value-family.ts'

/*
 * One spelling for equal values of two databases, which may be of two kinds: in SQL for keys, whose hash sorts both sides,
 * and here for everything else.
 */

const numeric = new Set<ValueFamily>(['integer', 'decimal', 'float'])
const moments = new Set<ValueFamily>(['date', 'timestamp', 'timestamptz'])

/**
 * An expression that gives the same text for equal values on both sides, and never NULL.
 *
 * @throws COMMAND_INVALID for values that two kinds of warehouses spell differently.
 */
export function keyText(
  pair: ColumnPair,
  side: 'before' | 'after',
  { dialect, isOneKind }: { readonly dialect: Dialect; readonly isOneKind: boolean },
): string {
  const column = dialect.quoteIdentifier(pair[side].name)
  const families = [pair.before.family, pair.after.family]
  if (!isOneKind && families.some((family) => ['float', 'json', 'bytes', 'time', 'other'].includes(family))) {
    throw new EclusaError('COMMAND_INVALID', {
      message: `Column "${pair.name}" is of type ${pair.before.type} and ${pair.after.type}, by which rows of two kinds of warehouses cannot be found again.`,
      remedy: 'Name the columns that tell rows apart with --key: numbers, texts, dates, times or UUIDs.',
    })
  }
  const text = `cast(${pair[side].family === 'timestamptz' ? `(${column} at time zone 'UTC')` : column} as text)`
  const spelled = families.includes('decimal') ? withoutTrailingZeros(text) : text
  return `case when ${column} is null then 'n' else 'v' || ${isMoment(pair) ? withClock(spelled, families) : spelled} end`
}

function withoutTrailingZeros(text: string): string {
  return `case when ${text} like '%.%' then rtrim(rtrim(${text}, '0'), '.') else ${text} end`
}

function isMoment({ before, after }: ColumnPair): boolean {
  return moments.has(before.family) && moments.has(after.family)
}

/** A date beside a timestamp is its midnight. */
function withClock(text: string, families: readonly ValueFamily[]): string {
  if (families.every((family) => family === 'date')) return text
  return `case when length(${text}) = 10 then ${text} || ' 00:00:00' else ${text} end`
}

/** Equal for equal values, whatever the types of the two columns; null is only equal to itself. */
export function canonicalValue(value: SqlValue, { before, after, asText }: ColumnPair): string | null {
  if (value === null) return null
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  const families = [before.family, after.family]
  if (asText) return String(value)
  if (families.includes('float') && families.every((family) => numeric.has(family))) return String(Number(value))
  if (families.every((family) => numeric.has(family))) return decimalText(String(value))
  if (families.every((family) => moments.has(family))) return momentText(String(value))
  return families.includes('json') ? jsonText(String(value)) : String(value)
}

function decimalText(text: string): string {
  const short = text.includes('.') ? text.replace(/\.?0+$/u, '') : text
  return short === '-0' ? '0' : short
}

function momentText(text: string): string {
  const [, day, clock = '00:00:00', fraction = ''] =
    /^(\S+?)(?:[ T](\d\d:\d\d:\d\d)(\.\d+)?)?(?:\+00(?::?00)?|Z)?$/u.exec(text) ?? []
  return day === undefined ? text : `${day} ${clock}${fraction.replace(/\.?0+$/u, '')}`
}

/** Without the white space between the parts, which is all that warehouses add. */
function jsonText(text: string): string {
  return text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/gu, (_, quoted: string | undefined) => quoted ?? '')
}
