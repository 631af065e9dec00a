import { duckdbDialect } from '@eclusa/warehouse'

/** A point in time after 1970 as SQL, whatever the time zone of the session. */
export function timestampLiteral(us: bigint): string {
  const second = new Date(Number(us / 1_000_000n) * 1000).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)
  const text = `${second}.${String(us % 1_000_000n).padStart(6, '0')}+00`
  return `${duckdbDialect.quoteLiteral(text)}::TIMESTAMPTZ`
}
