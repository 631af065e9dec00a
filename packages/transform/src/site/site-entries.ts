import type { MacroEntry, Manifest, GraphEntry } from '../manifest/manifest.ts'
import { isRecord } from '../manifest/node-config.ts'

export type SiteEntry = GraphEntry | MacroEntry

const kindsShown = [
  'model',
  'source',
  'seed',
  'snapshot',
  'analysis',
  'exposure',
  'metric',
  'semantic_model',
  'saved_query',
  'test',
  'unit_test',
  'macro',
]

/**
 * Everything that has a page, kind by kind and by id within: what a team looks for comes first. Statements of hooks have
 * none, and neither have the macros that come with dbt and its adapters.
 */
export function siteEntries(manifest: Manifest): SiteEntry[] {
  const { nodes, sources, exposures, metrics, semantic_models, saved_queries, unit_tests, macros } = manifest
  const adapter = String(manifest.metadata['adapter_type'])
  const ownMacros = Object.values(macros).filter(({ package_name: name }) => !isLibrary(name, adapter))
  const graph = [nodes, sources, exposures, metrics, semantic_models ?? {}, saved_queries ?? {}, unit_tests ?? {}]
  const all: SiteEntry[] = [...graph.flatMap((group): GraphEntry[] => Object.values(group)), ...ownMacros]
  const rank = new Map(kindsShown.map((kind, at) => [kind, at]))
  return all
    .filter(({ resource_type: kind }) => rank.has(kind))
    .toSorted(
      (a, b) => rank.get(a.resource_type)! - rank.get(b.resource_type)! || compareText(a.unique_id, b.unique_id),
    )
}

/** dbt_postgres is below dbt_redshift too, which is no reason to show it. */
function isLibrary(packageName: string, adapter: string): boolean {
  return packageName === 'dbt' || packageName === `dbt_${adapter}` || packageName === 'dbt_postgres'
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** As templates name it. */
export function entryName(entry: SiteEntry): string {
  if (entry.resource_type === 'source') return `${String(fieldOf(entry, 'source_name'))}.${entry.name}`
  const version = fieldOf(entry, 'version')
  const hasVersion = entry.resource_type === 'model' && (typeof version === 'string' || typeof version === 'number')
  return hasVersion ? `${entry.name}.v${version}` : entry.name
}

/** The value at a path of keys, undefined where there is none: entries of different kinds have different keys. */
export function fieldOf(entry: SiteEntry, ...path: readonly string[]): unknown {
  let value: unknown = entry
  for (const key of path) value = isRecord(value) ? value[key] : undefined
  return value
}

export function textOf(entry: SiteEntry, ...path: readonly string[]): string | undefined {
  const value = fieldOf(entry, ...path)
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function textsOf(entry: SiteEntry, ...path: readonly string[]): string[] {
  const value = fieldOf(entry, ...path)
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
