import { byteBudget, streamKey } from '@eclusa/sdk'
import type { z } from 'zod'
import type {
  CheckContext,
  Checkpoint,
  ConfiguredCatalog,
  ConfiguredStream,
  DiscoveredStream,
  Log,
  SourceReader,
} from '@eclusa/sdk'
import { postgres } from '../src/source.ts'
import type { postgresConfigSchema } from '../src/config.ts'

export type SourceConfig = z.input<typeof postgresConfigSchema>

/** What the source logged as warnings, for tests that expect some. */
export interface RecordedLog extends Log {
  readonly warnings: string[]
}

export function recordLog(): RecordedLog {
  const warnings: string[] = []
  return { warnings, debug() {}, info() {}, warn: (message) => void warnings.push(message), error() {} }
}

/** By stream: how it is to be read, where that is not a full refresh. */
export type StreamChoices = Readonly<Record<string, Partial<ConfiguredStream>>>

export interface ReadLimits {
  readonly batchRowsMax?: number
  readonly bytesMax?: number
  /** Follows until it is aborted. Default: reads what is there. */
  readonly stopSignal?: AbortSignal
}

/** The source as a pipeline uses it. */
export class SourceRun {
  readonly source
  readonly log = recordLog()
  readonly signal: AbortSignal
  #discovered: Promise<Map<string, DiscoveredStream>> | undefined

  constructor(config: SourceConfig, { signal = new AbortController().signal }: { signal?: AbortSignal } = {}) {
    this.source = postgres(config)
    this.signal = signal
  }

  async discover(): Promise<Map<string, DiscoveredStream>> {
    const { streams } = await this.source.discover({ signal: this.signal, log: this.log })
    return new Map(streams.map((stream) => [streamKey(stream.stream), stream]))
  }

  async check(chosen: Pick<CheckContext, 'catalog' | 'missing'> = {}) {
    return (await this.source.check({ signal: this.signal, log: this.log, ...chosen })).findings
  }

  /** The chosen streams; by default all, as full refresh. Discovered once, unless told otherwise. */
  async catalog(choices?: StreamChoices, { isFresh = false } = {}): Promise<ConfiguredCatalog> {
    if (isFresh) this.#discovered = undefined
    const discovered = await (this.#discovered ??= this.discover())
    const chosen = choices === undefined ? [...discovered.keys()] : Object.keys(choices)
    return {
      streams: chosen.map((key) => {
        const stream = discovered.get(key)
        if (stream === undefined) throw new Error(`There is no stream ${key}: ${[...discovered.keys()].join(', ')}`)
        return configure(stream, choices?.[key])
      }),
    }
  }

  read(
    catalog: ConfiguredCatalog,
    checkpoints: readonly Checkpoint[] = [],
    { batchRowsMax = 1000, bytesMax = 16 * 1024 * 1024, stopSignal }: ReadLimits = {},
  ): SourceReader {
    const budget = byteBudget({ bytesMax, readers: 1, batchRowsMax })
    const { signal, log } = this
    const request = { catalog, checkpoints, budget, signal, log }
    return this.source.read(stopSignal === undefined ? request : { ...request, follow: true, stopSignal })
  }
}

export function configure(stream: DiscoveredStream, choice: Partial<ConfiguredStream> = {}): ConfiguredStream {
  return {
    ...stream,
    syncMode: 'full_refresh',
    destinationSyncMode: choice.syncMode === 'incremental' ? 'append' : 'overwrite',
    target: stream.stream,
    schemaPolicy: 'evolve',
    onUnrepresentable: 'keep_text',
    ...choice,
  }
}

export const incremental = { syncMode: 'incremental' } as const

/** The schemas of the chosen streams, so that discovering does not look at those of other tests. */
export function schemasOf(choices: StreamChoices): string[] {
  return [...new Set(Object.keys(choices).map((key) => key.slice(0, key.indexOf('.'))))]
}
