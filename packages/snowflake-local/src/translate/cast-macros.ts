import { microsecondText, wholeMicroseconds } from '../function/nanoseconds.ts'
import { raise } from './sql-text.ts'

const unrecognized = (code: string, kind: string): string =>
  raise(code, '22018', `'${kind} ''' || x || ''' is not recognized'`)

const truths = "('true', 't', 'yes', 'y', 'on', '1')"
const falsehoods = "('false', 'f', 'no', 'n', 'off', '0')"
/** An offset behind a time of day, with or without a space: `10:00:00+02:00`, `10:00:00.5 Z`. */
const zonePattern = String.raw`(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(?:[+-]\d{2}:?(?:\d{2})?|Z)$`

/** Conversions that SQL alone would make long. All but those with TRY in their name fail on what they cannot read. */
export const castMacros: readonly string[] = [
  `cast_text_boolean(x) AS CASE WHEN x IS NULL THEN NULL WHEN lower(trim(x)) IN ${truths} THEN TRUE WHEN lower(trim(x)) IN ${falsehoods} THEN FALSE ELSE ${unrecognized('100037', 'Boolean value')} END`,
  `cast_try_text_boolean(x) AS CASE WHEN lower(trim(x)) IN ${truths} THEN TRUE WHEN lower(trim(x)) IN ${falsehoods} THEN FALSE END`,
  // A time without a zone keeps the wall clock of what it is read from.
  `cast_text_wall(x) AS regexp_replace(trim(${microsecondText('x')}), '${zonePattern}', '\\1')`,
  `cast_text_ntz(x) AS CAST(cast_text_wall(x) AS TIMESTAMP)`,
  `cast_try_text_ntz(x) AS TRY_CAST(cast_text_wall(x) AS TIMESTAMP)`,
  `cast_ltz_tz(x) AS CASE WHEN x IS NULL THEN NULL ELSE {utc: timezone('UTC', x), tz: CAST(date_diff('minute', timezone('UTC', x), CAST(x AS TIMESTAMP)) AS SMALLINT)} END`,
  `cast_tz_ltz(x) AS timezone('UTC', (x).utc)`,
  `cast_tz_ntz(x) AS ((x).utc + to_minutes(CAST((x).tz AS BIGINT)))`,
  `cast_offset_tz(utc, tz) AS CASE WHEN utc IS NULL THEN NULL ELSE {utc: utc, tz: CAST(tz AS SMALLINT)} END`,
  String.raw`cast_text_offset(x) AS CASE WHEN regexp_matches(x, 'Z\s*$') THEN CAST(0 AS BIGINT) ELSE (CASE WHEN regexp_extract(x, '([+-])\d{2}:?(\d{2})?\s*$', 1) = '-' THEN -1 ELSE 1 END) * (60 * CAST(regexp_extract(x, '[+-](\d{2}):?(\d{2})?\s*$', 1) AS BIGINT) + coalesce(TRY_CAST(regexp_extract(x, '[+-](\d{2}):?(\d{2})?\s*$', 2) AS BIGINT), 0)) END`,
  // What is written with an offset keeps it; what is written without has the session's.
  `cast_text_tz(x) AS CASE WHEN regexp_matches(trim(x), '${zonePattern}') THEN cast_offset_tz(cast_text_ntz(x) - to_minutes(cast_text_offset(x)), cast_text_offset(x)) ELSE cast_ltz_tz(CAST((${microsecondText('x')}) AS TIMESTAMPTZ)) END`,
  `cast_try_text_tz(x) AS CASE WHEN regexp_matches(trim(x), '${zonePattern}') THEN cast_offset_tz(cast_try_text_ntz(x) - to_minutes(cast_text_offset(x)), cast_text_offset(x)) ELSE cast_ltz_tz(TRY_CAST((${microsecondText('x')}) AS TIMESTAMPTZ)) END`,
  `cast_float_text(x) AS CASE WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'inf' ELSE '-inf' END WHEN x = 0 AND signbit(x) THEN '-0' WHEN x = trunc(x) AND abs(x) < 1e15 THEN CAST(CAST(x AS BIGINT) AS VARCHAR) ELSE CAST(x AS VARCHAR) END`,
  `cast_time_text(x) AS strftime(DATE '2000-01-01' + x, '%H:%M:%S')`,
  `cast_ntz_text(x) AS strftime(x, '%Y-%m-%d %H:%M:%S.%g')`,
  `cast_tz_text(x) AS (strftime(cast_tz_ntz(x), '%Y-%m-%d %H:%M:%S.%g') || ' ' || CASE WHEN (x).tz < 0 THEN '-' ELSE '+' END || lpad(CAST(abs((x).tz) // 60 AS VARCHAR), 2, '0') || lpad(CAST(abs((x).tz) % 60 AS VARCHAR), 2, '0'))`,
  // Seconds, milliseconds, microseconds or nanoseconds since 1970, by magnitude.
  `cast_number_ntz(x) AS make_timestamp(CASE WHEN abs(x) < 31536000000 THEN CAST(CAST(x AS DECIMAL(38,6)) * 1000000 AS BIGINT) WHEN abs(x) < 31536000000000 THEN CAST(CAST(x AS DECIMAL(38,6)) * 1000 AS BIGINT) WHEN abs(x) < 31536000000000000 THEN CAST(x AS BIGINT) ELSE ${wholeMicroseconds('x')} END)`,
  `cast_variant_number(x) AS CASE json_type(x) WHEN 'BOOLEAN' THEN CASE WHEN x ->> '$' = 'true' THEN '1' ELSE '0' END ELSE x ->> '$' END`,
  `cast_text_array(x) AS CASE WHEN x IS NULL THEN NULL ELSE CAST(to_json([x]) AS JSON) END`,
  // Anything but an array becomes an array of one.
  `cast_variant_array(x) AS CASE WHEN x IS NULL OR json_type(x) = 'NULL' THEN NULL WHEN json_type(x) = 'ARRAY' THEN x ELSE CAST('[' || CAST(x AS VARCHAR) || ']' AS JSON) END`,
  `cast_variant_object(x) AS CASE WHEN x IS NULL OR json_type(x) = 'NULL' THEN NULL WHEN json_type(x) = 'OBJECT' THEN x ELSE ${raise('100071', '22000', "'Failed to cast variant value ' || CAST(x AS VARCHAR) || ' to OBJECT'")} END`,
].map((macro) => `CREATE OR REPLACE MACRO ${macro}`)
