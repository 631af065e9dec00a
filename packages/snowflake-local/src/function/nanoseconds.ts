import { nativeError } from './native-function.ts'

/*
 * DuckDB's times have microseconds, Snowflake's up to nine digits of a fraction. What does not fit is refused: a value
 * that came back with other digits than it went in would be found by nobody.
 */

const message =
  "Unsupported feature 'nanoseconds': times are kept to the microsecond here, and a value with more digits is not cut off."

/** Nanoseconds as microseconds, in DuckDB's SQL. */
export function wholeMicroseconds(nanosecondsSql: string): string {
  const ns = `CAST(${nanosecondsSql} AS HUGEINT)`
  return `CAST(CASE WHEN ${ns} % 1000 <> 0 THEN error('SF000002:0A000:${message.replaceAll("'", "''")}') ELSE ${ns} // 1000 END AS BIGINT)`
}

/** The text of a time, where it is certain that DuckDB reads all of its digits. */
export function microsecondText(textSql: string): string {
  // Few texts are so long, and only those are looked at closely.
  return `CASE WHEN length(${textSql}) > 15 AND regexp_matches(${textSql}, '\\.\\d{6}\\d*[1-9]') THEN error('SF000002:0A000:${message.replaceAll("'", "''")}') ELSE ${textSql} END`
}

/** Up to nine digits of a fraction as microseconds. */
export function readFraction(digits: string): number {
  const all = digits.padEnd(9, '0')
  if (!all.endsWith('000')) throw nativeError('000002', '0A000', message)
  return Number(all.slice(0, 6))
}

export function readNanoseconds(value: bigint): bigint {
  if (value % 1000n !== 0n) throw nativeError('000002', '0A000', message)
  return value / 1000n
}
