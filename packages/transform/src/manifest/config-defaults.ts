import { isRecord } from './node-config.ts'
import type { PartialConfig } from './node-config.ts'

/** The kinds of node that are configured. */
export type ConfiguredKind =
  | 'model'
  | 'seed'
  | 'snapshot'
  | 'analysis'
  | 'operation'
  | 'test'
  | 'source'
  | 'exposure'
  | 'unit_test'
  | 'group'
  | 'metric'
  | 'semantic_model'
  | 'saved_query'

/*
 * The settings that every node has, with dbt's defaults and in the order in which dbt's manifest writes them. Source:
 * dbt-core, artifacts/resources/v1.
 */
const nodeAndTest = { enabled: true, alias: null, schema: null, database: null, tags: [], meta: {}, group: null }

const executable = {
  ...nodeAndTest,
  materialized: 'view',
  incremental_strategy: null,
  batch_size: null,
  lookback: 1,
  begin: null,
  persist_docs: {},
  'post-hook': [],
  'pre-hook': [],
  quoting: {},
  column_types: {},
  full_refresh: null,
  unique_key: null,
  on_schema_change: 'ignore',
  on_configuration_change: 'apply',
  grants: {},
  packages: [],
  docs: { show: true, node_color: null },
  contract: { enforced: false, alias_types: true },
  event_time: null,
  concurrent_batches: null,
}

const noTime = { count: null, period: null }
const noMetaColumns = {
  dbt_valid_to: null,
  dbt_valid_from: null,
  dbt_scd_id: null,
  dbt_updated_at: null,
  dbt_is_deleted: null,
}

const defaults: Readonly<Record<ConfiguredKind, PartialConfig>> = {
  model: { ...executable, access: 'protected', freshness: null },
  seed: { ...executable, materialized: 'seed', delimiter: ',', quote_columns: null },
  snapshot: {
    ...executable,
    materialized: 'snapshot',
    strategy: null,
    unique_key: null,
    target_schema: null,
    target_database: null,
    updated_at: null,
    check_cols: null,
    snapshot_meta_column_names: noMetaColumns,
    dbt_valid_to_current: null,
  },
  analysis: executable,
  operation: executable,
  test: {
    ...nodeAndTest,
    schema: 'dbt_test__audit',
    materialized: 'test',
    severity: 'ERROR',
    store_failures: null,
    store_failures_as: null,
    where: null,
    limit: null,
    fail_calc: 'count(*)',
    warn_if: '!= 0',
    error_if: '!= 0',
  },
  source: {
    enabled: true,
    event_time: null,
    freshness: { warn_after: noTime, error_after: noTime, filter: null },
    loaded_at_field: null,
    loaded_at_query: null,
    meta: {},
    tags: [],
  },
  exposure: { enabled: true, tags: [], meta: {} },
  unit_test: { tags: [], meta: {}, enabled: true },
  group: { meta: {} },
  metric: { enabled: true, group: null, meta: {} },
  semantic_model: { enabled: true, group: null, meta: {} },
  saved_query: {
    enabled: true,
    group: null,
    meta: {},
    export_as: null,
    schema: null,
    cache: { enabled: false },
  },
}

export function configDefaults(kind: ConfiguredKind): PartialConfig {
  return defaults[kind]
}

/** Settings in the shape in which dbt keeps them: hooks as dicts, docs and contract with all their keys. */
export function finishedConfig(kind: ConfiguredKind, config: PartialConfig): Record<string, unknown> {
  if (kind === 'group') return withoutHooks(config)
  const base = defaults[kind]
  const finished: Record<string, unknown> = {}
  // A setting that dbt does not know is kept as it is, null as well.
  for (const key of [...Object.keys(base), ...Object.keys(config).filter((name) => !(name in base))]) {
    const value = config[key]
    if (value === undefined || (value === null && key in base))
      finished[key] = keepsNull(kind, key, config) ? null : base[key]
    else finished[key] = finishedValue(key, value)
  }
  return kind === 'test' ? withStoredFailures(finished) : finished
}

/** dbt takes the models' settings for a group too, and has no use for them. */
function withoutHooks({ 'pre-hook': _before, 'post-hook': _after, ...config }: PartialConfig): Record<string, unknown> {
  return config
}

/** A source's freshness can be switched off by saying null; elsewhere null leaves the default. */
function keepsNull(kind: ConfiguredKind, key: string, config: PartialConfig): boolean {
  return kind === 'source' && key === 'freshness' && config[key] === null
}

function finishedValue(key: string, value: unknown): unknown {
  switch (key) {
    case 'pre-hook':
    case 'post-hook':
      return Array.isArray(value) ? value.map(finishedHook) : value
    case 'docs':
      return isRecord(value) ? { show: value['show'] ?? true, node_color: value['node_color'] ?? null } : value
    case 'contract':
      return isRecord(value)
        ? { enforced: value['enforced'] ?? false, alias_types: value['alias_types'] ?? true }
        : value
    case 'cache':
      return isRecord(value) ? { enabled: value['enabled'] ?? false } : value
    case 'snapshot_meta_column_names':
      return isRecord(value) ? { ...noMetaColumns, ...value } : value
    default:
      return value
  }
}

/** A hook is its SQL, a dict with it, or a dict's text, which macros such as dbt's `after_commit` return. */
function finishedHook(hook: unknown): unknown {
  if (isRecord(hook))
    return { sql: hook['sql'], transaction: hook['transaction'] ?? true, index: hook['index'] ?? null }
  const text = String(hook)
  try {
    const parsed: unknown = JSON.parse(text)
    if (isRecord(parsed) && 'sql' in parsed) return finishedHook(parsed)
  } catch {
    // It is SQL.
  }
  return { sql: text, transaction: true, index: null }
}

/** `store_failures_as` decides `store_failures`; where only the latter is given, it decides the former. */
function withStoredFailures(config: Record<string, unknown>): Record<string, unknown> {
  const as = config['store_failures_as']
  const stored = config['store_failures']
  if (as === null || as === undefined) {
    config['store_failures_as'] = stored === true ? 'table' : stored === false ? 'ephemeral' : null
  } else {
    config['store_failures'] = as !== 'ephemeral'
  }
  return config
}
