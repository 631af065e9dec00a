import { isRecord } from '../manifest/node-config.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import type { Constraint } from '../manifest/node.ts'
import { settingsOf } from '../project/properties-file.ts'
import type {
  ColumnProperties,
  ModelProperties,
  NodeProperties,
  VersionProperties,
} from '../project/properties-file.ts'
import type { YamlFile } from '../project/yaml-file.ts'
import { columnInfos, constraintOf, contractChecksum } from './column-info.ts'
import { readRelationText } from './literal-value.ts'
import type { NodeFinisher } from './node-finisher.ts'
import { referenceArguments } from './parse-template.ts'
import type { ParseSession } from './parse-session.ts'
import type { DraftNode, ParsedNode } from './parsed-node.ts'
import type { ParsedProperties } from './read-properties.ts'

const sections = [
  ['models', 'model'],
  ['seeds', 'seed'],
  ['snapshots', 'snapshot'],
  ['analyses', 'analysis'],
  ['data_tests', 'test'],
] as const

/** What a properties file says of one node. */
export interface Patch {
  readonly file: Pick<YamlFile, 'path' | 'place'>
  readonly keys: readonly PropertyKey[]
  readonly path: string
  readonly config: PartialConfig
  readonly description: string
  readonly columns: readonly ColumnProperties[]
  readonly constraints: readonly Readonly<Record<string, unknown>>[]
  readonly model?: ModelProperties
  readonly version?: VersionProperties
  readonly latest?: string | number
}

/** Lays what the properties files say over the nodes that they describe, and finishes all nodes. */
export class PropertyPatches {
  readonly #session: ParseSession
  readonly #patches = new Map<ParsedNode, Patch>()

  constructor(session: ParseSession) {
    this.#session = session
  }

  /** Finds the node that each entry describes. One that nothing has is a warning, as the file may be older than it. */
  match(properties: readonly ParsedProperties[], nodes: readonly ParsedNode[]): void {
    const byName = new Map<string, ParsedNode[]>()
    for (const parsed of nodes) {
      const key = `${parsed.kind}.${parsed.node.name}`
      byName.set(key, [...(byName.get(key) ?? []), parsed])
    }
    for (const one of properties) {
      for (const [section, kind] of sections) {
        for (const [index, entry] of one.content[section].entries()) {
          const find = (name: string) => ofPackage(byName.get(`${kind}.${name}`), one.project.name)
          const keys = [section, index]
          if (section === 'models' && (entry as ModelProperties).versions.length > 0)
            this.#matchVersions(one, entry as ModelProperties, keys, find)
          else this.#add(find(entry.name), patchOf(one, keys, entry as NodeProperties), section, entry.name)
        }
      }
    }
  }

  #matchVersions(
    one: ParsedProperties,
    model: ModelProperties,
    keys: readonly PropertyKey[],
    find: (name: string) => ParsedNode | undefined,
  ): void {
    const latest = model.latest_version ?? model.versions.map(({ v }) => v).reduce(laterVersion)
    for (const [index, version] of model.versions.entries()) {
      const name = version.defined_in ?? `${model.name}_v${version.v}`
      const parsed = find(name) ?? (String(version.v) === String(latest) ? find(model.name) : undefined)
      const at = [...keys, 'versions', index]
      if (parsed !== undefined) renameToVersion(parsed.node, model.name, version.v, latest)
      this.#add(parsed, versionPatch(one, at, { model, version, latest }), 'models', name)
    }
  }

  #add(parsed: ParsedNode | undefined, patch: Patch, section: string, name: string): void {
    const place = patch.file.place(patch.keys)
    if (parsed === undefined) {
      if (this.#session.faults.length === 0)
        this.#session.scope.log.warn(
          `${place.file}:${place.line} describes "${name}" under ${section}, and there is no such node.`,
        )
      return
    }
    const other = this.#patches.get(parsed)
    if (other === undefined) this.#patches.set(parsed, patch)
    else
      this.#session.faults.push({
        ...place,
        message: `${parsed.kind} "${name}" is also described in ${other.file.path}`,
      })
  }

  /** Lays over a node what an earlier parse found of it in a file that is still the same. */
  restore(parsed: ParsedNode, patch: Patch): void {
    const { version, model, latest } = patch
    if (version !== undefined && model !== undefined && latest !== undefined)
      renameToVersion(parsed.node, model.name, version.v, latest)
    this.#patches.set(parsed, patch)
  }

  of(parsed: ParsedNode): Patch | undefined {
    return this.#patches.get(parsed)
  }

  finish(parsed: ParsedNode, finisher: NodeFinisher): void {
    const patch = this.#patches.get(parsed)
    if (patch === undefined) {
      finisher.finish(parsed)
      return
    }
    const { node } = parsed
    node.patch_path = `${parsed.project.name}://${patch.path}`
    node.description = patch.description
    if (parsed.kind !== 'test') node.columns = columnInfos(patch.columns)
    finisher.finish(parsed, patch.config)
    if (parsed.kind === 'model') patchModel(node, patch, this.#session)
  }
}

function ofPackage(nodes: readonly ParsedNode[] | undefined, packageName: string): ParsedNode | undefined {
  return nodes?.find(({ project }) => project.name === packageName) ?? nodes?.[0]
}

function patchOf({ source, file }: ParsedProperties, keys: readonly PropertyKey[], entry: NodeProperties): Patch {
  const constraints = (entry as Partial<ModelProperties>).constraints ?? []
  return {
    file,
    keys,
    path: source.path,
    config: settingsOf(entry),
    description: entry.description,
    columns: entry.columns ?? [],
    constraints,
    ...(keys[0] === 'models' ? { model: entry as ModelProperties } : {}),
  }
}

function versionPatch(
  one: ParsedProperties,
  keys: readonly PropertyKey[],
  {
    model,
    version,
    latest,
  }: { readonly model: ModelProperties; readonly version: VersionProperties; readonly latest: string | number },
): Patch {
  return {
    file: one.file,
    keys,
    path: one.source.path,
    config: deepMerge(settingsOf(model), settingsOf(version)),
    description: version.description ?? model.description,
    columns: columnsOfVersion(model, version),
    constraints: version.constraints ?? model.constraints,
    model,
    version,
    latest,
  }
}

/** The columns that a version has: the model's, without the excluded, and its own. */
export function columnsOfVersion(model: ModelProperties, version: VersionProperties): ColumnProperties[] {
  const choice = version.columns.find((column) => !('name' in column))
  const own = version.columns.filter((column): column is ColumnProperties => 'name' in column)
  const include = choice === undefined ? 'all' : choice['include']
  const exclude = Array.isArray(choice?.['exclude']) ? (choice['exclude'] as string[]) : []
  const isIncluded = (name: string) =>
    !exclude.includes(name) &&
    (include === 'all' || include === '*' || (Array.isArray(include) && include.includes(name)))
  return [...model.columns.filter(({ name }) => isIncluded(name)), ...own]
}

function renameToVersion(node: DraftNode, name: string, version: string | number, latest: string | number): void {
  node.name = name
  node.unique_id = `model.${node.package_name}.${name}.v${version}`
  node.fqn = [...node.fqn.slice(0, -1), name, `v${version}`]
  node.version = version
  node.latest_version = latest
}

function laterVersion(left: string | number, right: string | number): string | number {
  const [first, second] = [Number(left), Number(right)]
  const isLater = Number.isNaN(first) || Number.isNaN(second) ? String(right) > String(left) : second > first
  return isLater ? right : left
}

function patchModel(node: DraftNode, patch: Patch, { environment, faults }: ParseSession): void {
  node.constraints = patch.constraints.map((constraint) => {
    const columns = (constraint['columns'] as string[] | undefined) ?? []
    return { ...constraintOf(constraint), columns } satisfies Constraint
  })
  addForeignKeys(node, patch, { environment, faults })
  const deprecated = patch.version === undefined ? patch.model?.deprecation_date : patch.version.deprecation_date
  if (deprecated !== undefined && deprecated !== null) node.deprecation_date = isoTime(deprecated)
  if (isRecord(patch.model?.time_spine)) {
    const spine = patch.model.time_spine
    node.time_spine = { ...spine, custom_granularities: spine['custom_granularities'] ?? [] }
  }
  if (!node.contract.enforced) return
  if (Object.keys(node.columns).length === 0) {
    const message = `the contract of "${node.name}" is enforced, and no columns are described`
    faults.push({ ...patch.file.place(patch.keys), message })
  }
  const checksum = contractChecksum(node.columns, node.constraints, node.config.materialized)
  node.contract = { ...node.contract, checksum }
}

/** What a foreign key refers to has to be built before. */
function addForeignKeys(
  node: DraftNode,
  patch: Patch,
  { environment, faults }: Pick<ParseSession, 'environment' | 'faults'>,
): void {
  const constraints = [...Object.values(node.columns).flatMap((column) => column.constraints), ...node.constraints]
  for (const { type, to } of constraints) {
    if (type !== 'foreign_key' || to == null || to === '') continue
    const found = readRelationText(environment, to)
    if (found !== undefined && 'ref' in found) node.refs = [...node.refs, referenceArguments(found.ref)]
    else if (found !== undefined && 'source' in found)
      node.sources = [...node.sources, [found.source.sourceName, found.source.tableName]]
    else {
      const message = `"to" of a foreign key of "${node.name}" is "${to}", which is neither ref(…) nor source(…)`
      faults.push({ ...patch.file.place(patch.keys), message })
    }
  }
}

/** A date as dbt writes it: with a time, in UTC. */
function isoTime(text: string): string {
  const [, date, time = '00:00:00', zone = '+00:00'] =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?(?:\.\d+)?))?\s*(Z|[-+]\d\d:?\d\d)?$/u.exec(text.trim()) ?? []
  return date === undefined ? text : `${date}T${time}${zone === 'Z' ? '+00:00' : zone}`
}

function deepMerge(base: PartialConfig, nearer: PartialConfig): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(nearer)) {
    const former = merged[key]
    merged[key] = isRecord(former) && isRecord(value) ? deepMerge(former, value) : value
  }
  return merged
}
