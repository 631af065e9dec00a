import type { NodeConfig } from '../manifest/node-config.ts'
import type { DraftNode } from './parsed-node.ts'

/** What a node's settings say that cannot be, each as a sentence with its remedy. */
export function configFaults({ resource_type: type, name, config }: DraftNode): string[] {
  if (typeof config.enabled !== 'boolean')
    return [`enabled of "${name}" is ${shown(config.enabled)}: it must be true or false`]
  if (config.tags.some((tag) => typeof tag === 'object'))
    return [`tags of "${name}" are ${shown(config.tags)}: they must be a text or a list of texts`]
  if (!config.enabled) return []
  if (type === 'model') return [...accessFaults(name, config), ...microbatchFaults(name, config)]
  if (type === 'snapshot') return snapshotFaults(name, config)
  return type === 'test' ? severityFaults(name, config) : []
}

const accesses: readonly unknown[] = ['private', 'protected', 'public']

function accessFaults(name: string, { access, materialized }: NodeConfig): string[] {
  if (access === 'public' && materialized === 'ephemeral')
    return [`access of "${name}" is "public", which an ephemeral model cannot be: it has no relation to read`]
  if (access === undefined || access === null || accesses.includes(access)) return []
  return [`access of "${name}" is ${shown(access)}: it must be private, protected or public`]
}

const batchSizes: readonly unknown[] = ['hour', 'day', 'month', 'year']

function microbatchFaults(name: string, config: NodeConfig): string[] {
  if (config.materialized !== 'incremental' || config['incremental_strategy'] !== 'microbatch') return []
  const { event_time: eventTime, begin, batch_size: size, lookback, concurrent_batches: concurrent } = config
  const must = (text: string) => `Microbatch model '${name}' must provide ${text}`
  return [
    ...(typeof eventTime === 'string'
      ? []
      : [must("an 'event_time' (string): the column that says when a row happened")]),
    ...(begin == null ? [must("a 'begin' (datetime): the time from which on it is built")] : []),
    ...(batchSizes.includes(size) ? [] : [must(`a 'batch_size', one of ${batchSizes.join(', ')}`)]),
    ...(lookback == null || Number.isInteger(lookback) ? [] : [must("its optional 'lookback' as a whole number")]),
    ...(concurrent == null || typeof concurrent === 'boolean'
      ? []
      : [must("its optional 'concurrent_batches' as true or false")]),
  ]
}

function severityFaults(name: string, { severity }: NodeConfig): string[] {
  if (severity === undefined || severity === null) return []
  if (typeof severity === 'string' && /^(?:warn|error)$/iu.test(severity)) return []
  return [`severity of the test "${name}" is ${shown(severity)}: it must be warn or error`]
}

function snapshotFaults(name: string, config: NodeConfig): string[] {
  const isMissing = (key: string) => config[key] === undefined || config[key] === null || config[key] === ''
  const faults = ['strategy', 'unique_key'].filter(isMissing).map((key) => needs(name, key))
  if (config['strategy'] === 'timestamp' && isMissing('updated_at')) faults.push(needs(name, 'updated_at'))
  if (config['strategy'] === 'check' && isMissing('check_cols')) faults.push(needs(name, 'check_cols'))
  return faults
}

const examples: Readonly<Record<string, string>> = {
  strategy: "strategy='timestamp' (rows say when they changed) or strategy='check' (columns are compared)",
  unique_key: "unique_key='id', the column that tells its rows apart",
  updated_at: "updated_at='changed_at', the column that says when a row changed",
  check_cols: "check_cols=['price'] or check_cols='all', the columns that are compared",
}

function needs(name: string, key: string): string {
  return `the snapshot "${name}" has no ${key}: give it ${examples[key]}`
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : JSON.stringify(value)
}
