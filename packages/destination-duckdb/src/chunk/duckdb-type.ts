import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBVarCharType,
  FLOAT,
  INTEGER,
  INTERVAL,
  LIST,
  SMALLINT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  TIMETZ,
  UUID,
  VARCHAR,
} from '@duckdb/node-api'
import type { DuckDBType } from '@duckdb/node-api'
import type { ColumnType, PlainColumnTypeName } from '@eclusa/sdk'

const plainTypes: Record<PlainColumnTypeName, DuckDBType> = {
  boolean: BOOLEAN,
  int16: SMALLINT,
  int32: INTEGER,
  int64: BIGINT,
  float32: FLOAT,
  float64: DOUBLE,
  text: VARCHAR,
  bytes: BLOB,
  date: DATE,
  time: TIME,
  timetz: TIMETZ,
  timestamp: TIMESTAMP,
  timestamptz: TIMESTAMPTZ,
  interval: INTERVAL,
  uuid: UUID,
  // DuckDB's JSON is a VARCHAR of another name. With the name, appending to a JSON column checks and converts nothing.
  json: DuckDBVarCharType.create('JSON'),
}

/** The driver's type object for the SQL type that `duckdbDialect.sqlTypeOf` names. */
export function duckdbTypeOf(type: ColumnType): DuckDBType {
  if (type.type === 'decimal') return DECIMAL(type.precision, type.scale)
  if (type.type === 'list') return LIST(duckdbTypeOf(type.element))
  return plainTypes[type.type]
}
