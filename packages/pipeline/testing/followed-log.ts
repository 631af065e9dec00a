import { EclusaError, arrivesAsChanges, checkpointState, sharedState, streamKey } from '@eclusa/sdk'
import type { Checkpoint, ConfiguredSource, DiscoveredStream, SourceMessage, StreamName } from '@eclusa/sdk'
import { batchOf, discovered } from './sample-stream.ts'

/**
 * The log of a source that replicates, kept by the test. Each entry is a row of a stream, and its index its position. A
 * read copies the streams that have no checkpoint, as the log was when it began, and then reads on from the shared position.
 */
export class FollowedLog {
  readonly #entries: { readonly stream: string; readonly id: bigint }[] = []
  readonly #woken = new Set<() => void>()
  #failure: EclusaError | undefined
  /** Of each read, the streams and whether they were resumed. */
  readonly reads: string[][] = []
  /** Of each read, the columns that were to be back-filled. */
  readonly backfills: string[][] = []
  /** Positions that were acknowledged. */
  readonly acknowledged: number[] = []

  add(stream: string, id: bigint): void {
    this.#entries.push({ stream, id })
    this.#wake()
  }

  /** A position moves on without rows, as by a heartbeat. */
  beat(): void {
    this.add('', 0n)
  }

  /** Lets the next message be a failure. */
  failOnce(error: EclusaError): void {
    this.#failure = error
    this.#wake()
  }

  /** @param unreplicated streams that are read in full */
  source(names: readonly string[], unreplicated: readonly string[] = []): ConfiguredSource {
    const acknowledge = async (checkpoints: readonly Checkpoint[]) => {
      const position = checkpointState(checkpoints, sharedState)?.['position']
      if (typeof position === 'number') this.acknowledged.push(position)
    }
    return {
      name: 'log',
      version: '1',
      secrets: [],
      check: async () => ({ findings: [] }),
      discover: async () => ({
        streams: [
          ...names.map((name) => ({ ...logged(name), isReplicated: true, cursorChoice: 'optional' as const })),
          ...unreplicated.map((name) => ({ ...discovered(name), syncModes: ['full_refresh' as const] })),
        ],
      }),
      read: (request) => {
        const messages = this.#read(request)
        return { [Symbol.asyncIterator]: () => messages, acknowledge }
      },
      canBackfill: true,
    }
  }

  async *#read(request: Parameters<ConfiguredSource['read']>[0]): AsyncGenerator<SourceMessage, void, undefined> {
    const { catalog, checkpoints, signal, follow, stopSignal, backfills = [] } = request
    this.backfills.push(backfills.map(({ stream, columns }) => [streamKey(stream), ...columns].join(' ')))
    const replicated = catalog.streams.filter(arrivesAsChanges).map(({ stream }) => stream)
    const known = new Set(
      replicated.filter((stream) => checkpointState(checkpoints, stream) !== undefined).map(streamKey),
    )
    this.reads.push(catalog.streams.map(({ stream }) => `${stream.name}${known.has(streamKey(stream)) ? '+' : ''}`))
    const shared = checkpointState(checkpoints, sharedState)?.['position']
    const start = this.#entries.length
    for (const { stream } of catalog.streams.filter((one) => !arrivesAsChanges(one))) yield* this.#readOnce(stream)
    let position = typeof shared === 'number' ? shared : start
    for (const stream of replicated) {
      yield* this.#startStream(stream, known.has(streamKey(stream)), start)
      const states = [
        { stream, state: { phase: 'replicating' } },
        { stream: sharedState, state: { position } },
      ]
      yield { type: 'checkpoint', checkpoints: states }
    }
    for (const { stream } of backfills) {
      this.#throwFailure()
      yield { type: 'stream_backfilled', stream }
    }
    for (;;) {
      signal.throwIfAborted()
      const isStopped = stopSignal?.aborted === true
      const end = follow === true ? this.#entries.length : start
      for (const { stream, id } of this.#entries.slice(position, end)) {
        const isCopied = !known.has(stream) && position < start
        if (replicated.some(({ name }) => name === stream) && !isCopied)
          yield { type: 'batch', batch: batchOf(stream, [id]) }
        position += 1
      }
      this.#throwFailure()
      const lag = { bytes: this.#entries.length - position, ms: 0 }
      yield { type: 'checkpoint', checkpoints: [{ stream: sharedState, state: { position } }], isCaughtUp: true, lag }
      if (follow !== true || isStopped) break
      await this.#untilMore(position, [signal, ...(stopSignal === undefined ? [] : [stopSignal])])
    }
    for (const stream of replicated) yield { type: 'stream_completed', stream }
  }

  async *#readOnce(stream: StreamName): AsyncGenerator<SourceMessage, void, undefined> {
    yield { type: 'stream_started', stream, resumed: false }
    yield { type: 'batch', batch: batchOf(stream.name, [1n]) }
    yield { type: 'stream_completed', stream }
  }

  async *#startStream(stream: StreamName, resumed: boolean, start: number): AsyncGenerator<SourceMessage> {
    yield { type: 'stream_started', stream, resumed }
    if (resumed) return
    const ids = this.#entries.slice(0, start).flatMap((entry) => (entry.stream === stream.name ? [entry.id] : []))
    if (ids.length > 0) yield { type: 'batch', batch: batchOf(stream.name, ids) }
    yield { type: 'stream_copied', stream }
  }

  #throwFailure(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  async #untilMore(position: number, signals: readonly AbortSignal[]): Promise<void> {
    const signal = AbortSignal.any([...signals])
    while (position === this.#entries.length && !signal.aborted && this.#failure === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#woken.add(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
      this.#woken.delete(resolve)
    }
  }

  #wake(): void {
    for (const resolve of this.#woken) resolve()
  }
}

/** Its batches have the key alone, which is enough for a destination that looks at nothing else. */
function logged(name: string): DiscoveredStream {
  const { schema, ...rest } = discovered(name)
  const note = { name: 'note', type: { type: 'text' }, nullable: true } as const
  return { ...rest, schema: { ...schema, columns: [...schema.columns, note] } }
}
