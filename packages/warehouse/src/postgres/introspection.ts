import type { SqlValue, WarehouseConnection } from '@eclusa/sdk'
import type { Relation, RelationColumn, RelationKind, RelationName } from '../relation.ts'
import { columnTypeOfPostgres } from './sql-type.ts'

// A session of PostgreSQL sees one database, so a database that is named can only be the current one.

const relationKind = `CASE c.relkind
  WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view' WHEN 'f' THEN 'foreign_table' ELSE 'table' END`

export async function listPostgresSchemas(
  connection: WarehouseConnection,
  database?: string,
): Promise<readonly string[]> {
  const { rows } = await connection.query(
    `SELECT nspname::text FROM pg_namespace
     WHERE nspname NOT IN ('information_schema', 'pg_catalog') AND nspname !~ '^pg_(toast|temp)'
       AND coalesce($1, current_database()) = current_database()
     ORDER BY nspname COLLATE "C"`,
    { parameters: [database ?? null] },
  )
  return rows.map(([name]) => text(name))
}

export async function listPostgresRelations(
  connection: WarehouseConnection,
  schema: string,
  database?: string,
): Promise<readonly Relation[]> {
  const { rows } = await connection.query(
    `SELECT current_database()::text, n.nspname::text, c.relname::text, ${relationKind}
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname = $2
       AND coalesce($1, current_database()) = current_database()
     ORDER BY c.relname COLLATE "C"`,
    { parameters: [database ?? null, schema] },
  )
  return rows.map(([owner, schemaName, identifier, kind]) => ({
    name: { database: text(owner), schema: text(schemaName), identifier: text(identifier) },
    kind: text(kind) as RelationKind,
  }))
}

export async function listPostgresDependents(
  connection: WarehouseConnection,
  { database, schema, identifier }: RelationName,
): Promise<readonly RelationName[]> {
  const { rows } = await connection.query(
    `WITH RECURSIVE dependent (oid) AS (
       SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $2 AND c.relname = $3 AND coalesce($1, current_database()) = current_database()
       UNION
       SELECT r.ev_class FROM dependent
       JOIN pg_depend d ON d.refobjid = dependent.oid AND d.refclassid = 'pg_class'::regclass
       JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
     )
     SELECT current_database()::text, n.nspname::text, c.relname::text
     FROM dependent JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE (n.nspname, c.relname) <> ($2, $3) ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`,
    { parameters: [database ?? null, schema, identifier] },
  )
  return rows.map(([owner, schemaName, name]) => ({
    database: text(owner),
    schema: text(schemaName),
    identifier: text(name),
  }))
}

/** A table without columns is a table too, so the join keeps it and the row of NULLs is dropped. */
export async function listPostgresColumns(
  connection: WarehouseConnection,
  relation: RelationName,
): Promise<readonly RelationColumn[] | undefined> {
  const { rows } = await connection.query(
    `SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname = $2 AND c.relname = $3
       AND coalesce($1, current_database()) = current_database()
     ORDER BY a.attnum`,
    { parameters: [relation.database ?? null, relation.schema, relation.identifier] },
  )
  if (rows.length === 0) return undefined
  return rows
    .filter(([name]) => name !== null)
    .map(([name, sqlType, nullable]) => ({
      name: text(name),
      sqlType: text(sqlType),
      columnType: columnTypeOfPostgres(text(sqlType)),
      nullable: nullable === true,
    }))
}

/** The catalog columns read here are never NULL where they are converted. */
function text(value: SqlValue | undefined): string {
  return String(value)
}
