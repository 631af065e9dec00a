import { parentFolders } from './entry-paths.ts'
import { fieldOf, kindOf, textOf } from './entry-fields.ts'
import { pathGlob, textGlob } from './glob.ts'
import { qualifiedNameMatcher } from './qualified-name.ts'
import { selectionInvalid } from './selection-spec.ts'
import type { MethodName, SelectionCriteria } from './selection-spec.ts'
import { stateMatcher } from './state-method.ts'
import type { GraphEntry, Manifest } from '../manifest/manifest.ts'

/** What a selection is made from. */
export interface SelectionMaterial {
  readonly manifest: Manifest
  /** The manifest of `--state`, for the method `state`. */
  readonly previous?: Manifest
  /** The run_results.json beside it, for `result`. */
  readonly previousResults?: readonly { readonly unique_id: string; readonly status: string }[]
  /** The sources.json of `--state` and of this project, for `source_status`. */
  readonly previousFreshness?: FreshnessTimes
  readonly currentFreshness?: FreshnessTimes
  /** Is told of selections that find nothing, and of changes that break a contract. */
  readonly warn?: (message: string) => void
}

/** When each source was loaded last, by unique id; null where its freshness could not be found out. */
export type FreshnessTimes = ReadonlyMap<string, string | null>

export type Matcher = (entry: GraphEntry) => boolean

type Method = (criteria: SelectionCriteria, material: SelectionMaterial) => Matcher

const methods: Readonly<Record<MethodName, Method>> = {
  fqn: ({ value }) => except(['source'], qualifiedNameMatcher(String(value))),
  tag: ({ value }) => matchTags(String(value)),
  group: ({ value }) => matchGroup(String(value)),
  access:
    ({ value }) =>
    (entry) =>
      entry.resource_type === 'model' && textOf(entry, 'access') === value,
  source: (criteria) => matchSource(criteria),
  path: (criteria, { manifest }) => matchPath(String(criteria.value), manifest),
  file: ({ value }) => matchFile(String(value)),
  package: ({ value }, { manifest }) => matchPackage(String(value), manifest),
  config: (criteria) => matchConfig(criteria),
  test_name: ({ value }) => matchTestName(String(value)),
  test_type: (criteria) => matchTestType(criteria),
  resource_type: (criteria) => matchResourceType(criteria),
  state: (criteria, material) => stateMatcher(criteria, material),
  exposure: (criteria) => matchNamed('exposure', criteria),
  metric: (criteria) => matchNamed('metric', criteria),
  semantic_model: (criteria) => matchNamed('semantic_model', criteria),
  saved_query: (criteria) => matchNamed('saved_query', criteria),
  unit_test: (criteria) => matchNamed('unit_test', criteria),
  result: (criteria, material) => matchResult(criteria, material),
  source_status: (criteria, material) => matchSourceStatus(criteria, material),
  version: (criteria) => matchVersion(criteria),
}

/** @throws SELECTION_INVALID for a value that its method does not know. */
export function findByMethod(
  criteria: SelectionCriteria,
  entries: ReadonlyMap<string, GraphEntry>,
  material: SelectionMaterial,
): Set<string> {
  const matches = methods[criteria.method](criteria, material)
  const found = new Set<string>()
  for (const [id, entry] of entries) if (matches(entry)) found.add(id)
  return found
}

function except(types: readonly string[], matches: Matcher): Matcher {
  return (entry) => !types.includes(entry.resource_type) && matches(entry)
}

function matchTags(pattern: string): Matcher {
  const matches = textGlob(pattern)
  return (entry) => {
    // Only of unit tests the manifest has them nowhere but in the configuration; semantic models have none.
    const tags = entry.resource_type === 'unit_test' ? fieldOf(entry, 'config', 'tags') : fieldOf(entry, 'tags')
    return (Array.isArray(tags) ? tags : [tags]).some((tag) => typeof tag === 'string' && matches(tag))
  }
}

function matchGroup(pattern: string): Matcher {
  const matches = textGlob(pattern)
  return (entry) => {
    const group = fieldOf(entry, 'config', 'group')
    const groupable = kindOf(entry) === 'node' || entry.resource_type === 'metric'
    return groupable && typeof group === 'string' && matches(group)
  }
}

function matchSource({ raw, value }: SelectionCriteria): Matcher {
  const parts = String(value).split('.')
  if (parts.length > 3) {
    throw selectionInvalid(raw, 'sources are named source_name, source_name.table or package.source_name.table')
  }
  const [packageName, source, table] = (
    parts.length === 1 ? ['*', ...parts, '*'] : parts.length === 2 ? ['*', ...parts] : parts
  ).map(textGlob)
  return (entry) =>
    entry.resource_type === 'source' &&
    packageName!(entry.package_name) &&
    source!(textOf(entry, 'source_name')) &&
    table!(entry.name)
}

function matchNamed(type: string, { raw, value }: SelectionCriteria): Matcher {
  const parts = String(value).split('.')
  if (parts.length > 2) throw selectionInvalid(raw, `a ${type} is named by its name or by package.name`)
  const [packageName, name] = (parts.length === 1 ? ['*', ...parts] : parts).map(textGlob)
  return (entry) => entry.resource_type === type && packageName!(entry.package_name) && name!(entry.name)
}

/**
 * dbt looks for the files themselves, below the root project. What is nobody's file cannot select anything, so the
 * paths of the root project's entries stand for the disk. An entry of a package is found by a path that both have.
 */
function matchPath(pattern: string, manifest: Manifest): Matcher {
  const glob = pathGlob(pattern)
  const root = manifest.metadata['project_name']
  const files = new Set<string>()
  const folders = new Set<string>()
  for (const entry of [manifest.nodes, manifest.sources, manifest.exposures, manifest.unit_tests].flatMap((group) =>
    Object.values<GraphEntry>(group),
  )) {
    if (root !== undefined && entry.package_name !== root) continue
    for (const file of filesOf(entry)) {
      if (files.has(file)) continue
      files.add(file)
      for (const folder of parentFolders(file)) folders.add(folder)
    }
  }
  const found = new Set([
    ...[...files].filter((file) => glob.matchesFile(file)),
    ...[...folders].filter((folder) => glob.matchesFolder(folder)),
  ])
  return (entry) =>
    filesOf(entry).some((file) => found.has(file)) ||
    parentFolders(entry.original_file_path).some((folder) => found.has(folder))
}

/** The entry's own file, and the one with its properties (`package://models/schema.yml`). */
function filesOf(entry: GraphEntry): string[] {
  const patch = fieldOf(entry, 'patch_path')
  return typeof patch === 'string'
    ? [entry.original_file_path, patch.slice(patch.indexOf('://') + 3)]
    : [entry.original_file_path]
}

function matchFile(pattern: string): Matcher {
  const matches = textGlob(pattern)
  return ({ original_file_path: path }) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const dot = name.lastIndexOf('.')
    return matches(name) || (dot > 0 && matches(name.slice(0, dot)))
  }
}

function matchPackage(pattern: string, { metadata }: Manifest): Matcher {
  const { project_name: own } = metadata
  const matches = textGlob(pattern === 'this' && typeof own === 'string' ? own : pattern)
  return ({ package_name: name }) => matches(name)
}

function matchConfig({ value, methodArguments }: SelectionCriteria): Matcher {
  const ignoresCase = methodArguments.join('.') === 'severity'
  const wanted = ignoresCase ? String(value).toUpperCase() : value
  const truth = { TRUE: true, FALSE: false }[String(value).toUpperCase()]
  const isWanted = (item: unknown) =>
    (ignoresCase && typeof item === 'string' ? item.toUpperCase() : item) === wanted ||
    (truth !== undefined && item === truth)
  return (entry) => {
    const kind = kindOf(entry)
    if (kind !== 'node' && kind !== 'source') return false
    const found = fieldOf(entry, 'config', ...methodArguments)
    return Array.isArray(found) ? found.some(isWanted) : isWanted(found)
  }
}

function matchTestName(pattern: string): Matcher {
  const matches = textGlob(pattern)
  return (entry) => {
    if (entry.resource_type === 'unit_test') return matches(entry.name)
    const name = fieldOf(entry, 'test_metadata', 'name')
    return entry.resource_type === 'test' && typeof name === 'string' && matches(name)
  }
}

/** `schema` is what generic tests were called once; `data` is every test but unit tests. */
const testTypes: Readonly<Record<string, Matcher>> = {
  generic: (entry) => isGenericTest(entry),
  schema: (entry) => isGenericTest(entry),
  singular: (entry) => entry.resource_type === 'test' && !isGenericTest(entry),
  data: (entry) => entry.resource_type === 'test',
  unit: (entry) => entry.resource_type === 'unit_test',
}

function isGenericTest(entry: GraphEntry): boolean {
  return entry.resource_type === 'test' && (fieldOf(entry, 'test_metadata') ?? null) !== null
}

function matchTestType({ raw, value }: SelectionCriteria): Matcher {
  const matches = testTypes[String(value)]
  if (matches === undefined) {
    throw selectionInvalid(
      raw,
      `invalid test type selector ${String(value)}: expected "generic", "singular", "unit", or "data"`,
    )
  }
  return matches
}

const resourceTypes = new Set([
  'model',
  'analysis',
  'test',
  'snapshot',
  'operation',
  'seed',
  'rpc',
  'sql_operation',
  'doc',
  'source',
  'macro',
  'exposure',
  'metric',
  'group',
  'saved_query',
  'semantic_model',
  'unit_test',
  'fixture',
])

function matchResourceType({ raw, value }: SelectionCriteria): Matcher {
  if (!resourceTypes.has(String(value))) throw selectionInvalid(raw, `invalid resource_type "${String(value)}"`)
  return ({ resource_type: type }) => type === value
}

function matchResult({ raw, value }: SelectionCriteria, { previousResults }: SelectionMaterial): Matcher {
  if (previousResults === undefined) {
    throw selectionInvalid(raw, 'there are no results to compare with: name their folder with --state')
  }
  const found = new Set(previousResults.filter(({ status }) => status === value).map(({ unique_id: id }) => id))
  return ({ unique_id: id }) => found.has(id)
}

/** `fresher`: loaded since the run that `--state` tells of. Any other value finds nothing, as in dbt. */
function matchSourceStatus(
  { raw, value }: SelectionCriteria,
  { previousFreshness, currentFreshness }: SelectionMaterial,
): Matcher {
  if (previousFreshness === undefined || currentFreshness === undefined) {
    throw selectionInvalid(
      raw,
      `No ${previousFreshness === undefined ? 'previous' : 'current'} state comparison freshness results in sources.json` +
        `${previousFreshness === undefined ? ' of the folder that --state names' : ''}: \`source freshness\` writes it`,
    )
  }
  return ({ unique_id: id }) => {
    const current = currentFreshness.get(id) ?? null
    if (value !== 'fresher' || current === null) return false
    const previous = previousFreshness.get(id)
    return previous !== null && (previous === undefined || Date.parse(current) > Date.parse(previous))
  }
}

type VersionOrder = (version: unknown, latest: unknown) => boolean

const versionKinds: Readonly<Record<string, VersionOrder>> = {
  latest: (version, latest) => version !== null && version === latest,
  prerelease: (version, latest) => Boolean(version) && Boolean(latest) && isLess(latest, version),
  old: (version, latest) => Boolean(version) && Boolean(latest) && isLess(version, latest),
  none: (version) => version === null,
}

function matchVersion({ raw, value }: SelectionCriteria): Matcher {
  const matches = versionKinds[String(value)]
  if (matches === undefined) {
    throw selectionInvalid(
      raw,
      `invalid version type ${String(value)}: expected one of "latest", "prerelease", "old", or "none"`,
    )
  }
  return (entry) =>
    entry.resource_type === 'model' &&
    matches(fieldOf(entry, 'version') ?? null, fieldOf(entry, 'latest_version') ?? null)
}

/** As numbers if both are, else as texts. */
function isLess(left: unknown, right: unknown): boolean {
  const [leftNumber, rightNumber] = [Number(left), Number(right)]
  return Number.isNaN(leftNumber) || Number.isNaN(rightNumber) ? String(left) < String(right) : leftNumber < rightNumber
}
