import { createHash } from 'node:crypto'
import type { DocsConfig, FileChecksum, ModelNode, SourceNode } from './node.ts'

const docsDefault: DocsConfig = { show: true, node_color: null }

/** dbt's checksum of a file: of its text without the white space around it. */
export function checksumOf(text: string): FileChecksum {
  return { name: 'sha256', checksum: createHash('sha256').update(text.trim()).digest('hex') }
}

/** The values of what a node does not say. */
export function nodeDefaults() {
  return {
    description: '',
    columns: {},
    group: null,
    docs: docsDefault,
    patch_path: null,
    build_path: null,
    unrendered_config: {},
    created_at: Date.now() / 1000,
    relation_name: null,
    doc_blocks: [],
    language: 'sql',
    metrics: [],
    compiled_path: null,
    contract: { enforced: false, alias_types: true, checksum: null },
  } as const
}

export function modelDefaults(): Pick<
  ModelNode,
  'access' | 'constraints' | 'version' | 'latest_version' | 'deprecation_date' | 'primary_key' | 'time_spine'
> {
  return {
    access: 'protected',
    constraints: [],
    version: null,
    latest_version: null,
    deprecation_date: null,
    primary_key: [],
    time_spine: null,
  }
}

const noThreshold = { count: null, period: null }

export function sourceDefaults() {
  return {
    resource_type: 'source',
    loader: '',
    quoting: { database: null, schema: null, identifier: null, column: null },
    loaded_at_field: null,
    loaded_at_query: null,
    freshness: { warn_after: noThreshold, error_after: noThreshold, filter: null },
    external: null,
    columns: {},
    source_meta: {},
    patch_path: null,
    unrendered_config: {},
    created_at: Date.now() / 1000,
    unrendered_database: null,
    unrendered_schema: null,
    doc_blocks: [],
  } as const satisfies Partial<SourceNode>
}
