import type { LoadedProject } from '../load-project.ts'
import type { ManifestNode, ProjectNode, SourceNode } from '../manifest/node.ts'

/** `ref('package', 'name', v=1)`. */
export interface NodeReference {
  readonly package?: string
  readonly name: string
  readonly version?: string | number
}

/** Finds what `ref` and `source` mean while a project runs: in the package named, else the nearest. */
export class ReferenceIndex {
  readonly #root: string
  readonly #nodes = new Map<string, Map<string, ManifestNode>>()
  readonly #sources = new Map<string, Map<string, SourceNode>>()

  constructor(project: Pick<LoadedProject, 'name' | 'nodes'>) {
    this.#root = project.name
    for (const node of project.nodes.values()) this.#add(node)
  }

  find({ name, package: packageName, version }: NodeReference, from: string): ManifestNode | undefined {
    const key = version === undefined ? name : `${name}.v${version}`
    return this.#nearest(this.#nodes.get(key), packageName, from)
  }

  findSource(sourceName: string, table: string, from: string): SourceNode | undefined {
    return this.#nearest(this.#sources.get(`${sourceName}.${table}`), undefined, from)
  }

  #nearest<Node>(
    byPackage: ReadonlyMap<string, Node> | undefined,
    named: string | undefined,
    from: string,
  ): Node | undefined {
    if (byPackage === undefined) return undefined
    if (named !== undefined) return byPackage.get(named)
    const [any] = byPackage.values()
    return byPackage.get(from) ?? byPackage.get(this.#root) ?? any
  }

  #add(node: ProjectNode): void {
    if (node.resource_type === 'source') {
      entryOf(this.#sources, `${node.source_name}.${node.name}`).set(node.package_name, node)
      return
    }
    if (node.resource_type !== 'model' && node.resource_type !== 'seed' && node.resource_type !== 'snapshot') return
    const version = node.resource_type === 'model' ? (node.version ?? undefined) : undefined
    const isLatest = node.resource_type === 'model' && version === node.latest_version
    if (version === undefined || isLatest) entryOf(this.#nodes, node.name).set(node.package_name, node)
    if (version !== undefined) entryOf(this.#nodes, `${node.name}.v${version}`).set(node.package_name, node)
  }
}

function entryOf<Node>(index: Map<string, Map<string, Node>>, key: string): Map<string, Node> {
  const known = index.get(key)
  if (known !== undefined) return known
  const entry = new Map<string, Node>()
  index.set(key, entry)
  return entry
}
