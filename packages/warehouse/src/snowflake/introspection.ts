import { hasErrorCode } from '@eclusa/sdk'
import type { QueryResult, SqlValue, WarehouseConnection } from '@eclusa/sdk'
import type { Relation, RelationColumn, RelationKind, RelationName } from '../relation.ts'
import { quoteSnowflake } from './identifier.ts'
import { columnTypeOfSnowflake } from './sql-type.ts'

/** Snowflake's code for an object that does not exist or may not be seen. */
const missingObject = '002003'

// Names are compared as they are: all that is created here is quoted.

export async function listSnowflakeSchemas(
  connection: WarehouseConnection,
  database?: string,
): Promise<readonly string[]> {
  const rows = await catalogRows(
    connection,
    `SELECT schema_name FROM ${catalogOf(database)}.schemata WHERE schema_name <> 'INFORMATION_SCHEMA' ORDER BY schema_name`,
  )
  return rows.map(([name]) => text(name))
}

const kinds: Readonly<Record<string, RelationKind>> = {
  VIEW: 'view',
  'MATERIALIZED VIEW': 'materialized_view',
  'EXTERNAL TABLE': 'foreign_table',
}

export async function listSnowflakeRelations(
  connection: WarehouseConnection,
  schema: string,
  database?: string,
): Promise<readonly Relation[]> {
  const rows = await catalogRows(
    connection,
    `SELECT table_catalog, table_schema, table_name, table_type
     FROM ${catalogOf(database)}.tables
     WHERE table_schema = ? AND table_type <> 'LOCAL TEMPORARY'
     ORDER BY table_name`,
    [schema],
  )
  return rows.map(([owner, schemaName, identifier, kind]) => ({
    name: { database: text(owner), schema: text(schemaName), identifier: text(identifier) },
    kind: kinds[text(kind)] ?? 'table',
  }))
}

/** The catalog keeps a type in parts; DESCRIBE would give it whole, but fails for a relation that is missing. */
export async function listSnowflakeColumns(
  connection: WarehouseConnection,
  relation: RelationName,
): Promise<readonly RelationColumn[] | undefined> {
  const rows = await catalogRows(
    connection,
    `SELECT column_name,
       CASE data_type
         WHEN 'NUMBER' THEN 'NUMBER(' || numeric_precision || ',' || numeric_scale || ')'
         WHEN 'TEXT' THEN 'VARCHAR(' || character_maximum_length || ')'
         WHEN 'BINARY' THEN 'BINARY(' || character_octet_length || ')'
         WHEN 'TIME' THEN 'TIME(' || datetime_precision || ')'
         WHEN 'TIMESTAMP_NTZ' THEN 'TIMESTAMP_NTZ(' || datetime_precision || ')'
         WHEN 'TIMESTAMP_LTZ' THEN 'TIMESTAMP_LTZ(' || datetime_precision || ')'
         WHEN 'TIMESTAMP_TZ' THEN 'TIMESTAMP_TZ(' || datetime_precision || ')'
         ELSE data_type
       END,
       is_nullable
     FROM ${catalogOf(relation.database)}.columns
     WHERE table_schema = ? AND table_name = ?
     ORDER BY ordinal_position`,
    [relation.schema, relation.identifier],
  )
  if (rows.length === 0) return undefined
  return rows.map(([name, sqlType, nullable]) => ({
    name: text(name),
    sqlType: text(sqlType),
    columnType: columnTypeOfSnowflake(text(sqlType)),
    nullable: nullable === 'YES',
  }))
}

/** Each database has a catalog of its own, so one that is missing has none to ask. */
async function catalogRows(
  connection: WarehouseConnection,
  sql: string,
  parameters: readonly SqlValue[] = [],
): Promise<QueryResult['rows']> {
  try {
    return (await connection.query(sql, { parameters })).rows
  } catch (error) {
    if (hasErrorCode(error, 'WAREHOUSE_STATEMENT_FAILED') && error.details['code'] === missingObject) return []
    throw error
  }
}

function catalogOf(database: string | undefined): string {
  return database === undefined ? 'information_schema' : `${quoteSnowflake(database)}.information_schema`
}

/** Catalog columns that are read here are never NULL. */
function text(value: SqlValue | undefined): string {
  return String(value)
}
