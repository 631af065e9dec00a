import { parseDecimal } from './decimal-text.ts'
import { intervalInfinity, intervalMinusInfinity } from './interval.ts'
import type { Interval } from './interval.ts'
import { Misfit } from './misfit.ts'

type Field = keyof Interval

/** What one of each unit adds, and to which field. */
const units: Readonly<Record<string, readonly [Field, bigint]>> = {
  years: ['months', 12n],
  months: ['months', 1n],
  weeks: ['days', 7n],
  days: ['days', 1n],
  hours: ['us', 3_600_000_000n],
  minutes: ['us', 60_000_000n],
  seconds: ['us', 1_000_000n],
  milliseconds: ['us', 1000n],
  us: ['us', 1n],
  microseconds: ['us', 1n],
}

/**
 * An interval from PostgreSQL's text (`1 year 2 mons -3 days +04:05:06.5`), ISO 8601 (`P1Y2M-3DT4H5M6.5S`), or an object
 * of counts (`{ months, days, us }`, or the `{ years, ..., milliseconds }` that drivers give).
 */
export function encodeInterval(value: unknown): Interval | Misfit {
  if (typeof value === 'object' && value !== null) return sumOf(Object.entries(value))
  if (typeof value !== 'string') return new Misfit('not an interval')
  const counts = value.startsWith('P') || value.startsWith('-P') ? isoCounts(value) : postgresCounts(value)
  return counts === undefined ? (infinityOf(value) ?? new Misfit('not an interval')) : sumOf(counts)
}

type Count = readonly [unit: string, count: unknown]

function sumOf(counts: readonly Count[]): Interval | Misfit {
  const sums = { months: 0n, days: 0n, us: 0n }
  for (const [unit, count] of counts) {
    const rule = Object.hasOwn(units, unit) ? units[unit] : undefined
    if (rule === undefined) return new Misfit(`an interval has no unit "${unit}"`)
    const [field, factor] = rule
    const amount = amountOf(count, factor)
    if (amount === undefined) return new Misfit(`not a whole number of ${field === 'us' ? 'microseconds' : field}`)
    sums[field] += amount
  }
  const fits = sums.months === BigInt.asIntN(32, sums.months) && sums.days === BigInt.asIntN(32, sums.days)
  if (!fits || sums.us !== BigInt.asIntN(64, sums.us)) return new Misfit('out of range of interval')
  return { months: Number(sums.months), days: Number(sums.days), us: sums.us }
}

/** count * factor, where that is a whole number. */
function amountOf(count: unknown, factor: bigint): bigint | undefined {
  if (typeof count === 'bigint') return count * factor
  if (typeof count !== 'number' && typeof count !== 'string') return undefined
  const number = parseDecimal(String(count))
  if (number === undefined) return undefined
  const amount = number.digits * factor
  if (number.scale <= 0) return amount * 10n ** BigInt(-number.scale)
  const divisor = 10n ** BigInt(number.scale)
  return amount % divisor === 0n ? amount / divisor : undefined
}

const isoPattern = new RegExp(
  String.raw`^(?<sign>-?)P(?:(?<years>-?\d+)Y)?(?:(?<months>-?\d+)M)?(?:(?<weeks>-?\d+)W)?(?:(?<days>-?\d+)D)?` +
    String.raw`(?:T(?:(?<hours>-?\d+)H)?(?:(?<minutes>-?\d+)M)?(?:(?<seconds>-?\d+(?:\.\d+)?)S)?)?$`,
)

function isoCounts(text: string): Count[] | undefined {
  const { sign, ...groups } = isoPattern.exec(text)?.groups ?? {}
  const counts = Object.entries(groups).filter(([, count]) => count !== undefined)
  if (counts.length === 0) return undefined
  return sign === '-' ? counts.map(([unit, count]) => [unit, negated(count)]) : counts
}

function negated(count: string): string {
  return count.startsWith('-') ? count.slice(1) : `-${count}`
}

const postgresUnits: Readonly<Record<string, string>> = { year: 'years', mon: 'months', day: 'days' }
const postgresPattern = /^(?<counts>(?:[+-]?\d+ (?:year|mon|day)s? ?)*)(?<clock>[+-]?\d+:\d\d:\d\d(?:\.\d+)?)?$/

function postgresCounts(text: string): Count[] | undefined {
  const { counts = '', clock } = postgresPattern.exec(text)?.groups ?? {}
  const parts = [...counts.matchAll(/([+-]?\d+) (year|mon|day)/g)].map(([, count, unit]): Count => [
    postgresUnits[unit!]!,
    count,
  ])
  if (clock !== undefined) parts.push(...clockCounts(clock))
  return parts.length === 0 ? undefined : parts
}

function clockCounts(clock: string): Count[] {
  const [hours = '', minutes = '', seconds = ''] = clock.replace(/^[+-]/, '').split(':')
  const counts = [
    ['hours', hours],
    ['minutes', minutes],
    ['seconds', seconds],
  ] as const
  return clock.startsWith('-') ? counts.map(([unit, count]) => [unit, negated(count)]) : [...counts]
}

function infinityOf(text: string): Interval | undefined {
  if (/^\+?infinity$/i.test(text)) return intervalInfinity
  return /^-infinity$/i.test(text) ? intervalMinusInfinity : undefined
}
