import { formatInterval, intervalInfinity, intervalMinusInfinity } from '@eclusa/sdk'
import type { Interval } from '@eclusa/sdk'
import type { FixedColumn } from './arrow-column.ts'
import { expectLength, malformed } from './value-codec.ts'
import type { ValueCodec } from './value-codec.ts'

const int32Max = 0x7fff_ffff

/**
 * Months, days and microseconds stay apart. Infinite intervals (PostgreSQL 17) are all three fields at their extreme;
 * they are rejected, as no warehouse has them. Earlier versions give that combination no meaning of its own, but
 * nobody has an interval of 178956970 years, 7 months, 2147483647 days and 2562047788 hours.
 */
export const intervalCodec: ValueCodec = {
  columnType: { type: 'interval' },
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 16)
    const months = view.getInt32(start + 12)
    if (months === int32Max || months === -int32Max - 1) {
      store(target, row, readInterval(view, start))
      return
    }
    target.words[4 * row] = months
    target.words[4 * row + 1] = view.getInt32(start + 8)
    target.words[4 * row + 2] = view.getInt32(start + 4)
    target.words[4 * row + 3] = view.getInt32(start)
  },
  decodeText(target: FixedColumn, row, text) {
    store(target, row, parseInterval(text))
  },
  formatBinary: ({ view }, start) => formatInterval(readInterval(view, start)),
}

function store(target: FixedColumn, row: number, interval: Interval): void {
  const text = infiniteText(interval)
  if (text !== undefined) {
    target.reject(row, `interval ${text} has no length`, text)
    return
  }
  target.words[4 * row] = interval.months
  target.words[4 * row + 1] = interval.days
  target.longs[2 * row + 1] = interval.us
}

function readInterval(view: DataView, start: number): Interval {
  return { months: view.getInt32(start + 12), days: view.getInt32(start + 8), us: view.getBigInt64(start) }
}

function infiniteText(interval: Interval): 'infinity' | '-infinity' | undefined {
  const isSame = (other: Interval) =>
    interval.months === other.months && interval.days === other.days && interval.us === other.us
  return isSame(intervalInfinity) ? 'infinity' : isSame(intervalMinusInfinity) ? '-infinity' : undefined
}

const intervalText =
  /^(?:([+-]?\d+) years?)? ?(?:([+-]?\d+) mons?)? ?(?:([+-]?\d+) days?)? ?(?:([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/

function parseInterval(text: string): Interval {
  if (text === 'infinity') return intervalInfinity
  if (text === '-infinity') return intervalMinusInfinity
  const match = intervalText.exec(text)
  if (!match || text === '') throw malformed('the text is no interval in the postgres style')
  const [years, months, days, sign, hours, minutes, seconds, fraction] = match.slice(1)
  const clock =
    BigInt(hours ?? 0) * 3_600_000_000n +
    BigInt(Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1_000_000n +
    BigInt((fraction ?? '').padEnd(6, '0'))
  return {
    months: Number(years ?? 0) * 12 + Number(months ?? 0),
    days: Number(days ?? 0),
    us: sign === '-' ? -clock : clock,
  }
}
