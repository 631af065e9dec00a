import { isRecord } from '../manifest/node-config.ts'
import type { DisabledEntries } from '../parse/disabled-entries.ts'
import type { DraftTest } from '../parse/load-tests.ts'
import type { Referable, ReferableSource } from '../parse/node-index.ts'
import type { DraftNode } from '../parse/parsed-node.ts'
import { isReferable } from '../parse/project-parser.ts'
import type { ParseTrace } from '../parse/project-parser.ts'
import type { Patch } from '../parse/property-patches.ts'
import type { ParsedProperties } from '../parse/read-properties.ts'
import type { PropertiesFile } from '../project/properties-file.ts'
import { hashOf } from './fingerprint.ts'
import { unitOf } from './unit-order.ts'

/** What the rest of a project sees of a node. A change of it can change what other files mean. */
export type NodeFace = Referable & Pick<DraftNode, 'database' | 'schema' | 'alias' | 'relation_name'>

/** What is kept of nodes beside what the manifest has of them; each list in the order of its nodes. */
export interface SavedRows {
  readonly ids: readonly string[]
  /** Of what stands behind the nodes in the manifest's maps: sources, exposures, … */
  readonly others: readonly string[]
  /** The place of what a node is made of in the order of units. */
  readonly units: Int32Array
  /** The place among the lists of names, of what its templates look up. */
  readonly names: Int32Array
  /** The place among the lists of docs blocks, of those that its descriptions ask for. */
  readonly docs: Int32Array
}

/** Lists that many nodes share, each as a text with blanks between. */
export interface SavedUses {
  readonly names: readonly string[]
  readonly docs: readonly string[]
  /** The docs blocks that sources ask for, and all else that is no node. */
  readonly docsOfSources: readonly string[]
  readonly docsOfOthers: readonly string[]
  /** By unit, what its tests refer to that is not there. */
  readonly missing: readonly (readonly [unit: string, names: readonly string[]])[]
  /** Units of what is switched off, each with what its templates look up. */
  readonly disabled: readonly (readonly [unit: string, names: readonly string[]])[]
}

export interface SavedFaces {
  readonly nodes: readonly NodeFace[]
  readonly sources: readonly ReferableSource[]
}

/** By `package:path`, what a properties file holds. */
export type SavedProperties = Readonly<Record<string, PropertiesFacts>>

const nodeSections = { models: 'model', seeds: 'seed', snapshots: 'snapshot', analyses: 'analysis', data_tests: 'test' }
type OtherContent = Omit<PropertiesFile, keyof typeof nodeSections>

export interface PropertiesFacts {
  /** `model.orders`: the nodes that it describes, by the names of their files. */
  readonly described: readonly string[]
  readonly hasYamlSnapshots: boolean
  /** Hashes of the parts that are not about nodes; '' for none. */
  readonly sources: string
  readonly macros: string
  readonly others: string
  /** These parts; undefined where there are none. */
  readonly content?: OtherContent
  /** Its sources as they are written. */
  readonly written?: unknown
}

export function faceOf(node: DraftNode): NodeFace {
  return {
    unique_id: node.unique_id,
    resource_type: node.resource_type,
    name: node.name,
    package_name: node.package_name,
    original_file_path: node.original_file_path,
    version: node.version ?? null,
    latest_version: node.latest_version ?? null,
    access: node.access ?? null,
    group: node.group,
    config: { enabled: node.config.enabled },
    database: node.database,
    schema: node.schema,
    alias: node.alias,
    relation_name: node.relation_name,
  }
}

export function faceOfSource({ unique_id, package_name, source_name, name, config }: ReferableSource): ReferableSource {
  return { unique_id, package_name, source_name, name, config: { enabled: config.enabled } }
}

export function savedFaces({ nodes, sources }: Pick<ParseTrace, 'nodes' | 'sources'>): SavedFaces {
  return {
    nodes: nodes.filter(isReferable).map(({ node }) => faceOf(node)),
    sources: sources.map(faceOfSource),
  }
}

/** A node by the file, or the block, that it comes from: versions of a model get another id from their properties. */
export function originOf(node: DraftNode): string {
  return `${unitOf(node)}#${node.resource_type === 'snapshot' ? node.name : ''}`
}

export function unitOfOrigin(origin: string): string {
  return origin.slice(0, origin.lastIndexOf('#'))
}

/** What is kept of a patch: all but its file, of which only the path is needed. */
export type SavedPatch = Omit<Patch, 'file'> & { readonly filePath: string }

export function savedPatch({ file, ...patch }: Patch): SavedPatch {
  return { ...patch, filePath: file.path }
}

export function propertiesKey({ project, source }: Pick<ParsedProperties, 'project' | 'source'>): string {
  return `${project.name}:${source.path}`
}

export const noProperties: PropertiesFacts = {
  described: [],
  hasYamlSnapshots: false,
  sources: '',
  macros: '',
  others: '',
}

export function propertiesFacts({ content, file }: ParsedProperties): PropertiesFacts {
  const { models, snapshots, sources, macros } = content
  const rest = without(content, Object.keys(nodeSections))
  const others = without(rest, ['sources', 'macros', 'version'])
  const ofModels = models.flatMap(({ name, versions }) => [
    name,
    ...versions.map((version) => version.defined_in ?? `${name}_v${version.v}`),
  ])
  const ofOthers = (['seeds', 'snapshots', 'analyses', 'data_tests'] as const).flatMap((section) =>
    content[section].map(({ name }) => `${nodeSections[section]}.${name}`),
  )
  const written = isRecord(file.value) ? file.value['sources'] : undefined
  const isEmpty = Object.values(rest).every((list) => !Array.isArray(list) || list.length === 0)
  return {
    described: [...ofModels.map((name) => `model.${name}`), ...ofOthers],
    hasYamlSnapshots: snapshots.some(({ relation }) => relation !== undefined),
    sources: sources.length === 0 ? '' : hashOf([sources, written]),
    macros: macros.length === 0 ? '' : hashOf(macros),
    others: Object.values(others).some((list) => Array.isArray(list) && list.length > 0) ? hashOf(others) : '',
    ...(isEmpty ? {} : { content: rest }),
    ...(sources.length === 0 ? {} : { written }),
  }
}

function without(record: object, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)))
}

/** Lists of words that many have, each kept once. */
export class WordLists {
  readonly lists: string[]
  readonly #places: Map<string, number>
  /** Most lists are one and the same. */
  readonly #placesOfLists = new WeakMap<Iterable<string>, number>()

  constructor(lists: readonly string[] = ['']) {
    this.lists = [...lists]
    this.#places = new Map(this.lists.map((list, place) => [list, place]))
  }

  place(words: Iterable<string> | undefined): number {
    if (words === undefined) return this.#placeOfText('')
    const known = this.#placesOfLists.get(words) ?? this.#placeOfText([...words].join(' '))
    this.#placesOfLists.set(words, known)
    return known
  }

  #placeOfText(text: string): number {
    const known = this.#places.get(text)
    if (known !== undefined) return known
    this.lists.push(text)
    this.#places.set(text, this.lists.length - 1)
    return this.lists.length - 1
  }
}

/** What is switched off, by what it is made of. */
export function disabledOf(
  { entries, drafts }: DisabledEntries,
  names: ReadonlyMap<object, readonly string[]>,
): SavedUses['disabled'] {
  return entries.map((entry, index) => [unitOf(entry), names.get(drafts[index]!) ?? []] as const)
}

/** What tests refer to that is not there, by what they are made of. */
export function missingOf(missing: ReadonlyMap<DraftNode, readonly string[]>): SavedUses['missing'] {
  return [...missing].map(([node, names]) => [unitOf(node as DraftTest), names] as const)
}
