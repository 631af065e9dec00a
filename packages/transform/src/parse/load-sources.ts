import { isRecord, listOf } from '../manifest/node-config.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import type { FreshnessTime, SourceNode } from '../manifest/node.ts'
import type { SourceProperties, TableProperties } from '../project/properties-file.ts'
import { columnInfos } from './column-info.ts'
import { belowRoot, fqnOf } from './file-path.ts'
import { relationName } from './node-names.ts'
import type { ParseSession } from './parse-session.ts'
import type { ParsedProperties } from './read-properties.ts'

/** One table of a source, with what was declared of both, for its tests. */
export interface LoadedTable {
  readonly node: SourceNode
  readonly source: SourceProperties
  readonly table: TableProperties
  readonly keys: readonly PropertyKey[]
  readonly properties: ParsedProperties
}

/** The tables of all sources. A package's source may be described anew by the root project (`overrides`). */
export function loadSources(session: ParseSession, properties: readonly ParsedProperties[]): LoadedTable[] {
  const overrides = new Map<string, SourceProperties>()
  for (const { content } of properties) {
    for (const source of content.sources)
      if (typeof source.overrides === 'string') overrides.set(`${source.overrides}.${source.name}`, source)
  }
  const tables = properties.flatMap((one) =>
    one.content.sources.flatMap((source, sourceIndex) => {
      if (typeof source.overrides === 'string') return []
      const override = overrides.get(`${one.project.name}.${source.name}`)
      const patched = override === undefined ? source : { ...source, ...givenOf(override), tables: source.tables }
      return source.tables.map((declared, tableIndex) => {
        const other = override?.tables.find(({ name }) => name === declared.name)
        const table = other === undefined ? declared : { ...declared, ...givenOf(other) }
        const keys = ['sources', sourceIndex, 'tables', tableIndex]
        return {
          node: sourceNode(session, one, patched, table, sourceIndex),
          source: patched,
          table,
          keys,
          properties: one,
        }
      })
    }),
  )
  refuseDuplicates(session, tables)
  return tables
}

function refuseDuplicates({ faults }: ParseSession, tables: readonly LoadedTable[]): void {
  const first = new Map<string, LoadedTable>()
  for (const table of tables) {
    const { node, properties, keys } = table
    if (!node.config.enabled) continue
    const other = first.get(node.unique_id)
    if (other === undefined) {
      first.set(node.unique_id, table)
      continue
    }
    const { file, line } = other.properties.file.place(other.keys)
    const call = `source('${node.source_name}', '${node.name}')`
    const message = `${call} is also declared in ${file}:${line}; remove or rename one of them`
    faults.push({ ...properties.file.place(keys), message })
  }
}

/** What an entry says itself; the schema filled the rest. */
function givenOf<Entry extends object>(entry: Entry): Partial<Entry> {
  return Object.fromEntries(
    Object.entries(entry).filter(
      ([, value]) =>
        value !== undefined &&
        value !== '' &&
        !(Array.isArray(value) && value.length === 0) &&
        !(isRecord(value) && Object.keys(value).length === 0),
    ),
  ) as Partial<Entry>
}

function sourceNode(
  session: ParseSession,
  { project, source: file, file: yaml }: ParsedProperties,
  source: SourceProperties,
  table: TableProperties,
  index: number,
): SourceNode {
  const below = belowRoot(file.path, [...project.file['model-paths'], ...project.file['seed-paths']])
  const fqn = fqnOf(project.name, below, source.name, table.name)
  const request = { kind: 'source', packageName: project.name, fqn, properties: declaredConfig(source, table) } as const
  const config = session.configs.build(request)
  const quoting = { ...noQuoting, ...definedOf(source.quoting), ...definedOf(table.quoting) }
  const relation = {
    database: source.database ?? session.scope.target.database,
    schema: source.schema ?? source.name,
    identifier: table.identifier ?? table.name,
  }
  const unrendered = unrenderedPlace(yaml.value, index)
  return {
    database: relation.database,
    schema: relation.schema,
    name: table.name,
    resource_type: 'source',
    package_name: project.name,
    path: file.path,
    original_file_path: file.path,
    unique_id: `source.${project.name}.${source.name}.${table.name}`,
    fqn,
    source_name: source.name,
    source_description: source.description,
    loader: source.loader,
    identifier: relation.identifier,
    quoting,
    loaded_at_field: (config['loaded_at_field'] as string | null | undefined) ?? null,
    loaded_at_query: (config['loaded_at_query'] as string | null | undefined) ?? null,
    freshness: config['freshness'] as SourceNode['freshness'],
    external: externalOf(table.external),
    description: table.description,
    columns: columnInfos(table.columns),
    meta: config.meta,
    source_meta: { ...source.meta, ...recordOf(source.config['meta']) },
    tags: config.tags,
    config,
    patch_path: null,
    unrendered_config: session.configs.unrendered(request),
    relation_name: relationName(session.scope, relation, sourceQuoting(session, quoting)),
    created_at: Date.now() / 1000,
    unrendered_database: unrendered.database,
    unrendered_schema: unrendered.schema,
    doc_blocks: [],
  }
}

const noQuoting: SourceNode['quoting'] = { database: null, schema: null, identifier: null, column: null }

function sourceQuoting({ root, scope }: ParseSession, own: SourceNode['quoting']) {
  const fallback = scope.target.type !== 'snowflake'
  const project = root.file.quoting
  return {
    database: own.database ?? project.database ?? fallback,
    schema: own.schema ?? project.schema ?? fallback,
    identifier: own.identifier ?? project.identifier ?? fallback,
  }
}

function unrenderedPlace(value: unknown, index: number) {
  const sources = isRecord(value) ? value['sources'] : undefined
  const entry: unknown = Array.isArray(sources) ? sources[index] : undefined
  const text = (key: string) => (isRecord(entry) && typeof entry[key] === 'string' ? entry[key] : null)
  return { database: text('database'), schema: text('schema') }
}

/** What source and table say together, the table going first. Only tags, meta and freshness are brought together. */
function declaredConfig(source: SourceProperties, table: TableProperties): PartialConfig {
  const freshness = mergeFreshness([
    source.freshness,
    source.config['freshness'],
    table.freshness,
    table.config['freshness'],
  ])
  const { freshness: _, ...settings } = { ...source.config, ...table.config }
  return {
    ...settings,
    ...(freshness === undefined ? {} : { freshness }),
    ...loadedAt(source, table),
    meta: { ...source.meta, ...recordOf(source.config['meta']), ...table.meta, ...recordOf(table.config['meta']) },
    tags: [
      ...new Set([...source.tags, ...listOf(source.config['tags']), ...table.tags, ...listOf(table.config['tags'])]),
    ].toSorted(),
  }
}

/** A table that sets its field, were it to null, does not take the source's field or query. */
function loadedAt(source: SourceProperties, table: TableProperties) {
  const given = (of: SourceProperties | TableProperties, key: string) =>
    (of[key] ?? of.config[key] ?? null) as string | null
  const hasField = table.loaded_at_field !== undefined || table.config['loaded_at_field'] !== undefined
  const ownQuery = given(table, 'loaded_at_query')
  return {
    loaded_at_field: hasField ? given(table, 'loaded_at_field') : given(source, 'loaded_at_field'),
    loaded_at_query: ownQuery ?? (hasField ? null : given(source, 'loaded_at_query')),
  }
}

const noTime: FreshnessTime = { count: null, period: null }

/** Later thresholds go first, part by part; null switches freshness off. Undefined when nobody said anything. */
function mergeFreshness(thresholds: readonly unknown[]): SourceNode['freshness'] | undefined {
  let merged: SourceNode['freshness'] | undefined
  for (const threshold of thresholds) {
    if (threshold === undefined) continue
    if (threshold === null) merged = null
    else if (isRecord(threshold) && Object.keys(threshold).length > 0) {
      const base = merged ?? { warn_after: noTime, error_after: noTime, filter: null }
      merged = {
        warn_after: timeOf(threshold, 'warn_after', base.warn_after),
        error_after: timeOf(threshold, 'error_after', base.error_after),
        filter: typeof threshold['filter'] === 'string' ? threshold['filter'] : base.filter,
      }
    }
  }
  return merged
}

function timeOf(threshold: PartialConfig, key: string, fallback: FreshnessTime): FreshnessTime {
  const given = threshold[key]
  if (given === null) return given as unknown as FreshnessTime
  return isRecord(given) ? Object.assign({}, noTime, fallback, given) : fallback
}

function externalOf(given: PartialConfig | null | undefined): SourceNode['external'] {
  if (given === null || given === undefined) return null
  return { location: null, file_format: null, row_format: null, tbl_properties: null, partitions: null, ...given }
}

function definedOf(value: Readonly<Record<string, unknown>>): Partial<SourceNode['quoting']> {
  return Object.fromEntries(Object.entries(value).filter(([, flag]) => flag !== undefined && flag !== null))
}

function recordOf(value: unknown): PartialConfig {
  return isRecord(value) ? value : {}
}
