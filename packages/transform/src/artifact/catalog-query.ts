import { EclusaError } from '@eclusa/sdk'

export interface CatalogSchema {
  readonly database: string
  readonly schema: string
}

/**
 * Asks for one row per column of a schema: schema, table, kind, comment, owner, column, position, type, comment of the
 * column.
 *
 * @throws WAREHOUSE_DIALECT_MISSING
 */
export function catalogQuery(type: 'duckdb' | 'postgres' | 'snowflake', schema: CatalogSchema): string {
  if (type === 'duckdb') return duckdbQuery(schema)
  if (type === 'postgres') return postgresQuery(schema)
  throw new EclusaError('WAREHOUSE_DIALECT_MISSING', { message: `There is no catalog for ${type} yet.` })
}

function duckdbQuery({ database, schema }: CatalogSchema): string {
  return `
    with relations as (
      select schema_name, table_name as name, 'BASE TABLE' as kind, comment, table_oid as oid
      from duckdb_tables() where lower(database_name) = lower(${literal(database)})
      union all
      select schema_name, view_name, 'VIEW', comment, view_oid
      from duckdb_views() where lower(database_name) = lower(${literal(database)})
    )
    select r.schema_name, r.name, r.kind, r.comment, null, c.column_name, c.column_index, c.data_type, c.comment
    from relations r
    join duckdb_columns() c on c.table_oid = r.oid and c.schema_name = r.schema_name and c.table_name = r.name
    where lower(r.schema_name) = lower(${literal(schema)}) and lower(c.database_name) = lower(${literal(database)})
    order by r.schema_name, r.name, c.column_index`
}

/** Without temporary tables; partitioned, foreign and unlogged ones are tables as any. */
function postgresQuery({ schema }: CatalogSchema): string {
  return `
    select n.nspname, c.relname,
      case c.relkind when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW' else 'BASE TABLE' end,
      obj_description(c.oid, 'pg_class'), pg_get_userbyid(c.relowner),
      a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum)
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where lower(n.nspname) = lower(${literal(schema)}) and c.relkind in ('r', 'v', 'f', 'p', 'm')
      and c.relpersistence in ('p', 'u') and a.attnum > 0 and not a.attisdropped
    order by n.nspname, c.relname, a.attnum`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
