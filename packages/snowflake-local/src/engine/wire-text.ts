import type { SqlType } from '../catalog/sql-type.ts'

const dayMs = 86_400_000

/** A value of the wire as text that a cast to its type reads: for results that are read again. */
export function textOfWire(value: string | null, type: SqlType | undefined): string | null {
  if (value === null || type === undefined) return value
  switch (type.name) {
    case 'DATE':
      return new Date(Number(value) * dayMs).toISOString().slice(0, 10)
    case 'TIME':
      return clock(value).slice(11)
    case 'TIMESTAMP_NTZ':
      return clock(value)
    case 'TIMESTAMP_LTZ':
      return `${clock(value)}+00`
    case 'TIMESTAMP_TZ': {
      const [seconds = '0', shifted = '1440'] = value.split(' ')
      const offset = Number(shifted) - 1440
      const hours = String(Math.trunc(Math.abs(offset) / 60)).padStart(2, '0')
      const minutes = String(Math.abs(offset) % 60).padStart(2, '0')
      return `${clock(shift(seconds, offset * 60))}${offset < 0 ? '-' : '+'}${hours}:${minutes}`
    }
    default:
      return value
  }
}

function shift(seconds: string, by: number): string {
  const [whole = '0', fraction = ''] = seconds.split('.')
  return `${BigInt(whole) + BigInt(by)}.${fraction}`
}

function clock(seconds: string): string {
  const [whole = '0', fraction = ''] = seconds.split('.')
  const text = new Date(Number(whole) * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return `${text}.${fraction.slice(0, 6).padEnd(6, '0')}`
}

/** Milliseconds since 1970 as the wire writes a timestamp. */
export function wireTime(ms: number): string {
  return (ms / 1000).toFixed(3)
}
