import type { SqlValue, WarehouseConnection } from '@eclusa/sdk'
import type { Relation, RelationColumn, RelationKind, RelationName } from '../relation.ts'
import { columnTypeOfDuckdb } from './sql-type.ts'

// DuckDB's names differ in case only for show, so every comparison here folds case as DuckDB does.

const systemSchemas = "('information_schema', 'pg_catalog')"

export async function listDuckdbSchemas(
  connection: WarehouseConnection,
  database?: string,
): Promise<readonly string[]> {
  const { rows } = await connection.query(
    `SELECT schema_name FROM duckdb_schemas()
     WHERE lower(database_name) = lower(coalesce($1, current_database())) AND schema_name NOT IN ${systemSchemas}
     ORDER BY schema_name`,
    { parameters: [database ?? null] },
  )
  return rows.map(([name]) => text(name))
}

export async function listDuckdbRelations(
  connection: WarehouseConnection,
  schema: string,
  database?: string,
): Promise<readonly Relation[]> {
  const { rows } = await connection.query(
    `SELECT database_name, schema_name, relation_name, kind
     FROM (
       SELECT database_name, schema_name, table_name AS relation_name, 'table' AS kind FROM duckdb_tables()
       UNION ALL
       SELECT database_name, schema_name, view_name, 'view' FROM duckdb_views() WHERE NOT internal
     )
     WHERE lower(database_name) = lower(coalesce($1, current_database())) AND lower(schema_name) = lower($2)
     ORDER BY relation_name`,
    { parameters: [database ?? null, schema] },
  )
  return rows.map(([owner, schemaName, identifier, kind]) => ({
    name: { database: text(owner), schema: text(schemaName), identifier: text(identifier) },
    kind: text(kind) as RelationKind,
  }))
}

export async function listDuckdbColumns(
  connection: WarehouseConnection,
  relation: RelationName,
): Promise<readonly RelationColumn[] | undefined> {
  // The database of temporary tables is `temp`; they answer to any database that is not named.
  const { rows } = await connection.query(
    `SELECT column_name, data_type, is_nullable
     FROM duckdb_columns()
     WHERE lower(database_name) = lower(coalesce($1, current_database()))
       AND lower(schema_name) = lower($2) AND lower(table_name) = lower($3)
     ORDER BY column_index`,
    { parameters: [relation.database ?? null, relation.schema, relation.identifier] },
  )
  if (rows.length === 0) return undefined
  return rows.map(([name, sqlType, nullable]) => ({
    name: text(name),
    sqlType: text(sqlType),
    columnType: columnTypeOfDuckdb(text(sqlType)),
    nullable: nullable === true,
  }))
}

/** Catalog columns are never NULL. */
function text(value: SqlValue | undefined): string {
  return String(value)
}
