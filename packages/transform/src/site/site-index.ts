import type { CatalogTable } from '../artifact/catalog.ts'
import type { IndexEntry, SiteIndex, SiteRun } from '../site-view/site-data.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { settingText } from './page-settings.ts'
import type { MarkdownRenderer } from './markdown.ts'
import type { PastRun } from './past-runs.ts'
import { entryName, fieldOf, textOf, textsOf } from './site-entries.ts'
import type { SiteEntry } from './site-entries.ts'
import type { SiteMaterial } from './site-material.ts'

/** What the pages of a site share: which entry stands where, and what is known of each. */
export interface SiteScope {
  readonly material: SiteMaterial
  readonly markdown: MarkdownRenderer
  readonly entries: readonly SiteEntry[]
  readonly positions: ReadonlyMap<string, number>
  /** Tests by the entry that they look at. */
  readonly tests: ReadonlyMap<string, readonly SiteEntry[]>
  /** When each source was loaded last. */
  readonly freshness: ReadonlyMap<string, SiteMaterial['freshness'][number]>
}

export function siteScope(
  material: SiteMaterial,
  entries: readonly SiteEntry[],
  markdown: MarkdownRenderer,
): SiteScope {
  return {
    material,
    markdown,
    entries,
    positions: new Map(entries.map(({ unique_id: id }, at) => [id, at])),
    tests: testsByEntry(entries),
    freshness: new Map(material.freshness.map((result) => [result.unique_id, result])),
  }
}

function testsByEntry(entries: readonly SiteEntry[]): ReadonlyMap<string, readonly SiteEntry[]> {
  const tests = new Map<string, SiteEntry[]>()
  for (const entry of entries) {
    if (entry.resource_type !== 'test' && entry.resource_type !== 'unit_test') continue
    const attached = textOf(entry, 'attached_node')
    for (const id of attached === undefined ? parentIds(entry) : [attached]) {
      const others = tests.get(id)
      if (others === undefined) tests.set(id, [entry])
      else others.push(entry)
    }
  }
  return tests
}

export function parentIds(entry: SiteEntry): readonly string[] {
  return entry.resource_type === 'macro' ? [] : textsOf(entry, 'depends_on', 'nodes')
}

/** The positions of those ids that have a page. */
export function positionsOf(scope: SiteScope, ids: readonly string[]): number[] {
  return ids.flatMap((id) => scope.positions.get(id) ?? [])
}

/** An empty list is nothing to write. */
export function filled<Item>(items: readonly Item[] | undefined): readonly Item[] | undefined {
  return items === undefined || items.length === 0 ? undefined : items
}

/** `parts`: the part with the page of each entry. */
export function siteIndex(scope: SiteScope, parts: readonly number[]): SiteIndex {
  const { manifest, runs, generatedAt } = scope.material
  const { metadata } = manifest
  return {
    project: {
      name: projectName(manifest),
      warehouse: settingText(metadata['adapter_type']),
      generatedAt,
      dbtVersion: settingText(metadata['dbt_version']),
    },
    overviews: overviewsOf(scope),
    entries: scope.entries.map((entry, at) => indexEntry(scope, entry, parts[at] ?? 0)),
    runs: runs.map(siteRun),
  }
}

function indexEntry(scope: SiteScope, entry: SiteEntry, part: number): IndexEntry {
  const parents = positionsOf(scope, parentIds(entry))
  const isTest = entry.resource_type === 'test'
  return withoutAbsent({
    id: entry.unique_id,
    name: entryName(entry),
    part,
    file: textOf(entry, 'original_file_path'),
    relation: relationOf(entry),
    materialized: isTest ? undefined : textOf(entry, 'config', 'materialized'),
    tags: filled(textsOf(entry, 'tags')),
    group: textOf(entry, 'group'),
    parents: filled(parents),
    ...lastStatus(scope, entry),
    isHidden: fieldOf(entry, 'docs', 'show') === false ? true : undefined,
    color: colorOf(entry),
    column: isTest ? textOf(entry, 'column_name') : undefined,
    check: isTest ? checkOf(entry) : undefined,
  })
}

/** Drops keys without a value: JSON would, and the tests of the index need not know of them. */
export function withoutAbsent<Value extends object>(value: { [Key in keyof Value]: Value[Key] | undefined }): Value {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Value
}

const kindsWithRelation = new Set(['model', 'seed', 'snapshot', 'source'])

function relationOf(entry: SiteEntry): IndexEntry['relation'] {
  if (!kindsWithRelation.has(entry.resource_type) || fieldOf(entry, 'config', 'materialized') === 'ephemeral') return
  const identifier = textOf(entry, entry.resource_type === 'source' ? 'identifier' : 'alias') ?? entry.name
  return { database: textOf(entry, 'database') ?? '', schema: textOf(entry, 'schema') ?? '', identifier }
}

function lastStatus({ material, freshness }: SiteScope, entry: SiteEntry): Pick<IndexEntry, 'status' | 'seconds'> {
  const { unique_id: id } = entry
  const fresh = freshness.get(id)
  if (fresh !== undefined) return { status: fresh.status }
  const [status, seconds] = material.runs.find(({ results }) => id in results)?.results[id] ?? []
  return status === undefined || seconds === undefined ? {} : { status, seconds }
}

/** Colours go into a style: names and hexadecimal digits only. */
function colorOf(entry: SiteEntry): string | undefined {
  const color = textOf(entry, 'docs', 'node_color') ?? textOf(entry, 'config', 'docs', 'node_color')
  return color !== undefined && /^(?:#[0-9a-f]{3,8}|[a-z]+)$/iu.test(color) ? color : undefined
}

/** `not_null`, `dbt_utils.at_least_one`. */
function checkOf(entry: SiteEntry): string | undefined {
  const name = textOf(entry, 'test_metadata', 'name')
  const namespace = textOf(entry, 'test_metadata', 'namespace')
  return name === undefined || namespace === undefined ? name : `${namespace}.${name}`
}

function siteRun({ invocationId, at, command, seconds, results }: PastRun): SiteRun {
  const counts: Record<string, number> = {}
  for (const [status] of Object.values(results)) counts[status] = (counts[status] ?? 0) + 1
  return { invocationId, at, command, seconds, counts }
}

function projectName({ metadata }: Manifest): string {
  return settingText(metadata['project_name'])
}

/** dbt's names: `__overview__` for the project, `__dbt_utils__` for a package. */
function overviewsOf({ material, markdown }: SiteScope): SiteIndex['overviews'] {
  const { manifest, readme } = material
  const project = projectName(manifest)
  const docs = Object.values(manifest.docs)
  const own = docs.find(({ name, package_name: owner }) => name === '__overview__' && owner !== 'dbt')
  const packages = docs.flatMap(({ name, block_contents: text }) => {
    const packageName = /^__(.+)__$/u.exec(name)?.[1]
    return packageName === undefined || packageName === 'overview' ? [] : [{ packageName, text }]
  })
  return [{ packageName: project, text: own?.block_contents ?? readme }, ...packages].flatMap(
    ({ packageName, text }) => {
      const html = markdown.render(text)
      return html === undefined ? [] : [{ packageName, html }]
    },
  )
}

/** What the warehouse has for the entry. */
export function catalogTable({ material }: SiteScope, entry: SiteEntry): CatalogTable | undefined {
  const { nodes, sources } = material.catalog
  return (entry.resource_type === 'source' ? sources : nodes)[entry.unique_id]
}
