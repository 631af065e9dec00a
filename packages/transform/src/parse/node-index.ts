import { closestName } from '@eclusa/sdk'
import type { ModelNode, ProjectNode, SourceNode } from '../manifest/node.ts'
import type { ProjectFault } from '../project/project-fault.ts'
import type { ParsedTemplate, Reference, SourceReference } from './parse-template.ts'

/** Finds the nodes that `ref` and `source` mean. */
export class NodeIndex {
  readonly #project: string
  readonly #models = new Map<string, ModelNode>()
  readonly #sources = new Map<string, SourceNode>()

  constructor(project: string, sources: readonly SourceNode[]) {
    this.#project = project
    for (const source of sources) this.#sources.set(`${source.source_name}.${source.name}`, source)
  }

  get sources(): SourceNode[] {
    return [...this.#sources.values()]
  }

  add(model: ModelNode): void {
    this.#models.set(model.name, model)
  }

  model(name: string): ModelNode | undefined {
    return this.#models.get(name)
  }

  source(sourceName: string, table: string): SourceNode | undefined {
    return this.#sources.get(`${sourceName}.${table}`)
  }

  /** The unique ids that a template refers to; what does not exist becomes a fault that names the closest. */
  resolve(parsed: ParsedTemplate, place: Omit<ProjectFault, 'message'>, faults: ProjectFault[]): string[] {
    const ids = new Set<string>()
    const add = (node: ProjectNode | undefined, message: () => string) => {
      if (node === undefined) faults.push({ ...place, message: message() })
      else ids.add(node.unique_id)
    }
    for (const reference of parsed.refs) add(this.#find(reference), () => this.#unknownModel(reference))
    for (const reference of parsed.sources)
      add(this.source(reference.sourceName, reference.tableName), () => this.#unknownSource(reference))
    return [...ids]
  }

  #find(reference: Reference): ModelNode | undefined {
    return reference.package === undefined || reference.package === this.#project
      ? this.#models.get(reference.name)
      : undefined
  }

  #unknownModel({ package: packageName, name }: Reference): string {
    const quoted = packageName === undefined ? `ref('${name}')` : `ref('${packageName}', '${name}')`
    return `${quoted} names no model that exists and is enabled${nearest(name, [...this.#models.keys()])}`
  }

  #unknownSource({ sourceName, tableName }: SourceReference): string {
    return `source('${sourceName}', '${tableName}') is not declared in any properties file${nearest(`${sourceName}.${tableName}`, [...this.#sources.keys()])}`
  }
}

function nearest(name: string, known: readonly string[]): string {
  const closest = closestName(name, known)
  return closest === undefined ? '' : `; the closest is "${closest}"`
}
