import type { DependsOn, DocsConfig, ManifestNode, ReferenceArguments, SourceNode } from './node.ts'
import type { NodeConfig } from './node-config.ts'

/** A macro, a test block or a materialization. */
export interface MacroEntry {
  readonly name: string
  readonly resource_type: 'macro'
  /** `dbt` and `dbt_<adapter>` for our own library. */
  readonly package_name: string
  readonly path: string
  readonly original_file_path: string
  readonly unique_id: string
  readonly macro_sql: string
  readonly depends_on: { readonly macros: readonly string[] }
  readonly description: string
  readonly meta: Readonly<Record<string, unknown>>
  readonly docs: DocsConfig
  readonly patch_path: string | null
  readonly arguments: readonly {
    readonly name: string
    readonly type: string | null
    readonly description: string
  }[]
  readonly created_at: number
  readonly supported_languages: readonly string[] | null
}

/** One `{% docs %}` block. */
export interface Documentation {
  readonly name: string
  readonly resource_type: 'doc'
  readonly package_name: string
  readonly path: string
  readonly original_file_path: string
  readonly unique_id: string
  readonly block_contents: string
}

/** Something outside of the project that reads from it. */
export interface Exposure {
  readonly name: string
  readonly resource_type: 'exposure'
  readonly package_name: string
  readonly path: string
  readonly original_file_path: string
  readonly unique_id: string
  readonly fqn: readonly string[]
  readonly type: string
  readonly owner: Readonly<Record<string, unknown>>
  readonly description: string
  readonly label: string | null
  readonly maturity: string | null
  readonly meta: Readonly<Record<string, unknown>>
  readonly tags: readonly string[]
  readonly config: NodeConfig
  readonly unrendered_config: Readonly<Record<string, unknown>>
  readonly url: string | null
  readonly depends_on: DependsOn
  readonly refs: readonly ReferenceArguments[]
  readonly sources: readonly (readonly [source: string, table: string])[]
  readonly metrics: readonly (readonly string[])[]
  readonly created_at: number
}

/** Those who own models; private models of a group are seen within it only. */
export interface Group {
  readonly name: string
  readonly resource_type: 'group'
  readonly package_name: string
  readonly path: string
  readonly original_file_path: string
  readonly unique_id: string
  readonly owner: Readonly<Record<string, unknown>>
  readonly description: string | null
  readonly config: Readonly<Record<string, unknown>>
}

/** The rows that a unit test puts in the place of a relation, or expects. */
export interface UnitTestFixture {
  readonly rows: string | readonly Readonly<Record<string, unknown>>[] | null
  readonly format: 'dict' | 'csv' | 'sql'
  readonly fixture: string | null
}

export interface UnitTest {
  readonly model: string
  readonly given: readonly (UnitTestFixture & { readonly input: string })[]
  readonly expect: UnitTestFixture
  readonly name: string
  readonly resource_type: 'unit_test'
  readonly package_name: string
  readonly path: string
  readonly original_file_path: string
  readonly unique_id: string
  readonly fqn: readonly string[]
  readonly description: string
  readonly overrides: {
    readonly macros: Readonly<Record<string, unknown>>
    readonly vars: Readonly<Record<string, unknown>>
    readonly env_vars: Readonly<Record<string, unknown>>
  } | null
  readonly depends_on: DependsOn
  readonly config: NodeConfig
  readonly checksum: string | null
  readonly schema: string | null
  readonly created_at: number
  readonly versions: unknown
  readonly version: string | number | null
}

/** What is parsed and written but never run: metrics, semantic models, saved queries. */
export interface UnrunEntry {
  readonly name: string
  readonly resource_type: string
  readonly package_name: string
  readonly original_file_path: string
  readonly unique_id: string
  readonly fqn: readonly string[]
  readonly depends_on?: DependsOn
  readonly [key: string]: unknown
}

type ById<Entry> = Readonly<Record<string, Entry>>

/** manifest.json, schema v12. Every key of a record is a unique id. */
export interface Manifest {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly nodes: ById<ManifestNode>
  readonly sources: ById<SourceNode>
  readonly macros: ById<MacroEntry>
  readonly docs: ById<Documentation>
  readonly exposures: ById<Exposure>
  readonly metrics: ById<UnrunEntry>
  readonly groups: ById<Group>
  readonly selectors: Readonly<Record<string, unknown>>
  readonly disabled: Readonly<Record<string, readonly (ManifestNode | SourceNode | Exposure | UnitTest | UnrunEntry)[]>>
  readonly parent_map: ById<readonly string[]>
  readonly child_map: ById<readonly string[]>
  readonly group_map: Readonly<Record<string, readonly string[]>>
  readonly saved_queries: ById<UnrunEntry>
  readonly semantic_models: ById<UnrunEntry>
  readonly unit_tests: ById<UnitTest>
}

/** Everything that stands in the graph. */
export type GraphEntry = ManifestNode | SourceNode | Exposure | UnitTest | UnrunEntry
