import type { AdapterValue } from '../adapter/adapter-value.ts'
import { readCatalogRows } from '../adapter/warehouse-macros.ts'
import { textOf } from '../jinja/python-text.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { relationOf } from '../manifest/node.ts'
import type { ProjectNode } from '../manifest/node.ts'
import { artifactMetadata } from './artifact-metadata.ts'
import type { ArtifactRun } from './artifact-metadata.ts'
import { writeArtifact } from './write-artifact.ts'

export interface CatalogColumn {
  readonly type: string
  /** From 1. */
  readonly index: number
  readonly name: string
  readonly comment: string | null
}

/** What the warehouse has for a node or a source, exactly as catalog.json (schema v1) writes it. */
export interface CatalogTable {
  readonly metadata: {
    readonly type: string
    readonly schema: string
    readonly name: string
    readonly database: string
    readonly comment: string | null
    readonly owner: string | null
  }
  readonly columns: Readonly<Record<string, CatalogColumn>>
  readonly stats: Readonly<Record<string, unknown>>
  readonly unique_id: string
}

export interface WriteCatalogOptions extends ArtifactRun {
  readonly targetFolder: string
  readonly catalog: Catalog
}

/** The tables of a project's nodes and sources, by unique id. */
export interface Catalog {
  readonly nodes: Readonly<Record<string, CatalogTable>>
  readonly sources: Readonly<Record<string, CatalogTable>>
}

export type TableFacts = Omit<CatalogTable, 'unique_id'>

/** Writes catalog.json, schema v1. Returns its path. */
export async function writeCatalog({ targetFolder, catalog, ...run }: WriteCatalogOptions): Promise<string> {
  return await writeArtifact(targetFolder, 'catalog.json', {
    metadata: artifactMetadata('catalog/v1', run),
    ...catalog,
    errors: null,
  })
}

/** Which table of the warehouse belongs to which entry. `selected`: the ids to take; default: all. */
export function catalogOf(manifest: Manifest, tables: readonly TableFacts[], selected?: ReadonlySet<string>): Catalog {
  const byName = new Map(
    tables.map((table) => [keyOf(table.metadata.database, table.metadata.schema, table.metadata.name), table]),
  )
  const chosen = (group: Readonly<Record<string, ProjectNode>>) =>
    Object.values(group).filter(({ unique_id: id }) => selected?.has(id) ?? true)
  return { nodes: tablesOf(chosen(manifest.nodes), byName), sources: tablesOf(chosen(manifest.sources), byName) }
}

/** Several sources may be one table; each has an entry. */
function tablesOf(
  nodes: readonly ProjectNode[],
  byName: ReadonlyMap<string, TableFacts>,
): Readonly<Record<string, CatalogTable>> {
  const entries = nodes.flatMap((node): [string, CatalogTable][] => {
    const { database, schema, identifier } = relationOf(node)
    const table = byName.get(keyOf(database, schema, identifier))
    const { unique_id: id } = node
    return table === undefined ? [] : [[id, { ...table, unique_id: id }]]
  })
  return Object.fromEntries(entries)
}

/** Names are the same whatever their case, as in dbt. */
function keyOf(...parts: readonly string[]): string {
  return parts.map((part) => part.toLowerCase()).join('\u0000')
}

/** Tables, views and their columns of the schemas that a project uses, by the macro `get_catalog`. */
export async function readCatalog(adapter: AdapterValue, manifest: Manifest): Promise<TableFacts[]> {
  const used = [...Object.values(manifest.nodes), ...Object.values(manifest.sources)].map((node) => relationOf(node))
  const schemas = new Map<string, Map<string, string>>()
  for (const { database, schema } of used) {
    const known = schemas.get(database.toLowerCase()) ?? new Map<string, string>()
    schemas.set(database.toLowerCase(), known.set(schema.toLowerCase(), schema))
  }
  const tables: TableFacts[] = []
  const { target } = adapter.scope
  for (const [name, known] of schemas) {
    // PostgreSQL sees its own database alone.
    if (target.type === 'postgres' && name !== target.database.toLowerCase()) continue
    const database = used.find((relation) => relation.database.toLowerCase() === name)?.database ?? name
    tables.push(...tableFacts(await readCatalogRows(adapter, database, [...known.values()]), database))
  }
  return tables
}

/** A row is a column, by dbt's names of the catalog's columns; rows of one table stand together. */
function tableFacts(rows: readonly ReadonlyMap<string, unknown>[], database: string): TableFacts[] {
  const tables = new Map<string, TableFacts & { columns: Record<string, CatalogColumn> }>()
  for (const row of rows) {
    const text = (name: string) => textOf(row.get(name) ?? null)
    const id = keyOf(text('table_schema'), text('table_name'))
    let table = tables.get(id)
    if (table === undefined) {
      const metadata = {
        type: text('table_type'),
        schema: text('table_schema'),
        name: text('table_name'),
        database,
        comment: textOrNull(row.get('table_comment')),
        owner: textOrNull(row.get('table_owner')),
      }
      table = { metadata, columns: {}, stats: statisticsOf(row) }
      tables.set(id, table)
    }
    table.columns[text('column_name')] = {
      type: text('column_type'),
      index: Number(text('column_index')),
      name: text('column_name'),
      comment: textOrNull(row.get('column_comment')),
    }
  }
  return [...tables.values()]
}

const statisticKey = /^stats:([^:]+):label$/u

/** What the row tells beside the columns, as `stats:<id>:label`, `:value`, `:description` and `:include`: so Snowflake's. */
function statisticsOf(row: ReadonlyMap<string, unknown>): CatalogTable['stats'] {
  const ids = [...row.keys()].map((key) => statisticKey.exec(key)?.[1]).filter((id) => id !== undefined)
  const all = ids.map((id) => {
    const part = (name: string) => plainValue(row.get(`stats:${id}:${name}`))
    const [label, value, description, include] = ['label', 'value', 'description', 'include'].map(part)
    return { id, label, value, include, description }
  })
  const shown = all.filter(({ include }) => include === true)
  const hasStatistics = {
    id: 'has_stats',
    label: 'Has Stats?',
    value: shown.length > 0,
    include: false,
    description: 'Indicates whether there are statistics for this table',
  }
  return Object.fromEntries([...shown, hasStatistics].map((statistic) => [statistic.id, statistic]))
}

/** Numbers of a table are those of Python. */
function plainValue(value: unknown): unknown {
  if (value === null || value === undefined || typeof value === 'boolean' || typeof value === 'string')
    return value ?? null
  const text = textOf(value)
  return /^-?\d+(?:\.\d+)?$/u.test(text) ? Number(text) : text
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
