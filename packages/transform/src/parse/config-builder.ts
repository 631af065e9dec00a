import { configDefaults, finishedConfig } from '../manifest/config-defaults.ts'
import type { ConfiguredKind } from '../manifest/config-defaults.ts'
import { configsForNode, isRecord, mergeConfig } from '../manifest/node-config.ts'
import type { NodeConfig, PartialConfig } from '../manifest/node-config.ts'
import type { PackageProject } from '../project/package-project.ts'

export interface ConfigRequest {
  readonly kind: ConfiguredKind
  readonly packageName: string
  readonly fqn: readonly string[]
  /** What the properties file says. */
  readonly properties?: PartialConfig | undefined
  /** What `config(…)` in the node itself says. */
  readonly call?: PartialConfig | undefined
}

/** The part of dbt_project.yml that holds the settings of a kind; what has none of its own takes the models'. */
const trees: Partial<Readonly<Record<ConfiguredKind, string>>> = {
  seed: 'seeds',
  snapshot: 'snapshots',
  source: 'sources',
  exposure: 'exposures',
  unit_test: 'unit_tests',
  metric: 'metrics',
  semantic_model: 'semantic-models',
  saved_query: 'saved-queries',
}

/**
 * Brings together what is said about a node: the defaults, dbt_project.yml of its package, its properties, its own
 * `config(…)`, and last, for nodes of other packages, dbt_project.yml of the root project.
 */
export class ConfigBuilder {
  readonly #root: PackageProject
  readonly #projects: ReadonlyMap<string, PackageProject>

  constructor(root: PackageProject, projects: ReadonlyMap<string, PackageProject>) {
    this.#root = root
    this.#projects = projects
  }

  build(request: ConfigRequest): NodeConfig {
    const { kind, properties, call } = request
    let config: PartialConfig = configDefaults(kind)
    const add = (nearer: PartialConfig) => {
      config = merge(kind, config, nearer)
    }
    for (const level of this.#levels(request, 'own', true)) add(level)
    if (properties !== undefined) add(properties)
    if (call !== undefined) add(call)
    for (const level of this.#levels(request, 'root', true)) add(level)
    return finishedConfig(kind, config) as NodeConfig
  }

  /** The same as written, braces and all; nothing adds up, since the values need not be what they will be. */
  unrendered(request: ConfigRequest): Record<string, unknown> {
    return Object.assign(
      {},
      ...this.#levels(request, 'own', false),
      request.properties ?? {},
      request.call ?? {},
      ...this.#levels(request, 'root', false),
    ) as Record<string, unknown>
  }

  #levels({ kind, packageName, fqn }: ConfigRequest, whose: 'own' | 'root', rendered: boolean): PartialConfig[] {
    if (whose === 'root' && packageName === this.#root.name) return []
    const project = whose === 'root' ? this.#root : this.#projects.get(packageName)
    return project === undefined ? [] : configsForNode(treeOf(project, kind, rendered), fqn)
  }
}

function treeOf({ file, unrendered }: PackageProject, kind: ConfiguredKind, rendered: boolean): unknown {
  const from: Readonly<Record<string, unknown>> = rendered ? file : unrendered
  if (kind !== 'test') return from[trees[kind] ?? 'models']
  const dataTests = from['data_tests']
  return isRecord(dataTests) && Object.keys(dataTests).length > 0 ? dataTests : from['tests']
}

/** Only nodes add up tags; a source's, an exposure's and a unit test's are replaced by a nearer place's. */
function merge(kind: ConfiguredKind, config: PartialConfig, nearer: PartialConfig): PartialConfig {
  switch (kind) {
    case 'source':
    case 'exposure':
    case 'group':
    case 'metric':
    case 'semantic_model':
    case 'saved_query':
      return mergeConfig(config, nearer, (key) => (key === 'meta' ? 'update' : undefined))
    case 'unit_test':
      return mergeConfig(config, nearer, (key) => (key === 'meta' ? 'update' : key === 'tags' ? 'append' : undefined))
    default:
      return mergeConfig(config, nearer)
  }
}
