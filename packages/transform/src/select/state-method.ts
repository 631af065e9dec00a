import { isDeepStrictEqual } from 'node:util'
import { contractChange } from './contract-change.ts'
import { fieldOf, kindOf } from './entry-fields.ts'
import { selectionInvalid } from './selection-spec.ts'
import type { SelectionCriteria } from './selection-spec.ts'
import type { Matcher, SelectionMaterial } from './selection-methods.ts'
import { ModifiedMacros } from './modified-macros.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { GraphEntry, Manifest } from '../manifest/manifest.ts'

/** Whether an entry differs from what it was; `before` is undefined for a new one. */
type Change = (now: GraphEntry, before: GraphEntry | undefined) => boolean

/**
 * `state:`: what became of an entry since the manifest of `--state` was written.
 *
 * @throws SELECTION_INVALID without such a manifest, and for a value that does not exist.
 */
export function stateMatcher({ raw, value }: SelectionCriteria, material: SelectionMaterial): Matcher {
  const { previous } = material
  if (previous === undefined) {
    throw selectionInvalid(raw, 'there is no manifest to compare with: name the folder of one with --state')
  }
  const changes = changesOf(material, previous)
  const change = changes[String(value)]
  if (change === undefined) {
    throw selectionInvalid(
      raw,
      `invalid value "${String(value)}", expected one of ${Object.keys(changes)
        .map((name) => `"${name}"`)
        .join(', ')}`,
    )
  }
  const before = previousEntries(previous)
  return (entry) => change(entry, before(entry.unique_id))
}

function changesOf({ manifest, warn }: SelectionMaterial, previous: Manifest): Readonly<Record<string, Change>> {
  const macros = new ModifiedMacros(manifest, previous)
  const contract: Change = (now, before) =>
    kindOf(now) === 'node' && (before === undefined || contractChange(now, before, warn))
  const modified: Change = (now, before) =>
    contentsDiffer(now, before) ||
    macros.isBelow(now) ||
    (before?.resource_type === 'model' && contractChange(now, before, warn))
  return {
    new: (_, before) => before === undefined,
    old: (_, before) => before !== undefined,
    modified,
    unmodified: (now, before) => !modified(now, before),
    'modified.body': ofKinds(['node'], bodyDiffers),
    'modified.configs': (now, before) =>
      now.resource_type !== 'unit_test' && (before === undefined || configDiffers(now, before)),
    'modified.persisted_descriptions': ofKinds(['node'], persistedDescriptionDiffers),
    'modified.relation': ofKinds(['node', 'source'], relationDiffers),
    'modified.macros': (now) => macros.isBelow(now),
    'modified.contract': contract,
  }
}

function previousEntries(previous: Manifest): (id: string) => GraphEntry | undefined {
  const { nodes, sources, exposures, metrics, semantic_models, unit_tests, saved_queries } = previous
  const groups = [nodes, sources, exposures, metrics, semantic_models, unit_tests, saved_queries]
  return (id) => groups.find((group) => id in group)?.[id]
}

function ofKinds(kinds: readonly string[], differs: (now: GraphEntry, before: GraphEntry) => boolean): Change {
  return (now, before) => kinds.includes(kindOf(now)) && (before === undefined || differs(now, before))
}

function contentsDiffer(now: GraphEntry, before: GraphEntry | undefined): boolean {
  // dbt calls what is new modified, unless it is only declared: a source, an exposure, a metric.
  if (before === undefined) return kindOf(now) === 'node' || now.resource_type === 'unit_test'
  const fqnDiffers = differIn(now, before, 'fqn')
  switch (now.resource_type) {
    case 'source':
      return (
        relationDiffers(now, before) ||
        fqnDiffers ||
        configDiffers(now, before) ||
        differIn(now, before, 'quoting', 'freshness', 'loaded_at_field', 'external')
      )
    case 'exposure':
      return (
        fqnDiffers ||
        configDiffers(now, before) ||
        dependenciesDiffer(now, before) ||
        differIn(now, before, 'type', 'owner', 'maturity', 'url', 'description', 'label')
      )
    case 'unit_test':
      return differIn(now, before, 'checksum')
    case 'test':
      if (fieldOf(now, 'test_metadata') !== undefined) return configDiffers(now, before) || fqnDiffers
      return nodeDiffers(now, before)
    case 'model':
      return nodeDiffers(now, before) || differIn(now, before, 'latest_version', 'access', 'deprecation_date')
    case 'metric':
      return configDiffers(now, before) || differIn(now, before, 'type', 'description', 'label')
    case 'semantic_model':
      return differIn(now, before, ...semanticModelFields)
    case 'saved_query':
      return configDiffers(now, before) || differIn(now, before, 'query_params', 'description', 'label', 'exports')
    default:
      return nodeDiffers(now, before)
  }
}

const semanticModelFields = [
  'model',
  'description',
  'defaults',
  'entities',
  'dimensions',
  'measures',
  'config',
  'primary_entity',
  'group',
]

function nodeDiffers(now: GraphEntry, before: GraphEntry): boolean {
  return (
    bodyDiffers(now, before) ||
    configDiffers(now, before) ||
    persistedDescriptionDiffers(now, before) ||
    differIn(now, before, 'fqn') ||
    relationDiffers(now, before)
  )
}

/** A seed is its file: the text of others is compared as it is written, so that a change of white space is one. */
function bodyDiffers(now: GraphEntry, before: GraphEntry): boolean {
  return differIn(now, before, now.resource_type === 'seed' ? 'checksum' : 'raw_code')
}

/** What says where a node is built, or for whom, is no change of its configuration. */
const configFieldsLeftOut = new Set(['alias', 'schema', 'database', 'tags', 'group'])

/** Of a test only what changes its verdict counts. */
const testConfigFields = new Set([
  'severity',
  'where',
  'limit',
  'fail_calc',
  'warn_if',
  'error_if',
  'store_failures',
  'store_failures_as',
])

/** As it was written, not as it was rendered: another target is no change. */
function configDiffers(now: GraphEntry, before: GraphEntry): boolean {
  const [after, former] = [recordAt(now, 'unrendered_config'), recordAt(before, 'unrendered_config')]
  const counts = (key: string) =>
    now.resource_type === 'test' ? testConfigFields.has(key) : !configFieldsLeftOut.has(key)
  return [...new Set([...Object.keys(after), ...Object.keys(former)])].some(
    (key) => counts(key) && !(key in after && key in former && isDeepStrictEqual(after[key], former[key])),
  )
}

/** The configured names, not those that macros make of them. */
function relationDiffers(now: GraphEntry, before: GraphEntry): boolean {
  if (now.resource_type === 'source') return differIn(now, before, 'database', 'schema', 'identifier')
  const [after, former] = [recordAt(now, 'unrendered_config'), recordAt(before, 'unrendered_config')]
  return ['database', 'schema', 'alias'].some((key) => !isDeepStrictEqual(after[key] ?? null, former[key] ?? null))
}

/** Descriptions count where they are written into the warehouse. */
function persistedDescriptionDiffers(now: GraphEntry, before: GraphEntry): boolean {
  if (Boolean(fieldOf(now, 'config', 'persist_docs', 'relation')) && differIn(now, before, 'description')) return true
  return (
    Boolean(fieldOf(now, 'config', 'persist_docs', 'columns')) &&
    !isDeepStrictEqual(columnDescriptions(now), columnDescriptions(before))
  )
}

function columnDescriptions(entry: GraphEntry): Readonly<Record<string, unknown>> {
  const columns = Object.entries(recordAt(entry, 'columns'))
  return Object.fromEntries(columns.map(([name, column]) => [name, isRecord(column) ? column['description'] : null]))
}

function dependenciesDiffer(now: GraphEntry, before: GraphEntry): boolean {
  const parents = (entry: GraphEntry) => {
    const ids = fieldOf(entry, 'depends_on', 'nodes')
    return new Set(Array.isArray(ids) ? (ids as string[]) : [])
  }
  return !isDeepStrictEqual(parents(now), parents(before))
}

function recordAt(entry: GraphEntry, key: string): Readonly<Record<string, unknown>> {
  const value = fieldOf(entry, key)
  return isRecord(value) ? value : {}
}

/** A key that is missing and one that is null are the same. */
function differIn(now: GraphEntry, before: GraphEntry, ...keys: readonly string[]): boolean {
  return keys.some((key) => !isDeepStrictEqual(fieldOf(now, key) ?? null, fieldOf(before, key) ?? null))
}
