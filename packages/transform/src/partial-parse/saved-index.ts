import path from 'node:path'
import type { NodeRows } from '../artifact/manifest-text.ts'
import { isRecord } from '../manifest/node-config.ts'
import { fileKinds } from '../parse/package-files.ts'
import type { FileKind, PackageFiles } from '../parse/package-files.ts'
import type { DraftTest } from '../parse/load-tests.ts'
import type { Referable, ReferableSource } from '../parse/node-index.ts'
import type { DraftNode } from '../parse/parsed-node.ts'
import { isReferable } from '../parse/project-parser.ts'
import type { ParseTrace } from '../parse/project-parser.ts'
import type { Patch } from '../parse/property-patches.ts'
import type { ParsedProperties } from '../parse/read-properties.ts'
import { hashOf } from './fingerprint.ts'

/** What the rest of a project sees of a node. A change of it can change what other files mean. */
export type NodeFace = Referable & Pick<DraftNode, 'database' | 'schema' | 'alias' | 'relation_name'>

/** What a node depends on outside of its row, by row. */
export interface SavedRows {
  readonly ids: readonly string[]
  readonly lengths: readonly number[]
  /** The place of the file that a node comes from among all files. */
  readonly units: readonly number[]
  /** The place among the faces of what a test is attached to; -1 for none. */
  readonly attached: readonly number[]
}

export interface SavedFaces {
  readonly nodes: readonly NodeFace[]
  readonly sources: readonly ReferableSource[]
  /** Files with nodes that are switched off, as `package:path`. */
  readonly disabled: readonly string[]
}

/** By `package:path`, what a properties file holds. */
export type SavedProperties = Readonly<Record<string, PropertiesFacts>>

interface PropertiesFacts {
  /** `model.orders`: the nodes that it describes, by the names of their files. */
  readonly described: readonly string[]
  /** Of all that is not about nodes of files. */
  readonly others: string
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

export function savedFaces({ nodes, tests, sources }: ParseTrace): SavedFaces {
  const all: readonly (DraftNode | DraftTest)[] = [...nodes.map(({ node }) => node), ...tests]
  return {
    nodes: nodes.filter(isReferable).map(({ node }) => faceOf(node)),
    sources: sources.map(({ unique_id, package_name, source_name, name, config }) => ({
      unique_id,
      package_name,
      source_name,
      name,
      config: { enabled: config.enabled },
    })),
    disabled: [...new Set(all.filter(({ config }) => !config.enabled).map(fileOf))],
  }
}

export function fileOf(node: Pick<DraftNode, 'package_name' | 'original_file_path'>): string {
  return `${node.package_name}:${node.original_file_path}`
}

/** A node by the file, or the block, that it comes from: versions of a model get another id from their properties. */
export function originOf(
  node: Pick<DraftNode, 'resource_type' | 'package_name' | 'original_file_path' | 'name'>,
): string {
  const { resource_type: type, package_name: packageName, original_file_path: file, name } = node
  return `${type}.${packageName}.${type === 'snapshot' ? name : path.posix.parse(file).name}`
}

/** What is kept of a patch: all but its file, of which only the path is needed. */
export type SavedPatch = Omit<Patch, 'file'> & { readonly filePath: string }

export function savedPatch({ file, ...patch }: Patch): SavedPatch {
  return { ...patch, filePath: file.path }
}

export function savedProperties(properties: readonly ParsedProperties[]): SavedProperties {
  return Object.fromEntries(properties.map((one) => [`${one.project.name}:${one.source.path}`, propertiesFacts(one)]))
}

const nodeSections = { models: 'model', seeds: 'seed', snapshots: 'snapshot', analyses: 'analysis', data_tests: 'test' }

export function propertiesFacts({ content, file }: ParsedProperties): PropertiesFacts {
  const described = content.models.flatMap(({ name, versions }) => [
    name,
    ...versions.map((version) => version.defined_in ?? `${name}_v${version.v}`),
  ])
  const rest = (['seeds', 'snapshots', 'analyses', 'data_tests'] as const).flatMap((section) =>
    content[section].map(({ name }) => `${nodeSections[section]}.${name}`),
  )
  const isOther = ([section]: [string, unknown]) => !Object.hasOwn(nodeSections, section)
  const written = isRecord(file.value) ? Object.entries(file.value).filter(isOther) : []
  const others = [
    written,
    Object.entries(content).filter(isOther),
    content.snapshots.filter(({ relation }) => relation !== undefined),
  ]
  return { described: [...described.map((name) => `model.${name}`), ...rest], others: hashOf(others) }
}

/** The order in which a parse comes to what it makes nodes of. */
export class UnitOrder {
  readonly #places = new Map<string, number>()

  constructor(files: readonly PackageFiles[]) {
    const add = (unit: string) => this.#places.set(unit, this.#places.size)
    for (const one of files) {
      const { name } = one.project
      for (const kind of nodeKinds) for (const file of one[kind]) add(`${kind}:${name}:${file.path}`)
      add(`hooks:${name}`)
    }
    add(yamlSnapshots)
    for (const one of files) for (const file of one.properties) add(`properties:${one.project.name}:${file.path}`)
    add(sourceTests)
  }

  ofFile(kind: FileKind, packageName: string, file: string): number {
    return this.#places.get(`${kind}:${packageName}:${file}`) ?? -1
  }

  ofNode(node: DraftTest): number {
    return this.#places.get(unitOf(node)) ?? -1
  }
}

/** In the order of parse-nodes.ts. */
export const nodeKinds = fileKinds.filter((kind) => !['properties', 'docs', 'fixtures'].includes(kind))

const yamlSnapshots = 'snapshots of properties files'
const sourceTests = 'tests of sources'
const kindsOfTypes: Partial<Record<DraftNode['resource_type'], FileKind>> = {
  model: 'models',
  snapshot: 'snapshots',
  analysis: 'analyses',
  test: 'tests',
  seed: 'seeds',
}

function unitOf(node: DraftTest): string {
  const { resource_type: type, package_name: packageName } = node
  if (type === 'operation') return `hooks:${packageName}`
  if (type === 'snapshot' && /\.ya?ml$/u.test(node.original_file_path)) return yamlSnapshots
  if (type !== 'test' || node.test_metadata === undefined) return `${kindsOfTypes[type]}:${fileOf(node)}`
  return node.file_key_name?.startsWith('sources.') === true ? sourceTests : `properties:${fileOf(node)}`
}

/** @returns undefined when the nodes do not stand in the order of files, which no parse should leave. */
export function savedRows(
  { ids, lengths }: Pick<NodeRows, 'ids' | 'lengths'>,
  nodes: readonly DraftTest[],
  { order, faces }: { readonly order: UnitOrder; readonly faces: SavedFaces },
): SavedRows | undefined {
  const units = nodes.map((node) => order.ofNode(node))
  const places = new Map(faces.nodes.map(({ unique_id: id }, place) => [id, place]))
  const attached = nodes.map((node) => places.get(node.attached_node ?? '') ?? -1)
  const isOrdered = units.every((unit, index) => unit >= 0 && unit >= (units[index - 1] ?? 0))
  return isOrdered ? { ids, lengths, units, attached } : undefined
}
