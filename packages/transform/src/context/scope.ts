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

/** What all nodes of one load or run share. */
export interface ProjectScope {
  readonly projectName: string
  readonly target: Target
  readonly dialect: Dialect
  readonly vars: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly macros: MacroLibrary
  readonly log: Log
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
  /** Settings made by `config(…)` inside the template; ignored when running, as parsing has read them already. */
  setConfig(settings: PartialConfig): void
  /** Sends a query to the warehouse; only while running. */
  runQuery?(sql: string): Promise<unknown>
}
