/** What can be said about a node, from any of the places where dbt looks. Unknown keys are kept for macros to read. */
export interface NodeConfig {
  readonly enabled: boolean
  readonly materialized: string
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, unknown>>
  readonly schema?: string | null
  readonly database?: string | null
  readonly alias?: string | null
  readonly [key: string]: unknown
}

export type PartialConfig = Readonly<Record<string, unknown>>

/** How a nearer place's value meets the value so far. What is not listed replaces it. Source: dbt-core, model_config.py. */
const mergeRules: Readonly<Record<string, 'append' | 'update' | 'grants'>> = {
  tags: 'append',
  packages: 'append',
  'pre-hook': 'append',
  'post-hook': 'append',
  meta: 'update',
  quoting: 'update',
  column_types: 'update',
  docs: 'update',
  contract: 'update',
  grants: 'grants',
}

/** Spellings that dbt takes for a key, wherever settings are written. */
const aliases: Readonly<Record<string, string>> = { pre_hook: 'pre-hook', post_hook: 'post-hook' }

/** `base` with the settings of a nearer place. `rules` can keep lists and dicts from adding up: sources replace them. */
export function mergeConfig(
  base: PartialConfig,
  nearer: PartialConfig,
  rules: (key: string) => 'append' | 'update' | 'grants' | undefined = (key) => mergeRules[key],
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base }
  for (const [spelled, value] of Object.entries(nearer)) {
    const key = aliases[spelled] ?? spelled
    merged[key] = mergeValue(rules(key), merged[key], value)
  }
  return merged
}

/** What one `config(…)` adds to those before it in the same template: the first is kept as it was written. */
export function mergeCall(former: PartialConfig, call: PartialConfig): Record<string, unknown> {
  if (Object.keys(former).length > 0) return mergeConfig(former, call)
  return Object.fromEntries(Object.entries(call).map(([key, value]) => [aliases[key] ?? key, value]))
}

function mergeValue(rule: 'append' | 'update' | 'grants' | undefined, former: unknown, value: unknown): unknown {
  if (value === null || value === undefined) return value
  switch (rule) {
    case 'append':
      return [...itemsOf(former), ...itemsOf(value)]
    case 'update':
      return isRecord(value) ? { ...(isRecord(former) ? former : {}), ...value } : value
    case 'grants':
      return isRecord(value) ? mergeGrants(isRecord(former) ? former : {}, value) : value
    case undefined:
      return value
  }
}

/** A privilege that begins with `+` gets further grantees; without it they are replaced. */
function mergeGrants(former: PartialConfig, nearer: PartialConfig): Record<string, unknown[]> {
  const merged = Object.fromEntries(Object.entries(former).map(([key, value]) => [key, itemsOf(value)]))
  for (const [key, value] of Object.entries(nearer)) {
    const privilege = key.replace(/^\++/u, '')
    merged[privilege] = [...(key.startsWith('+') ? (merged[privilege] ?? []) : []), ...itemsOf(value)]
  }
  return merged
}

/**
 * The settings of dbt_project.yml that hold for a node: those of every folder on the way to it, outermost first. `+`
 * marks a setting; without it a key is a setting too, unless its value is a dict, which is a folder.
 */
export function configsForNode(tree: unknown, fqn: readonly string[]): PartialConfig[] {
  const configs: PartialConfig[] = []
  let level: unknown = tree
  for (let depth = 0; isRecord(level); depth += 1) {
    configs.push(settingsOf(level))
    level = depth < fqn.length ? level[fqn[depth]!] : undefined
  }
  return configs
}

function settingsOf(level: PartialConfig): PartialConfig {
  const settings: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(level)) {
    if (key.startsWith('+')) settings[key.slice(1).trim()] = value
    else if (!isRecord(value)) settings[key] = value
  }
  return settings
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function itemsOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

export function listOf(value: unknown): string[] {
  return itemsOf(value).map(String)
}
