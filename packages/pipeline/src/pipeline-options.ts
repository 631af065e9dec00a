import { systemClock } from '@eclusa/sdk'
import type { Clock, ConfiguredDestination, ConfiguredSource, Log, Step, Warehouse } from '@eclusa/sdk'
import type { CommitPolicy } from './commit-policy.ts'
import { commitPolicyDefault } from './commit-policy.ts'
import type { RunStore } from './run-store.ts'
import type { StreamOptions, StreamSelection } from './stream-selection.ts'

export interface PipelineOptions {
  /** Owns the checkpoints at the destination: renaming a pipeline starts it anew. Default `default`. */
  readonly name?: string
  readonly source: ConfiguredSource
  readonly destination: ConfiguredDestination
  /** Which streams, and how. Default: every stream, full refresh. */
  readonly streams?: readonly (string | StreamSelection)[]
  readonly defaults?: StreamOptions & { readonly targetSchema?: string }
  /** Run in order, after loading, in the destination's warehouse. */
  readonly steps?: readonly Step[]
  /** Where the history of runs is kept. Default: nowhere. */
  readonly runStore?: RunStore
  readonly commit?: Partial<CommitPolicy>
  /** Bytes of batches alive at once, at most, half in the source and half in the destination. Default 24 MiB. */
  readonly memoryBytesMax?: number
  /** Transient failures in a row, without a commit in between, after which a run gives up. Default 5. */
  readonly failuresMax?: number
  /** First delay before trying again; doubles each time, with full jitter. Default 1000. */
  readonly retryDelayMsBase?: number
  /** While a run follows, steps run at most once in so long, and only after commits with rows. Default 60 s. */
  readonly stepsIntervalMs?: number
  readonly log?: Log
  /** Default: the system's clock. */
  readonly clock?: Clock
}

export interface RunOptions {
  /** Aborting ends the run at once: what is not committed is discarded and read again next time. */
  readonly signal?: AbortSignal
  /** Only these streams (names or patterns, as in a selection). Default: all of the pipeline's. */
  readonly select?: readonly string[]
  /** Leave the steps out. Default false. */
  readonly skipSteps?: boolean
  /** Forget the checkpoints of the streams and read them from the start. Default false. */
  readonly fullRefresh?: boolean
  /**
   * Go on with the replicated streams until `stop`, instead of ending at what was there at the start; all others are read
   * once, at the start. Steps run when all that was there is read, and then as `stepsIntervalMs` says. Default false.
   */
  readonly follow?: boolean
  /** Aborting does what `PipelineRun.stop` does. */
  readonly stopSignal?: AbortSignal
  /**
   * Called whenever the destination has been opened, by a run that follows and a destination that can lend its warehouse.
   * What it gives is disposed before the destination is closed. What it throws is a warning.
   */
  readonly whileOpen?: (open: OpenRun) => Promise<AsyncDisposable>
}

/** A run that has its destination open. */
export interface OpenRun {
  readonly pipeline: string
  readonly runId: string
  /** Connections beside the run's own; they end with the run at the latest. */
  openWarehouse(): Promise<Warehouse>
}

const noLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
const bytesMaxDefault = 24 * 1024 * 1024

/** A pipeline's options with every default in place. */
export interface PipelineSettings {
  readonly name: string
  readonly source: ConfiguredSource
  readonly destination: ConfiguredDestination
  readonly selections: readonly StreamSelection[]
  readonly defaults: StreamOptions & { readonly targetSchema?: string }
  readonly steps: readonly Step[]
  readonly runStore: RunStore | undefined
  readonly commit: CommitPolicy
  readonly memoryBytesMax: number
  readonly failuresMax: number
  readonly retryDelayMsBase: number
  readonly stepsIntervalMs: number
  readonly log: Log
  readonly clock: Clock
}

export function resolveOptions(options: PipelineOptions): PipelineSettings {
  return {
    name: options.name ?? 'default',
    source: options.source,
    destination: options.destination,
    selections: (options.streams ?? ['*']).map((stream) => (typeof stream === 'string' ? { name: stream } : stream)),
    defaults: options.defaults ?? {},
    steps: options.steps ?? [],
    runStore: options.runStore,
    commit: { ...commitPolicyDefault, ...options.commit },
    memoryBytesMax: options.memoryBytesMax ?? bytesMaxDefault,
    failuresMax: options.failuresMax ?? 5,
    retryDelayMsBase: options.retryDelayMsBase ?? 1000,
    stepsIntervalMs: options.stepsIntervalMs ?? 60_000,
    log: options.log ?? noLog,
    clock: options.clock ?? systemClock,
  }
}
