import { hash } from 'node:crypto'
import type { DocsConfig, FileChecksum, ModelNode } from './node.ts'
import type { NodeConfig } from './node-config.ts'
import { strippedText } from './stripped-text.ts'

const docsDefault: DocsConfig = { show: true, node_color: null }

/** dbt's checksum of a file: of its text without the white space around it. */
export function checksumOf(text: string): FileChecksum {
  return { name: 'sha256', checksum: hash('sha256', strippedText(text)) }
}

type NodeFacts = Pick<
  ModelNode,
  | 'database'
  | 'schema'
  | 'name'
  | 'package_name'
  | 'path'
  | 'original_file_path'
  | 'unique_id'
  | 'fqn'
  | 'checksum'
  | 'raw_code'
  | 'tags'
>

const noConfig: NodeConfig = { enabled: true, materialized: 'view', tags: [], meta: {} }

/** A node of which nothing is known but its place, with dbt's keys in dbt's order. */
export function nodeDefaults<Kind extends string>(kind: Kind, facts: NodeFacts) {
  const base = {
    database: facts.database,
    schema: facts.schema,
    name: facts.name,
    resource_type: kind,
    package_name: facts.package_name,
    path: facts.path,
    original_file_path: facts.original_file_path,
    unique_id: facts.unique_id,
    fqn: facts.fqn,
    alias: facts.name,
    checksum: facts.checksum,
    config: noConfig,
    tags: facts.tags,
    description: '',
    columns: {},
    meta: {},
    group: null,
    docs: docsDefault,
    patch_path: null,
    build_path: null,
    unrendered_config: {},
    created_at: Date.now() / 1000,
    relation_name: null,
    raw_code: facts.raw_code,
    doc_blocks: [],
    language: 'sql',
    refs: [],
    sources: [],
    metrics: [],
    depends_on: { macros: [], nodes: [] },
    compiled_path: null,
    contract: { enforced: false, alias_types: true, checksum: null },
  }
  return { ...base, ...(kind === 'model' ? modelDefaults() : {}) } as typeof base & ReturnType<typeof modelDefaults>
}

function modelDefaults(): Pick<
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

/** What dbt's manifest leaves away in a seed: it has no code and refers to nothing. */
export const keysNotOfSeeds = ['language', 'refs', 'sources', 'metrics', 'compiled_path', 'contract'] as const
