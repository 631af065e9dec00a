/** What can be said about a node, from any of the places where dbt looks. Unknown keys are kept for macros to read. */
export interface NodeConfig {
  readonly enabled: boolean
  readonly materialized: string
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, unknown>>
  readonly schema?: string
  readonly database?: string
  readonly alias?: string
  readonly [key: string]: unknown
}

export type PartialConfig = Readonly<Record<string, unknown>>

export const modelConfigDefault: NodeConfig = { enabled: true, materialized: 'view', tags: [], meta: {} }
export const testConfigDefault: NodeConfig = {
  enabled: true,
  materialized: 'test',
  tags: [],
  meta: {},
  severity: 'ERROR',
}

/** Later places win; tags add up, meta merges by key, everything else is replaced. That is dbt's rule. */
export function mergeConfig(base: NodeConfig, ...later: readonly PartialConfig[]): NodeConfig {
  return later.reduce<NodeConfig>(
    (config, { tags, meta, ...rest }) => ({
      ...config,
      ...rest,
      tags: [...new Set([...config.tags, ...listOf(tags)])],
      meta: { ...config.meta, ...(isRecord(meta) ? meta : {}) },
    }),
    base,
  )
}

/**
 * The settings of dbt_project.yml that hold for a node: those of every folder on the way to it, outermost first. `+`
 * marks a setting; without it a key is a setting too, unless it is the next folder or holds further settings.
 */
export function configsForNode(tree: unknown, fqn: readonly string[]): PartialConfig[] {
  const configs: PartialConfig[] = []
  let level: unknown = tree
  for (let depth = 0; isRecord(level); depth += 1) {
    configs.push(settingsOf(level, fqn[depth]))
    level = depth < fqn.length ? level[fqn[depth]!] : undefined
  }
  return configs
}

function settingsOf(level: Readonly<Record<string, unknown>>, next: string | undefined): PartialConfig {
  const settings = Object.entries(level).filter(
    ([key, value]) => key.startsWith('+') || (key !== next && !isRecord(value)),
  )
  return Object.fromEntries(settings.map(([key, value]) => [key.replace(/^\+/u, ''), value]))
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function listOf(value: unknown): string[] {
  if (value === undefined || value === null) return []
  return (Array.isArray(value) ? value : [value]).map(String)
}
