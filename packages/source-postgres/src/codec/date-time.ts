import {
  dateInfinityDays,
  formatDate,
  formatTime,
  formatTimestamp,
  formatTimetz,
  timestampInfinityUs,
  timetzOffsetMax,
} from '@eclusa/sdk'
import type { FixedColumn } from './arrow-column.ts'
import { parseDate, parseOffset, parseTime } from './date-time-text.ts'
import { expectLength, malformed } from './value-codec.ts'
import type { ValueCodec, WireBytes } from './value-codec.ts'
import { wireLong } from './wire-word.ts'

/* PostgreSQL counts dates and timestamps from 2000-01-01, Arrow from 1970-01-01. */

const dayUs = 86_400_000_000
const epochDays = 10_957
const epochUs = epochDays * dayUs

const int32Max = 0x7fff_ffff
const int32Min = -0x8000_0000
const int64Max = 0x7fff_ffff_ffff_ffffn
const int64Min = -0x8000_0000_0000_0000n

export const dateCodec: ValueCodec = {
  columnType: { type: 'date' },
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 4)
    const days = view.getInt32(start)
    if (days === int32Max) target.words[row] = dateInfinityDays
    else if (days === int32Min) target.words[row] = -dateInfinityDays
    else target.words[row] = days + epochDays
  },
  decodeText(target: FixedColumn, row, text) {
    if (text === 'infinity') target.words[row] = dateInfinityDays
    else if (text === '-infinity') target.words[row] = -dateInfinityDays
    else target.words[row] = parseDate(text)
  },
  formatBinary({ view }, start) {
    const days = view.getInt32(start)
    if (days === int32Max) return 'infinity'
    if (days === int32Min) return '-infinity'
    return formatDate(days + epochDays)
  },
  inline: {
    kind: 'fixed',
    length: 4,
    source: ({ words, slow }) =>
      `const days = view.getInt32(p); if (days === ${int32Max} || days === ${int32Min}) ${slow} else ${words}[i] = days + ${epochDays};`,
  },
}

export const timeCodec: ValueCodec = {
  ...wireLong,
  columnType: { type: 'time' },
  decodeText(target: FixedColumn, row, text) {
    target.setLong(row, parseTime(text))
  },
  formatBinary: ({ view }, start) => formatTime(readLong(view, start)),
}

export const timetzCodec: ValueCodec = {
  columnType: { type: 'timetz' },
  hasBinaryForm: true,
  decodeBinary(target: FixedColumn, row, { view }, start, length) {
    expectLength(length, 12)
    storeTimetz(target, row, readLong(view, start), -view.getInt32(start + 8))
  },
  decodeText(target: FixedColumn, row, text) {
    const match = /^([\d:.]+)([+-][\d:]+)$/.exec(text)
    if (!match) throw malformed('the text is no time with time zone')
    storeTimetz(target, row, parseTime(match[1]!), parseOffset(match[2]!))
  },
  formatBinary({ view }, start) {
    const offset = timetzOffsetMax + view.getInt32(start + 8)
    return formatTimetz((view.getBigInt64(start) << 24n) | BigInt(offset))
  },
}

/** Both kinds of timestamp: PostgreSQL sends timestamptz in UTC, whatever TimeZone is. */
export function timestampCodec(type: 'timestamp' | 'timestamptz'): ValueCodec {
  const zone = type === 'timestamptz' ? '+00' : ''
  return {
    columnType: { type },
    hasBinaryForm: true,
    decodeBinary(target: FixedColumn, row, wire, start, length) {
      expectLength(length, 8)
      const us = wire.view.getBigInt64(start)
      if (us === int64Max) target.longs[row] = timestampInfinityUs
      else if (us === int64Min) target.longs[row] = -timestampInfinityUs
      else if (fitsTimestamp(us + BigInt(epochUs))) target.longs[row] = us + BigInt(epochUs)
      else target.reject(row, beyondMicroseconds(type), printTimestamp(wire, start, zone))
    },
    decodeText(target: FixedColumn, row, text) {
      if (text === 'infinity') target.longs[row] = timestampInfinityUs
      else if (text === '-infinity') target.longs[row] = -timestampInfinityUs
      else storeTimestamp(target, row, text, type)
    },
    formatBinary: (wire, start) => printTimestamp(wire, start, zone),
    inline: {
      kind: 'fixed',
      length: 8,
      // The finite range of PostgreSQL lies well inside of these bounds, but for its last 30 years.
      source: ({ words, slow }) => `
        const low = view.getUint32(p + 4) + ${epochUs % 0x1_0000_0000}, high = view.getInt32(p);
        if (high > -50000 && high < ${int32Max - Math.floor(epochUs / 0x1_0000_0000) - 1}) {
          ${words}[2 * i] = low;
          ${words}[2 * i + 1] = high + ${Math.floor(epochUs / 0x1_0000_0000)} + (low >= 4294967296 ? 1 : 0);
        } else ${slow}`,
    },
  }
}

function storeTimestamp(target: FixedColumn, row: number, text: string, type: 'timestamp' | 'timestamptz'): void {
  const { date, time, offset } = splitTimestamp(text, type)
  const days = parseDate(date)
  const timeUs = parseTime(time) - (offset === '' ? 0 : parseOffset(offset) * 1_000_000)
  // Within 285 years of 1970 doubles are exact.
  if (Math.abs(days) < 100_000) {
    target.setLong(row, days * dayUs + timeUs)
    return
  }
  const us = BigInt(days) * BigInt(dayUs) + BigInt(timeUs)
  if (fitsTimestamp(us)) target.longs[row] = us
  else target.reject(row, beyondMicroseconds(type), text)
}

/** The parts of `2024-02-29 12:00:00.5+00` and of `0044-03-15 12:00:00+00 BC`, whose date keeps its era. */
function splitTimestamp(text: string, type: string): { date: string; time: string; offset: string } {
  const era = text.endsWith(' BC') ? ' BC' : ''
  const space = text.indexOf(' ')
  const sign = Math.max(text.indexOf('+', space), text.indexOf('-', space))
  if (space < 0 || sign > 0 !== (type === 'timestamptz')) throw malformed(`the text is no ${type} in the ISO style`)
  const end = text.length - era.length
  return {
    date: text.slice(0, space) + era,
    time: text.slice(space + 1, sign > 0 ? sign : end),
    offset: sign > 0 ? text.slice(sign, end) : '',
  }
}

function fitsTimestamp(us: bigint): boolean {
  return us > -timestampInfinityUs && us < timestampInfinityUs
}

function beyondMicroseconds(type: string): string {
  return `${type} beyond 294247-01-10 does not fit 64-bit microseconds since 1970`
}

/** The text of eight bytes: microseconds since 2000, or an infinity. */
function printTimestamp({ view }: WireBytes, start: number, zone: '' | '+00'): string {
  const us = view.getBigInt64(start)
  if (us === int64Max) return 'infinity'
  if (us === int64Min) return '-infinity'
  const usSince1970 = us + BigInt(epochUs)
  // The one finite value whose count since 1970 means infinity.
  if (usSince1970 === timestampInfinityUs) return `294247-01-10 04:00:54.775807${zone}`
  return formatTimestamp(usSince1970, zone)
}

/** Microseconds << 24 | offset, counted downwards from the easternmost. */
function storeTimetz(target: FixedColumn, row: number, us: number, offsetSeconds: number): void {
  target.words[2 * row] = ((us % 256) << 24) | (timetzOffsetMax - offsetSeconds)
  target.words[2 * row + 1] = Math.floor(us / 256)
}

/** A 64-bit integer that is known to fit a double: a time of day. */
function readLong(view: DataView, start: number): number {
  return view.getInt32(start) * 0x1_0000_0000 + view.getUint32(start + 4)
}
