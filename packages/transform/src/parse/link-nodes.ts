import type { ManifestNode, ReferenceArguments } from '../manifest/node.ts'
import type { Exposure, UnitTest } from '../manifest/manifest.ts'
import type { NodeIndex } from './node-index.ts'
import type { ParseSession } from './parse-session.ts'
import { callPattern, literally, placeInFile } from './place-in-file.ts'
import type { PlaceInFile } from './place-in-file.ts'
import type { Reference } from './parse-template.ts'
import type { DraftNode } from './parsed-node.ts'

interface Linkable {
  readonly package_name: string
  readonly original_file_path: string
  readonly refs: readonly ReferenceArguments[]
  readonly sources: readonly (readonly [source: string, table: string])[]
}

export type TestedModel = Pick<DraftNode, 'unique_id' | 'name' | 'package_name' | 'version' | 'schema'>

type Linked =
  | { readonly ids: string[]; readonly missing: undefined }
  | { readonly ids: string[]; readonly missing: string; readonly call: RegExp }

/** Finds what every node refers to. dbt looks for sources first, and so lists them first. */
export class NodeLinker {
  readonly #session: ParseSession
  readonly #index: NodeIndex
  /** What tests that are left out refer to, as `name` and `source.table`. */
  readonly missing = new Map<DraftNode, readonly string[]>()

  constructor(session: ParseSession, index: NodeIndex) {
    this.#session = session
    this.#index = index
  }

  linkNode(node: DraftNode): void {
    const linked = this.#resolve(node)
    const { ids, missing } = linked
    if (missing === undefined) {
      for (const id of ids) this.#checkAccess(node, id)
      node.depends_on = { ...node.depends_on, nodes: ids }
    } else if (node.resource_type === 'test') {
      this.#session.scope.log.warn(`${node.original_file_path}: the test "${node.name}" is left out: ${missing}.`)
      this.missing.set(node, [...node.refs.map(({ name }) => name), ...node.sources.map((one) => one.join('.'))])
      node.config = { ...node.config, enabled: false }
      node.depends_on = { ...node.depends_on, nodes: ids }
    } else {
      this.#session.faults.push({ file: this.#labelOf(node), ...this.#placeOf(node, linked), message: missing })
    }
  }

  linkExposure(exposure: Exposure): Exposure {
    const linked = this.#resolve(exposure)
    const { ids, missing } = linked
    if (missing !== undefined) {
      const place = { file: this.#labelOf(exposure), ...this.#placeOf(exposure, linked) }
      this.#session.faults.push({ ...place, message: `exposure "${exposure.name}": ${missing}` })
    }
    for (const id of ids) this.#checkAccess({ ...exposure, group: null }, id)
    return { ...exposure, depends_on: { ...exposure.depends_on, nodes: ids } }
  }

  /** What a reference means, or why it means nothing. */
  findNode(reference: ReferenceArguments, packageName: string): { readonly id: string } | { readonly missing: string } {
    const asked = referenceOf(reference)
    const found = this.#index.find(asked, { from: packageName, root: this.#session.root.name })
    return found === undefined ? { missing: this.#index.unknownNode(asked) } : { id: found.unique_id }
  }

  /** A unit test of a model with versions is one test for each of them. */
  linkUnitTest(test: UnitTest, models: readonly TestedModel[]): UnitTest[] {
    const tested = models.filter(({ name, package_name: owner }) => name === test.model && owner === test.package_name)
    if (tested.length === 0) {
      const file = this.#labelOf(test)
      const message = `the unit test "${test.name}" is about "${test.model}": ${this.#index.unknownNode({ name: test.model })}`
      const call = new RegExp(String.raw`\bmodel:\s*['"]?${literally(test.model)}\b`, 'u')
      this.#session.faults.push({ file, ...this.#placeOf(test, { call }), message })
    }
    return tested
      .filter(({ version }) => isWanted(test.versions, version))
      .map((model) => ({
        ...test,
        ...(model.version === null ? {} : { unique_id: `${test.unique_id}_v${model.version}`, version: model.version }),
        depends_on: { macros: [], nodes: [model.unique_id] },
        schema: model.schema,
      }))
  }

  #resolve(from: Linkable): Linked {
    const place = { from: from.package_name, root: this.#session.root.name }
    const ids = new Set<string>()
    const missing: { readonly text: string; readonly call: RegExp }[] = []
    for (const [sourceName, tableName] of from.sources) {
      const found = this.#index.findSource({ sourceName, tableName }, place)
      if (found === undefined) {
        const call = callPattern('source', [sourceName, tableName])
        missing.push({ text: this.#index.unknownSource({ sourceName, tableName }), call })
      } else ids.add(found.unique_id)
    }
    for (const reference of from.refs.map(referenceOf)) {
      const found = this.#index.find(reference, place)
      if (found === undefined) {
        const args = reference.package === undefined ? [reference.name] : [reference.package, reference.name]
        missing.push({ text: this.#index.unknownNode(reference), call: callPattern('ref', args) })
      } else ids.add(found.unique_id)
    }
    const [first] = missing
    return first === undefined
      ? { ids: [...ids], missing: undefined }
      : { ids: [...ids], missing: first.text, call: first.call }
  }

  /** A private model is seen within its group only; a protected one, where packages ask for that, within its package. */
  #checkAccess(node: Pick<DraftNode, 'unique_id' | 'package_name' | 'original_file_path' | 'group'>, id: string): void {
    const target = this.#index.byId(id)
    if (target?.resource_type !== 'model') return
    const restricts = this.#session.projects.get(target.package_name)?.file['restrict-access'] === true
    const isForeign = target.package_name !== node.package_name
    const isHidden =
      (target.access === 'private' &&
        (node.group === null || node.group !== target.group || (restricts && isForeign))) ||
      (target.access === 'protected' && restricts && isForeign)
    if (!isHidden) return
    const scope =
      target.access === 'private' ? `the group "${target.group ?? ''}"` : `the package ${target.package_name}`
    this.#session.faults.push({
      file: this.#labelOf(node),
      ...this.#placeOf(node, { call: callPattern('ref', [target.name]) }),
      message: `${node.unique_id} refers to ${id}, which is ${target.access} to ${scope}: refer to another model, or change its access or group`,
    })
  }

  #placeOf(
    { package_name: packageName, original_file_path: file }: Pick<Linkable, 'package_name' | 'original_file_path'>,
    { call }: { readonly call: RegExp },
  ): PlaceInFile {
    const project = this.#session.projects.get(packageName)
    return project === undefined ? {} : placeInFile(project.directory, file, call)
  }

  #labelOf({
    package_name: packageName,
    original_file_path: file,
  }: Pick<ManifestNode, 'package_name' | 'original_file_path'>): string {
    const project = this.#session.projects.get(packageName)
    return project === undefined ? file : this.#session.label(project, file)
  }
}

function referenceOf({ name, package: packageName, version }: ReferenceArguments): Reference {
  return {
    name,
    ...(packageName === null ? {} : { package: packageName }),
    ...(version === null ? {} : { version }),
  }
}

function isWanted(versions: unknown, version: string | number | null): boolean {
  if (typeof versions !== 'object' || versions === null || version === null) return true
  const { include, exclude } = versions as { readonly include?: unknown; readonly exclude?: unknown }
  const has = (list: unknown) => Array.isArray(list) && list.map(String).includes(String(version))
  return Array.isArray(include) ? has(include) : !has(exclude)
}
