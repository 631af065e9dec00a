import type { Log } from '@eclusa/sdk'
import type { Dialect } from '@eclusa/warehouse'
import type { KeywordArguments } from '../jinja/protocol.ts'
import type { PartialConfig } from '../manifest/node-config.ts'
import type { MacroLibrary } from './macro-library.ts'

/** Where models go: dbt's `target`. */
export interface Target {
  readonly name: string
  readonly type: 'duckdb' | 'postgres' | 'snowflake'
  readonly database: string
  readonly schema: string
  readonly threads: number
}

/** dbt's `quoting`. */
export interface Quoting {
  readonly database: boolean
  readonly schema: boolean
  readonly identifier: boolean
}

export interface InstalledPackage {
  readonly name: string
  readonly version: string | null
}

/** A log may tell what `print()` says in another way than remarks. */
export interface ProjectLog extends Log {
  print?(message: string): void
}

/** What all nodes of one load or run share. */
export interface ProjectScope {
  readonly projectName: string
  readonly target: Target
  readonly dialect: Dialect
  readonly vars: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly macros: MacroLibrary
  readonly log: ProjectLog
  /** Which parts of relations are quoted. Default: all. */
  readonly quoting?: Quoting
  /** Names of `flags` in templates. */
  readonly flags?: Readonly<Record<string, unknown>>
  /** The root project's folder. */
  readonly directory?: string
  /** `version` of dbt_project.yml. */
  readonly projectVersion?: string | null
  /** The installed packages. */
  readonly dependencies?: readonly InstalledPackage[]
  readonly invocationId: string
  readonly runStartedAt: string
}

/** What differs from node to node, and between parsing (`execute` false) and running. */
export interface NodeScope {
  readonly execute: boolean
  /** The package whose macros go before all others. Default: the root project. */
  readonly packageName?: string
  readonly model: Readonly<Record<string, unknown>>
  readonly config: PartialConfig
  readonly isIncremental: boolean
  readonly thisRelation: unknown
  /** Extra names: the arguments of a generic test. */
  readonly extra?: Readonly<Record<string, unknown>>
  ref(args: readonly unknown[], kwargs: KeywordArguments): unknown
  source(args: readonly unknown[]): unknown
  /** The metric that `metric('name')` or `metric('package', 'name')` means. Default: its name. */
  metric?(args: readonly unknown[]): unknown
  /** Settings made by `config(…)` inside the template; ignored when running, as parsing has read them already. */
  setConfig(settings: PartialConfig): void
  /** Makes `adapter` for the node's context; absent while parsing, when nothing is asked of the warehouse. */
  adapter?(context: BoundContext): unknown
  /** `graph`: `{nodes, sources, exposures, metrics, groups}`, made when a template asks for it. */
  graph?(): unknown
  /** `selected_resources`: unique ids, listed when a template asks for them. */
  selectedResources?(): readonly string[]
  /** Cancels what a macro waits for. */
  readonly signal?: AbortSignal
}

/** A context while it is made: what `adapter` is made of. */
export interface BoundContext {
  readonly context: Readonly<Record<string, unknown>>
  readonly packageName: string
  /** The part of `adapter` that needs no warehouse. */
  readonly names: Readonly<Record<string, unknown>>
}

export function quotingOf({ quoting }: Pick<ProjectScope, 'quoting'>): Quoting {
  return quoting ?? { database: true, schema: true, identifier: true }
}
