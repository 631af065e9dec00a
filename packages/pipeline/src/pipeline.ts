import type { CheckResult, ConfiguredCatalog, ConnectorContext, DiscoveredCatalog, PlannedStatement } from '@eclusa/sdk'
import { askForBackfill } from './backfill.ts'
import { checkPipeline } from './check-pipeline.ts'
import { resolveOptions } from './pipeline-options.ts'
import type { PipelineOptions, RunOptions } from './pipeline-options.ts'
import { markForCopy, pipelineStatus } from './pipeline-status.ts'
import type { PipelineStatus, PipelineStatusOptions } from './pipeline-status.ts'
import { previewStream } from './preview.ts'
import type { StreamPreview } from './preview.ts'
import { resolveCatalog, resolvePresentStreams } from './resolve-catalog.ts'
import type { ResolveCatalogOptions } from './resolve-catalog.ts'
import { startRun } from './run.ts'
import type { PipelineRun } from './run.ts'

export interface PipelinePlan {
  readonly catalog: ConfiguredCatalog
  readonly statements: readonly PlannedStatement[]
  readonly steps: readonly string[]
}

/** A source, a destination, what moves between them, and what runs after. Holds nothing open between calls. */
export interface Pipeline {
  readonly name: string
  /** Looks at both ends and at the choice of streams; changes nothing. */
  check(options?: { readonly signal?: AbortSignal }): Promise<CheckResult>
  discover(options?: { readonly signal?: AbortSignal }): Promise<DiscoveredCatalog>
  /** What a run would do: the streams with their modes and estimates, and the statements it would run first. */
  plan(options?: { readonly signal?: AbortSignal }): Promise<PipelinePlan>
  /** The first rows of one stream, as exact text. */
  preview(
    stream: string,
    options?: { readonly rowsMax?: number; readonly signal?: AbortSignal },
  ): Promise<StreamPreview>
  /** How it stands, whether somebody runs it or not: streams, position, lag, last commit. Changes nothing. */
  status(options?: PipelineStatusOptions): Promise<PipelineStatus>
  /**
   * Marks streams for a fresh copy in the next run; all that are replicated where none are named. Gives their names.
   * The others keep their place.
   */
  resync(options?: { readonly streams?: readonly string[]; readonly signal?: AbortSignal }): Promise<readonly string[]>
  /**
   * Asks the next run to read columns of a replicated stream again in all rows, and nothing else: columns that the table got
   * when it had rows already. What has changed since stays as it is.
   */
  backfill(stream: string, columns: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<void>
  /** Starts a run at once. Iterate for its events, await `result` for its outcome, or both. */
  run(options?: RunOptions): PipelineRun
}

const previewRowsDefault = 10

/**
 * Composes a pipeline.
 *
 * Delivery: exactly once where the destination promises it: rows and checkpoint are one transaction, and a run starts
 * from what the destination last committed. One run of a pipeline at a time; a second one fails with DESTINATION_BUSY.
 *
 * @example
 * const pipeline = definePipeline({ source: postgres({ … }), destination: duckdb({ path: 'sales.duckdb' }), streams: ['sales.*'] })
 * const run = pipeline.run()
 * for await (const event of run) console.log(event.type)
 * const { status, rows } = await run.result
 */
export function definePipeline(options: PipelineOptions): Pipeline {
  const settings = resolveOptions(options)
  const contextOf = (signal?: AbortSignal): ConnectorContext => ({
    signal: signal ?? new AbortController().signal,
    log: settings.log,
  })
  const discover = async (signal?: AbortSignal) => await options.source.discover(contextOf(signal))
  const selection = async (signal?: AbortSignal): Promise<ResolveCatalogOptions> => ({
    discovered: await discover(signal),
    selections: settings.selections,
    defaults: settings.defaults,
    destinationSyncModes: options.destination.syncModes,
  })
  const configure = async (signal?: AbortSignal) => resolveCatalog(await selection(signal))
  const configurePresent = async (signal?: AbortSignal) => resolvePresentStreams(await selection(signal))
  return {
    name: settings.name,
    check: async ({ signal } = {}) => await checkPipeline(options, configurePresent, contextOf(signal)),
    discover: async ({ signal } = {}) => await discover(signal),
    plan: async ({ signal } = {}) => {
      const catalog = await configure(signal)
      const statements = await options.destination.plan({
        catalog,
        pipeline: settings.name,
        runId: 'plan',
        bytesMax: settings.memoryBytesMax / 2,
        ...contextOf(signal),
      })
      return { catalog, statements, steps: settings.steps.map((step) => step.name) }
    },
    preview: async (stream, { rowsMax = previewRowsDefault, signal } = {}) =>
      await previewStream({
        source: options.source,
        discovered: await discover(signal),
        stream,
        rowsMax,
        context: contextOf(signal),
      }),
    status: async ({ signal, stored } = {}) =>
      await pipelineStatus({ settings, configure: configurePresent, context: contextOf(signal) }, stored),
    resync: async ({ streams, signal } = {}) => await markForCopy(settings, streams, contextOf(signal)),
    backfill: async (stream, columns, { signal } = {}) =>
      await askForBackfill({ settings, configure: configurePresent, context: contextOf(signal) }, stream, columns),
    run: (runOptions = {}) => startRun({ settings, configure: configurePresent, options: runOptions }),
  }
}
