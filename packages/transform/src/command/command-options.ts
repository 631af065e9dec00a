import type { SampleWindow } from './sample-window.ts'

/** The commands that work on nodes. The others (debug, deps, clean, init, …) take no selection. */
export type NodeCommand =
  | 'build'
  | 'run'
  | 'test'
  | 'seed'
  | 'snapshot'
  | 'compile'
  | 'show'
  | 'ls'
  | 'diff'
  | 'clone'
  | 'freshness'
  | 'run-operation'
  | 'retry'
  | 'docs generate'

export type IndirectSelection = 'eager' | 'cautious' | 'buildable' | 'empty'

/** `--select`, `--exclude`, `--selector`, and what says which tests come along. */
export interface SelectionOptions {
  readonly select: readonly string[]
  readonly exclude: readonly string[]
  /** Name of a selector of selectors.yml. */
  readonly selector?: string
  readonly resourceTypes: readonly string[]
  readonly excludeResourceTypes: readonly string[]
  readonly indirectSelection: IndirectSelection
  /** Folder of an earlier run's artifacts. */
  readonly state?: string
  /** Folder of the manifest to defer to. Default: that of `state`. */
  readonly deferState?: string
  readonly defer: boolean
  readonly favorState: boolean
}

/** How a command executes nodes. */
export interface ExecutionOptions {
  readonly threads: number
  readonly fullRefresh: boolean
  readonly failFast: boolean
  /** Reads no rows of refs and sources, so that only the SQL's validity is tried. */
  readonly empty: boolean
  readonly storeFailures: boolean
  /** Leaves out what has not changed since it was built. Default: false. */
  readonly onlyStale?: boolean
  /** Bounds of a microbatch run, ISO 8601. */
  readonly eventTimeStart?: string
  readonly eventTimeEnd?: string
  /** Rows to read of what has an `event_time`. Default: all. */
  readonly sample?: SampleWindow
  readonly warnError: boolean
  /** Lists at the start what stands in the schemas of a run, rather than when a node asks. Default: true. */
  readonly populatesCache?: boolean
  /** All flags of the command by dbt's names, which templates read. */
  readonly flags?: Readonly<Record<string, unknown>>
}
