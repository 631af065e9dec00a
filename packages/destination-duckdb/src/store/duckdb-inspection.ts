import type { WarehouseConnection } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { inspectStreams } from '@eclusa/warehouse/load'
import type { InspectedLedger, InspectedStream, InspectionOptions } from '@eclusa/warehouse/load'
import { duckdbRules } from '../table/duckdb-rules.ts'

/** As `inspectStreams`; tables of targets without schema go to `main`. */
export async function inspectDuckdb(
  connection: WarehouseConnection,
  ledger: InspectedLedger | undefined,
  options: Omit<InspectionOptions, 'schemaDefault'>,
): Promise<InspectedStream[]> {
  const databases = await listDatabases(connection)
  const warehouse = {
    rules: duckdbRules,
    columnsOf: (table: RelationName) => duckdbDialect.listColumns(connection, table),
    relationsIn: (schema: string) => duckdbDialect.listRelations(connection, schema),
    relationIn: (schema: string, identifier: string) => relationIn(databases, schema, identifier),
    ledger,
  }
  return await inspectStreams(warehouse, { ...options, schemaDefault: 'main' })
}

interface Databases {
  readonly current: string
  /** Folded names of all that are attached, DuckDB's own `system` and `temp` among them. */
  readonly names: ReadonlySet<string>
}

async function listDatabases(connection: WarehouseConnection): Promise<Databases> {
  const { rows } = await connection.query('SELECT current_database(), database_name FROM duckdb_databases()')
  return { current: String(rows[0]![0]), names: new Set(rows.map(([, name]) => duckdbRules.fold(String(name)))) }
}

/** DuckDB takes `sales.orders` for ambiguous when a database is called `sales` too, as that of the file sales.duckdb. */
function relationIn({ current, names }: Databases, schema: string, identifier: string): RelationName {
  return names.has(duckdbRules.fold(schema)) ? { database: current, schema, identifier } : { schema, identifier }
}
