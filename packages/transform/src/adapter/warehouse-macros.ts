import type { RelationPath, RelationType } from '../context/relation-value.ts'
import { RelationValue } from '../context/relation-value.ts'
import { textOf } from '../jinja/python-text.ts'
import { AgateTable } from '../python/agate-table.ts'
import type { AdapterValue } from './adapter-value.ts'

/* What dbt's own code asks of a warehouse. All of it goes through macros, which a project may replace. */

export type SchemaPath = Pick<RelationPath, 'database' | 'schema'>

/** What stands in a schema, by the macro `list_relations_without_caching`. */
export async function listRelations(adapter: AdapterValue, { database, schema }: SchemaPath): Promise<RelationValue[]> {
  const table = await adapter.macro('list_relations_without_caching', adapter.relation({ database, schema }))
  const rows = rowsOf(table)
  if (adapter.scope.target.type === 'snowflake') return shownRelations(adapter, table)
  return rows.map(([databaseName, identifier, schemaName, type]) => {
    const path = { database: textOrNull(databaseName), schema: textOrNull(schemaName), identifier: textOf(identifier) }
    return new RelationValue({ path, type: textOrNull(type) as RelationType | null }, adapter.scope.dialect)
  })
}

/** The names of a database's schemas, by the macro `list_schemas`. */
async function listSchemas(adapter: AdapterValue, database: string | null): Promise<string[]> {
  const table = await adapter.macro('list_schemas', database)
  if (adapter.scope.target.type === 'snowflake') return namedRows(table).map((row) => textOf(row.get('name')))
  return rowsOf(table).map(([name]) => textOf(name))
}

/** The answer to Snowflake's SHOW OBJECTS, whose columns come and go with its releases. */
function shownRelations({ scope: { dialect } }: AdapterValue, table: unknown): RelationValue[] {
  return namedRows(table).map((row) => {
    const path = {
      database: textOrNull(row.get('database_name')),
      schema: textOrNull(row.get('schema_name')),
      identifier: textOf(row.get('name')),
    }
    const kind = textOf(row.get('kind')).toLowerCase()
    const isDynamic = kind === 'table' && row.get('is_dynamic') === 'Y'
    const type = isDynamic ? 'dynamic_table' : kind === 'table' || kind === 'view' ? kind : 'external'
    return new RelationValue({ path, type }, dialect)
  })
}

/** A row by the names of its columns, in lower case. */
function namedRows(table: unknown): ReadonlyMap<string, unknown>[] {
  if (!(table instanceof AgateTable)) return []
  const names = [...table.column_names].map((name) => textOf(name).toLowerCase())
  return rowsOf(table).map((row) => new Map(names.map((name, index) => [name, row[index] ?? null])))
}

/** By the macro `check_schema_exists`, which counts. */
export async function schemaExists(adapter: AdapterValue, { database, schema }: SchemaPath): Promise<boolean> {
  const [row] = rowsOf(await adapter.macro('check_schema_exists', informationSchemaOf(adapter, database), schema))
  return Number(textOf(row?.[0] ?? 0)) > 0
}

/** By the macro `create_schema`, committed at once. */
export async function createSchema(adapter: AdapterValue, { database, schema }: SchemaPath): Promise<void> {
  await adapter.macro('create_schema', adapter.relation({ database, schema }))
  await adapter.session.commit()
}

/** Makes those that are not there, without asking for each. */
export async function createSchemas(adapter: AdapterValue, paths: readonly SchemaPath[]): Promise<void> {
  // Snowflake's names are in upper case where nobody quotes them.
  const isPostgres = adapter.scope.target.type === 'postgres'
  const fold = (name: string) => (isPostgres ? name : name.toLowerCase())
  for (const database of new Set(paths.map((path) => path.database))) {
    const present = new Set((await listSchemas(adapter, database)).map(fold))
    for (const path of paths) {
      if (path.database === database && !present.has(fold(path.schema ?? ''))) await createSchema(adapter, path)
    }
  }
}

/** Tables, views and columns of some schemas of a database, by the macro `get_catalog`: a row by the names of columns. */
export async function readCatalogRows(
  adapter: AdapterValue,
  database: string,
  schemas: readonly string[],
): Promise<ReadonlyMap<string, unknown>[]> {
  const table = await adapter.macro('get_catalog', informationSchemaOf(adapter, database), [...schemas])
  return namedRows(table)
}

function informationSchemaOf(adapter: AdapterValue, database: string | null): RelationValue {
  return adapter.relation({ database, schema: null }).informationSchema()
}

/** A macro that gives no table has nothing to say. */
function rowsOf(table: unknown): (readonly unknown[])[] {
  return table instanceof AgateTable ? [...table].map((row) => [...row]) : []
}

const textOrNull = (value: unknown) => (value == null ? null : textOf(value))
