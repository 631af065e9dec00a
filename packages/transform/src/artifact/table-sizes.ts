import type { WarehouseConnection } from '@eclusa/sdk'
import type { Target } from '../context/scope.ts'
import type { Catalog, CatalogTable } from './catalog.ts'

/** How large tables are, by `sizeKey`. */
export type TableSizes = ReadonlyMap<string, TableSize>

interface TableSize {
  /** By the warehouse's own estimate; null where it has none. */
  readonly rows: number | null
  readonly bytes: number | null
}

/**
 * Asks the warehouse how large its tables are. dbt asks neither DuckDB nor PostgreSQL, and other tools compare
 * catalog.json: so this is for the site alone.
 */
export async function readTableSizes(
  connection: WarehouseConnection,
  { type }: Pick<Target, 'type'>,
  signal: AbortSignal,
): Promise<TableSizes> {
  const query = queries[type]
  if (query === undefined) return new Map()
  const { rows } = await connection.query(query, { signal })
  return new Map(
    rows.map(([database, schema, name, rowCount, bytes]) => [
      sizeKey(String(database), String(schema), String(name)),
      { rows: numberOrNull(rowCount), bytes: numberOrNull(bytes) },
    ]),
  )
}

/** Of a table that was never analyzed PostgreSQL knows no number of rows. */
const queries: Partial<Readonly<Record<string, string>>> = {
  duckdb: 'select database_name, schema_name, table_name, estimated_size, null from duckdb_tables() where not internal',
  postgres: `
    select current_database(), n.nspname, c.relname,
      case when c.reltuples >= 0 then c.reltuples::bigint end, pg_total_relation_size(c.oid)
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
      and n.nspname not like 'pg_toast%'`,
}

/** The catalog with sizes, in the form in which dbt gives those of other warehouses. */
export function withSizes({ nodes, sources }: Catalog, sizes: TableSizes): Catalog {
  const sized = (group: Catalog['nodes']) =>
    Object.fromEntries(
      Object.entries(group).map(([id, table]) => {
        const { database, schema, name } = table.metadata
        const size = sizes.get(sizeKey(database, schema, name))
        return [id, size === undefined ? table : { ...table, stats: sizeStatistics(size) }]
      }),
    )
  return { nodes: sized(nodes), sources: sized(sources) }
}

function sizeStatistics({ rows, bytes }: TableSize): CatalogTable['stats'] {
  return {
    ...(rows === null ? {} : { rows: { id: 'rows', label: 'Rows, about', value: rows, include: true } }),
    ...(bytes === null ? {} : { bytes: { id: 'bytes', label: 'Size', value: bytes, include: true } }),
  }
}

function sizeKey(...names: readonly string[]): string {
  return names.map((name) => name.toLowerCase()).join('\u0000')
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value)
}
