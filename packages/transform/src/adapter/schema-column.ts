import type { ResultColumn } from '@eclusa/sdk'
import { ColumnValue } from '../context/column-value.ts'
import type { Target } from '../context/scope.ts'

/** What psycopg2 calls a type, by which dbt compares the columns of a contract: sizes and kinds of text do not count. */
const postgresNames: Readonly<Record<string, string>> = {
  smallint: 'INTEGER',
  integer: 'INTEGER',
  bigint: 'LONGINTEGER',
  real: 'FLOAT',
  'double precision': 'FLOAT',
  numeric: 'DECIMAL',
  text: 'TEXT',
  'character varying': 'TEXT',
  character: 'TEXT',
  name: 'TEXT',
  boolean: 'BOOLEAN',
  date: 'DATE',
  'time without time zone': 'TIME',
  'time with time zone': 'TIME',
  'timestamp without time zone': 'DATETIME',
  'timestamp with time zone': 'DATETIMETZ',
  interval: 'INTERVAL',
  bytea: 'BINARY',
  json: 'JSON',
  jsonb: 'JSON',
  uuid: 'UUID',
}

/** What Snowflake's protocol calls a type, by which dbt compares there: digits, sizes and fractions do not count. */
const snowflakeNames: Readonly<Record<string, string>> = { NUMBER: 'FIXED', FLOAT: 'REAL', VARCHAR: 'TEXT' }

/** A column of a query's result as dbt's contracts see it. */
export function schemaColumn({ name, type }: ResultColumn, warehouse: Target['type']): ColumnValue {
  return new ColumnValue({ column: name, dtype: typeNames[warehouse](type) }, warehouse)
}

const typeNames: Readonly<Record<Target['type'], (type: string) => string>> = {
  duckdb: (type) => type,
  postgres: (type) => {
    const [, base, array] = /^(.*?)(?:\([^)]*\))?((?:\[\])*)$/u.exec(type.replace(/\(\d+\)(?= with)/u, ''))!
    const known = postgresNames[base!] ?? base!
    return array === '' ? known : `${known}ARRAY`
  },
  snowflake: (type) => {
    const base = type.replace(/\(.*$/u, '')
    return snowflakeNames[base] ?? base
  },
}
