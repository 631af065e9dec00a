import type { NodeConfig } from './node-config.ts'

/*
 * The nodes of a project exactly as dbt's manifest.json (schema v12) writes them, its spelling included. One shape
 * serves the artifact, the `model` and `graph` that templates see, state comparison, partial parsing and running, so
 * that nothing is translated and nothing can differ. Keys stand in dbt's order.
 */

export interface ReferenceArguments {
  readonly name: string
  readonly package: string | null
  readonly version: string | number | null
}

export interface DependsOn {
  readonly macros: readonly string[]
  readonly nodes: readonly string[]
}

export interface FileChecksum {
  /** `sha256`, `path` for a seed above 1 MiB, or `none`. */
  readonly name: string
  readonly checksum: string
}

export interface DocsConfig {
  readonly show: boolean
  readonly node_color: string | null
}

export interface Constraint {
  readonly type: 'check' | 'not_null' | 'unique' | 'primary_key' | 'foreign_key' | 'custom'
  readonly name?: string | null
  readonly expression?: string | null
  readonly warn_unenforced?: boolean
  readonly warn_unsupported?: boolean
  readonly to?: string | null
  readonly to_columns?: readonly string[]
  readonly columns?: readonly string[]
}

export interface ColumnInfo {
  readonly name: string
  readonly description: string
  readonly meta: Readonly<Record<string, unknown>>
  readonly data_type: string | null
  readonly constraints: readonly Constraint[]
  readonly quote: boolean | null
  readonly config: { readonly meta: Readonly<Record<string, unknown>>; readonly tags: readonly string[] }
  readonly tags: readonly string[]
  readonly granularity: string | null
  readonly doc_blocks: readonly string[]
}

/** What models, tests, seeds, snapshots, analyses and hooks have in common. */
interface CompiledNodeBase {
  readonly database: string
  readonly schema: string
  readonly name: string
  readonly package_name: string
  /** Below the folder of its kind: `marts/orders.sql`. */
  readonly path: string
  /** Below the package's folder: `models/marts/orders.sql`. */
  readonly original_file_path: string
  readonly unique_id: string
  readonly fqn: readonly string[]
  readonly alias: string
  readonly checksum: FileChecksum
  readonly config: NodeConfig
  readonly tags: readonly string[]
  readonly description: string
  readonly columns: Readonly<Record<string, ColumnInfo>>
  readonly meta: Readonly<Record<string, unknown>>
  readonly group: string | null
  readonly docs: DocsConfig
  readonly patch_path: string | null
  readonly build_path: string | null
  readonly unrendered_config: Readonly<Record<string, unknown>>
  /** Seconds since 1970. */
  readonly created_at: number
  readonly relation_name: string | null
  readonly raw_code: string
  readonly doc_blocks: readonly string[]
  readonly language: string
  readonly refs: readonly ReferenceArguments[]
  readonly sources: readonly (readonly [source: string, table: string])[]
  readonly metrics: readonly (readonly string[])[]
  readonly depends_on: DependsOn
  readonly compiled_path: string | null
  readonly contract: { readonly enforced: boolean; readonly alias_types: boolean; readonly checksum: string | null }
  /** Present once the node was compiled. */
  readonly compiled?: boolean
  readonly compiled_code?: string
  readonly extra_ctes_injected?: boolean
  readonly extra_ctes?: readonly { readonly id: string; readonly sql: string }[]
}

export interface ModelNode extends CompiledNodeBase {
  readonly resource_type: 'model'
  readonly access: 'private' | 'protected' | 'public'
  readonly constraints: readonly Constraint[]
  readonly version: string | number | null
  readonly latest_version: string | number | null
  readonly deprecation_date: string | null
  readonly primary_key: readonly string[]
  readonly time_spine: unknown
  readonly defer_relation?: DeferRelation
}

/** Where the same node is in the environment that `--defer` points at. */
export interface DeferRelation {
  readonly database: string | null
  readonly schema: string
  readonly alias: string
  readonly relation_name: string | null
}

export interface TestNode extends CompiledNodeBase {
  readonly resource_type: 'test'
  readonly column_name?: string | null
  readonly file_key_name?: string | null
  /** The node that a generic test is about; absent for a test of its own file. */
  readonly attached_node?: string | null
  readonly test_metadata?: {
    readonly name: string
    readonly kwargs: Readonly<Record<string, unknown>>
    readonly namespace: string | null
  }
}

/** Without the code and the references that it cannot have; dbt's manifest leaves those keys out. */
export interface SeedNode extends Omit<CompiledNodeBase, 'depends_on' | 'refs' | 'sources' | 'metrics'> {
  readonly resource_type: 'seed'
  readonly root_path: string
  readonly depends_on: { readonly macros: readonly string[]; readonly nodes?: readonly string[] }
  readonly refs?: readonly ReferenceArguments[]
  readonly defer_relation?: DeferRelation
}

export interface SnapshotNode extends CompiledNodeBase {
  readonly resource_type: 'snapshot'
  readonly defer_relation?: DeferRelation
}

export interface AnalysisNode extends CompiledNodeBase {
  readonly resource_type: 'analysis'
}

/** A statement of on-run-start or on-run-end, or the call of `run-operation`. */
export interface OperationNode extends CompiledNodeBase {
  readonly resource_type: 'operation' | 'sql_operation'
  readonly index?: number | null
}

/** A threshold of source freshness. */
export interface FreshnessTime {
  readonly count: number | null
  readonly period: 'minute' | 'hour' | 'day' | null
}

export interface SourceNode {
  readonly database: string
  readonly schema: string
  readonly name: string
  readonly resource_type: 'source'
  readonly package_name: string
  readonly path: string
  readonly original_file_path: string
  readonly unique_id: string
  readonly fqn: readonly string[]
  readonly source_name: string
  readonly source_description: string
  readonly loader: string
  readonly identifier: string
  readonly quoting: Readonly<Record<'database' | 'schema' | 'identifier' | 'column', boolean | null>>
  readonly loaded_at_field: string | null
  readonly loaded_at_query: string | null
  readonly freshness: {
    readonly warn_after: FreshnessTime
    readonly error_after: FreshnessTime
    readonly filter: string | null
  } | null
  readonly external: Readonly<Record<string, unknown>> | null
  readonly description: string
  readonly columns: Readonly<Record<string, ColumnInfo>>
  readonly meta: Readonly<Record<string, unknown>>
  readonly source_meta: Readonly<Record<string, unknown>>
  readonly tags: readonly string[]
  readonly config: NodeConfig
  readonly patch_path: string | null
  readonly unrendered_config: Readonly<Record<string, unknown>>
  readonly relation_name: string
  readonly created_at: number
  readonly unrendered_database: string | null
  readonly unrendered_schema: string | null
  readonly doc_blocks: readonly string[]
}

/** A node that a command can execute. */
export type ManifestNode = ModelNode | TestNode | SeedNode | SnapshotNode | AnalysisNode | OperationNode
export type ProjectNode = ManifestNode | SourceNode

/** Where a node's rows are, with every rule for names already applied. */
export interface NodeRelation {
  readonly database: string
  readonly schema: string
  readonly identifier: string
}

export function relationOf(node: ProjectNode): NodeRelation {
  const { database, schema } = node
  return { database, schema, identifier: node.resource_type === 'source' ? node.identifier : node.alias }
}

/** Unique ids of the nodes that must be there first. */
export function parentsOf(node: ProjectNode): readonly string[] {
  return node.resource_type === 'source' ? [] : (node.depends_on.nodes ?? [])
}

/** Whether the node is only ever pasted into others. */
export function isEphemeral(node: ProjectNode): boolean {
  return node.resource_type === 'model' && node.config.materialized === 'ephemeral'
}
