import { createHash } from 'node:crypto'
import type { WarehouseConnection } from '@eclusa/sdk'
import type { Dialect } from '@eclusa/warehouse'
import type { NodeRelation } from '../manifest/node.ts'

export interface RelationIdentity {
  /** Differs when the relation was made anew, or has other columns. */
  readonly text: string
  readonly isView: boolean
}

/**
 * What tells a relation from another of its name, as far as that is cheap; undefined when there is none.
 *
 * PostgreSQL numbers its relations, and their files, which TRUNCATE and whatever rewrites a table replaces. DuckDB's
 * numbers are given anew whenever a file is opened, so that a relation is known there by its definition, the number of
 * its rows and the content of the first 2,048.
 */
export async function relationIdentity(
  relation: NodeRelation,
  dialect: Dialect,
  connection: WarehouseConnection,
): Promise<RelationIdentity | undefined> {
  return dialect.type === 'postgres'
    ? await postgresIdentity(relation, connection)
    : await duckDbIdentity(relation, dialect, connection)
}

async function postgresIdentity(
  { schema, identifier }: NodeRelation,
  connection: WarehouseConnection,
): Promise<RelationIdentity | undefined> {
  const { rows } = await connection.query(
    `select pg_class.oid::text, relfilenode::text, relkind::text,
       (select md5(string_agg(attname || ' ' || atttypid || ' ' || atttypmod, ',' order by attnum)) from pg_attribute
        where attrelid = pg_class.oid and attnum > 0 and not attisdropped),
       (select md5(string_agg(ev_action::text, '')) from pg_rewrite where ev_class = pg_class.oid)
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = $1 and relname = $2`,
    { parameters: [schema, identifier] },
  )
  const [row] = rows
  if (row === undefined) return undefined
  return { text: row.map((value) => value ?? '').join('/'), isView: row[2] === 'v' }
}

async function duckDbIdentity(
  relation: NodeRelation,
  dialect: Dialect,
  connection: WarehouseConnection,
): Promise<RelationIdentity | undefined> {
  const { database, schema, identifier } = relation
  const isIt = (column: string) =>
    `lower(database_name) = lower($1) and lower(schema_name) = lower($2) and lower(${column}) = lower($3)`
  const { rows } = await connection.query(
    `select false, sql from duckdb_tables() where ${isIt('table_name')}
     union all select true, sql from duckdb_views() where ${isIt('view_name')}`,
    { parameters: [database, schema, identifier] },
  )
  const [row] = rows
  if (row === undefined) return undefined
  const [isView, sql] = row
  const definition = isView === true ? viewDefinition(String(sql)) : String(sql)
  const hash = createHash('md5').update(definition).digest('hex')
  if (isView === true) return { text: `view/${hash}`, isView: true }
  const name = dialect.formatRelation(relation)
  const content = await connection.query(
    `select count(*), (select bit_xor(hash(part)) from (select * from ${name} limit 2048) as part) from ${name}`,
  )
  return { text: `table/${hash}/${content.rows[0]?.map(String).join('/') ?? ''}`, isView: false }
}

/**
 * DuckDB's text of a view without what it writes in another way when the file is opened again: the types of casts
 * (`"DOUBLE"`, later `DOUBLE`; `VARCHAR(20)`, later `VARCHAR`), the parentheses of unions, quotes and white space.
 */
function viewDefinition(sql: string): string {
  const types = /\s+AS (?:"[^"]*"|[A-Z][A-Z0-9_ ]*)(?:\([^()]*\))?(?:\[\d*\])*\)/gu
  return sql.replaceAll(types, ')').replaceAll(/[()"\s]/gu, '')
}
