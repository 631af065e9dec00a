import { closestName } from '@eclusa/sdk'
import type { SourceNode } from '../manifest/node.ts'
import type { DraftNode } from './parsed-node.ts'
import type { Reference, SourceReference } from './parse-template.ts'

/** What `ref` and `source` can mean to a node of package `from`. */
export interface LookupPlace {
  readonly from: string
  readonly root: string
}

/** What others see of a node that `ref` can mean. */
export type Referable = Pick<
  DraftNode,
  | 'unique_id'
  | 'resource_type'
  | 'name'
  | 'package_name'
  | 'original_file_path'
  | 'version'
  | 'latest_version'
  | 'access'
  | 'group'
> & { readonly config: { readonly enabled: boolean } }

/** What others see of a table of a source. */
export type ReferableSource = Pick<SourceNode, 'unique_id' | 'package_name' | 'source_name' | 'name'> & {
  readonly config: { readonly enabled: boolean }
}

type ByPackage<Entry> = Map<string, Entry>

/** Finds the nodes that `ref` and `source` mean. Names are those of models, seeds and snapshots. */
export class NodeIndex {
  readonly #nodes = new Map<string, ByPackage<Referable>>()
  readonly #disabled = new Map<string, Referable[]>()
  readonly #sources = new Map<string, ByPackage<ReferableSource>>()
  readonly #disabledSources = new Set<string>()
  readonly #byId = new Map<string, Referable>()

  /** A version of a model is found by its name with the version; the latest also without. */
  add(node: Referable): void {
    this.#byId.set(node.unique_id, node)
    for (const name of namesOf(node)) {
      if (node.config.enabled) entryOf(this.#nodes, name).set(node.package_name, node)
      else this.#disabled.set(name, [...(this.#disabled.get(name) ?? []), node])
    }
  }

  addSource(source: ReferableSource): void {
    const name = `${source.source_name}.${source.name}`
    if (source.config.enabled) entryOf(this.#sources, name).set(source.package_name, source)
    else this.#disabledSources.add(name)
  }

  byId(id: string): Referable | undefined {
    return this.#byId.get(id)
  }

  /** The enabled node that a reference means: that of the named package, or of the nearest. */
  find({ name, package: packageName, version }: Reference, place: LookupPlace): Referable | undefined {
    const key = version === undefined ? name : `${name}.v${version}`
    return nearest(this.#nodes.get(key), packageName, place)
  }

  findDisabled({ name, version }: Reference): Referable | undefined {
    return this.#disabled.get(version === undefined ? name : `${name}.v${version}`)?.[0]
  }

  findSource({ sourceName, tableName }: SourceReference, place: LookupPlace): ReferableSource | undefined {
    return nearest(this.#sources.get(`${sourceName}.${tableName}`), undefined, place)
  }

  unknownNode(reference: Reference): string {
    const { package: packageName, name, version } = reference
    const args = [...(packageName === undefined ? [] : [`'${packageName}'`]), `'${name}'`]
    const quoted = `ref(${[...args, ...(version === undefined ? [] : [`v=${version}`])].join(', ')})`
    const disabled = this.findDisabled(reference)
    if (disabled !== undefined)
      return `${quoted} names ${disabled.unique_id} (${disabled.original_file_path}), which is disabled`
    return `${quoted} names a node which was not found${closest(name, [...this.#nodes.keys()])}`
  }

  unknownSource({ sourceName, tableName }: SourceReference): string {
    const name = `${sourceName}.${tableName}`
    const quoted = `source('${sourceName}', '${tableName}')`
    if (this.#disabledSources.has(name)) return `${quoted} names a source which is disabled`
    return `${quoted} names a source which was not found in any properties file${closest(name, [...this.#sources.keys()])}`
  }
}

function namesOf({ name, version, latest_version: latest }: Referable): string[] {
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
