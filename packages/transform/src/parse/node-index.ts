import { closestName } from '@eclusa/sdk'
import type { SourceNode } from '../manifest/node.ts'
import type { DraftNode } from './parsed-node.ts'
import type { Reference, SourceReference } from './parse-template.ts'

/** What `ref` and `source` can mean to a node of package `from`. */
export interface LookupPlace {
  readonly from: string
  readonly root: string
}

type ByPackage<Entry> = Map<string, Entry>

/** Finds the nodes that `ref` and `source` mean. Names are those of models, seeds and snapshots. */
export class NodeIndex {
  readonly #nodes = new Map<string, ByPackage<DraftNode>>()
  readonly #disabled = new Map<string, DraftNode[]>()
  readonly #sources = new Map<string, ByPackage<SourceNode>>()
  readonly #disabledSources = new Set<string>()
  readonly #byId = new Map<string, DraftNode>()

  /** A version of a model is found by its name with the version; the latest also without. */
  add(node: DraftNode): void {
    this.#byId.set(node.unique_id, node)
    for (const name of namesOf(node)) {
      if (node.config.enabled) entryOf(this.#nodes, name).set(node.package_name, node)
      else this.#disabled.set(name, [...(this.#disabled.get(name) ?? []), node])
    }
  }

  addSource(source: SourceNode): void {
    const name = `${source.source_name}.${source.name}`
    if (source.config.enabled) entryOf(this.#sources, name).set(source.package_name, source)
    else this.#disabledSources.add(name)
  }

  byId(id: string): DraftNode | undefined {
    return this.#byId.get(id)
  }

  /** The enabled node that a reference means: that of the named package, or of the nearest. */
  find({ name, package: packageName, version }: Reference, place: LookupPlace): DraftNode | undefined {
    const key = version === undefined ? name : `${name}.v${version}`
    return nearest(this.#nodes.get(key), packageName, place)
  }

  findDisabled({ name, version }: Reference): DraftNode | undefined {
    return this.#disabled.get(version === undefined ? name : `${name}.v${version}`)?.[0]
  }

  findSource({ sourceName, tableName }: SourceReference, place: LookupPlace): SourceNode | undefined {
    return nearest(this.#sources.get(`${sourceName}.${tableName}`), undefined, place)
  }

  unknownNode(reference: Reference): string {
    const { package: packageName, name, version } = reference
    const args = [...(packageName === undefined ? [] : [`'${packageName}'`]), `'${name}'`]
    const quoted = `ref(${[...args, ...(version === undefined ? [] : [`v=${version}`])].join(', ')})`
    const disabled = this.findDisabled(reference)
    if (disabled !== undefined)
      return `${quoted} names no model that exists and is enabled: ${disabled.unique_id} (${disabled.original_file_path}) is disabled`
    return `${quoted} names no model that exists and is enabled${closest(name, [...this.#nodes.keys()])}`
  }

  unknownSource({ sourceName, tableName }: SourceReference): string {
    const name = `${sourceName}.${tableName}`
    const quoted = `source('${sourceName}', '${tableName}')`
    if (this.#disabledSources.has(name)) return `${quoted} is disabled`
    return `${quoted} is not declared in any properties file${closest(name, [...this.#sources.keys()])}`
  }
}

function namesOf({ name, version, latest_version: latest }: DraftNode): string[] {
  if (version === null) return [name]
  const versioned = `${name}.v${version}`
  return String(version) === String(latest) ? [versioned, name] : [versioned]
}

/** Without a package dbt looks in the node's own, then in the root project, then everywhere. */
function nearest<Entry>(
  entries: ByPackage<Entry> | undefined,
  packageName: string | undefined,
  { from, root }: LookupPlace,
): Entry | undefined {
  if (entries === undefined) return undefined
  if (packageName !== undefined) return entries.get(packageName)
  return entries.get(from) ?? entries.get(root) ?? entries.values().next().value
}

function entryOf<Entry>(all: Map<string, ByPackage<Entry>>, name: string): ByPackage<Entry> {
  const known = all.get(name)
  if (known !== undefined) return known
  const created: ByPackage<Entry> = new Map()
  all.set(name, created)
  return created
}

function closest(name: string, known: readonly string[]): string {
  const found = closestName(name, known)
  return found === undefined ? '' : `; the closest is "${found}"`
}
