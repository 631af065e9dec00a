import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBIntervalValue,
  DuckDBListValue,
  DuckDBTimeValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
} from '@duckdb/node-api'
import type { DuckDBValue } from '@duckdb/node-api'

/** What a query of DuckDB gave, as `createBatchBuilder` accepts it: a way back that shares nothing with the way in. */
export function builderValue(value: DuckDBValue): unknown {
  if (value instanceof DuckDBListValue) return value.items.map(builderValue)
  if (value instanceof DuckDBBlobValue) return value.bytes
  if (value instanceof DuckDBTimeValue) return value.micros
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return timestampOf(value)
  if (value instanceof DuckDBIntervalValue) return { months: value.months, days: value.days, us: value.micros }
  if (value instanceof DuckDBDateValue) return dateOf(value)
  return typeof value === 'object' && value !== null ? String(value) : value
}

function timestampOf(value: DuckDBTimestampValue | DuckDBTimestampTZValue): bigint | string {
  return value.isFinite ? value.micros : String(new DuckDBTimestampValue(value.micros))
}

/** The driver's text of `infinity` is a date (1.5.6). */
function dateOf(value: DuckDBDateValue): string {
  if (!value.isFinite) return value.days > 0 ? 'infinity' : '-infinity'
  return String(value).replace('(BC)', 'BC')
}
