import type { WarehouseConnection } from '@eclusa/sdk'
import type { Manifest } from '../manifest/manifest.ts'
import { relationOf } from '../manifest/node.ts'
import type { ProjectNode } from '../manifest/node.ts'
import { artifactMetadata } from './artifact-metadata.ts'
import type { ArtifactRun } from './artifact-metadata.ts'
import { catalogQuery } from './catalog-query.ts'
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
  readonly manifest: Manifest
  readonly tables: readonly TableFacts[]
}

/** Neither DuckDB nor PostgreSQL give sizes that dbt shows. */
const noStatistics = {
  has_stats: {
    id: 'has_stats',
    label: 'Has Stats?',
    value: false,
    include: false,
    description: 'Indicates whether there are statistics for this table',
  },
}

export type TableFacts = Omit<CatalogTable, 'stats' | 'unique_id'>

/** Writes catalog.json, schema v1. Returns its path. */
export async function writeCatalog({ targetFolder, manifest, tables, ...run }: WriteCatalogOptions): Promise<string> {
  const byName = new Map(
    tables.map((table) => [keyOf(table.metadata.database, table.metadata.schema, table.metadata.name), table]),
  )
  return await writeArtifact(targetFolder, 'catalog.json', {
    metadata: artifactMetadata('catalog/v1', run),
    nodes: tablesOf(Object.values(manifest.nodes), byName),
    sources: tablesOf(Object.values(manifest.sources), byName),
    errors: null,
  })
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
    return table === undefined ? [] : [[id, { ...table, stats: noStatistics, unique_id: id }]]
  })
  return Object.fromEntries(entries)
}

/** Names are the same whatever their case, as in dbt. */
function keyOf(...parts: readonly string[]): string {
  return parts.map((part) => part.toLowerCase()).join('\u0000')
}

export interface ReadCatalogOptions {
  readonly type: 'duckdb' | 'postgres' | 'snowflake'
  readonly database: string
  readonly signal: AbortSignal
}

/** Tables, views and their columns of the schemas that a project uses, with what is said about them. */
export async function readCatalog(
  connection: WarehouseConnection,
  manifest: Manifest,
  { type, database, signal }: ReadCatalogOptions,
): Promise<TableFacts[]> {
  const used = [...Object.values(manifest.nodes), ...Object.values(manifest.sources)].map((node) => relationOf(node))
  const schemas = new Map(used.map((relation) => [keyOf(relation.database, relation.schema), relation]))
  const tables: TableFacts[] = []
  for (const schema of schemas.values()) {
    // PostgreSQL sees its own database alone.
    if (type === 'postgres' && schema.database.toLowerCase() !== database.toLowerCase()) continue
    const { rows } = await connection.query(catalogQuery(type, schema), { signal })
    tables.push(...tableFacts(rows, schema.database))
  }
  return tables
}

/** Rows of one table stand together, its columns in their order. */
function tableFacts(rows: readonly (readonly unknown[])[], database: string): TableFacts[] {
  const tables = new Map<string, TableFacts & { columns: Record<string, CatalogColumn> }>()
  for (const [schema, name, type, comment, owner, column, index, columnType, columnComment] of rows) {
    const id = keyOf(String(schema), String(name))
    let table = tables.get(id)
    if (table === undefined) {
      const metadata = {
        type: String(type),
        schema: String(schema),
        name: String(name),
        database,
        comment: textOrNull(comment),
        owner: textOrNull(owner),
      }
      table = { metadata, columns: {} }
      tables.set(id, table)
    }
    table.columns[String(column)] = {
      type: String(columnType),
      index: Number(index),
      name: String(column),
      comment: textOrNull(columnComment),
    }
  }
  return [...tables.values()]
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
