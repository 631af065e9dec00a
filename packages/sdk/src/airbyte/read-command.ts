import type { ConfiguredAirbyteCatalog } from '@eclusa/protocol'
import { byteBudget } from '../byte-budget.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { Log } from '../log.ts'
import type { ConfiguredSource, SourceMessage } from '../source.ts'
import { streamKey } from '../stream.ts'
import type { ConfiguredCatalog, StreamName } from '../stream.ts'
import { catalogForSource, hasSharedState } from './catalog.ts'
import type { ConnectorOutput } from './connector-output.ts'
import { recordLines } from './record-lines.ts'
import { StateWriter } from './state.ts'

/** Of batches that are read and not yet written; the output takes them as fast as its reader does. */
const bytesMax = 64 * 1024 * 1024

export interface ReadCommand {
  readonly source: ConfiguredSource
  readonly catalog: ConfiguredAirbyteCatalog
  readonly checkpoints: readonly Checkpoint[]
  readonly output: ConnectorOutput
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * Reads the streams of the catalog and writes them as messages: of each stream STARTED, then RUNNING, records, states and
 * COMPLETE; estimates where the source has them. A state follows the records that it covers, and carries their count.
 *
 * Where a stream is replicated, all states are GLOBAL: they share the position in the log. Nothing is acknowledged to the
 * source: only the states that the next sync begins with tell what has become durable.
 *
 * @throws what the source throws, after INCOMPLETE of each stream that was not read to its end.
 */
export async function readStreams(command: ReadCommand): Promise<void> {
  const { source, output, log, signal, checkpoints } = command
  const catalog = catalogForSource(command.catalog, await source.discover({ signal, log }))
  const writer = new StreamWriter(output, new StateWriter(hasSharedState(catalog), checkpoints), catalog)
  const budget = byteBudget({ bytesMax, readers: 1 })
  try {
    for await (const message of source.read({ catalog, checkpoints, budget, signal, log })) {
      signal.throwIfAborted()
      await writer.forward(message)
    }
    await writer.end()
  } catch (error) {
    await writer.giveUp()
    throw error
  }
}

class StreamWriter {
  readonly #output: ConnectorOutput
  readonly #states: StateWriter
  readonly #catalog: ConfiguredCatalog
  readonly #running = new Set<string>()
  /** Started, and not complete. */
  readonly #open = new Map<string, StreamName>()
  /** Streams with records since the last checkpoint. */
  readonly #uncovered = new Set<string>()
  /** Read to their end, which no state has told yet. */
  #completed: StreamName[] = []

  constructor(output: ConnectorOutput, states: StateWriter, catalog: ConfiguredCatalog) {
    this.#output = output
    this.#states = states
    this.#catalog = catalog
  }

  async forward(message: SourceMessage): Promise<void> {
    switch (message.type) {
      case 'stream_started':
        await this.#start(message)
        return
      case 'batch':
        await this.#run(message.batch.stream)
        for (const lines of recordLines(message.batch, { emittedAtMs: Date.now() }))
          await this.#output.writeLines(lines)
        this.#states.addRecords(message.batch.stream, message.batch.records.numRows)
        this.#uncovered.add(streamKey(message.batch.stream))
        message.batch.recycle?.([])
        return
      case 'checkpoint':
        this.#uncovered.clear()
        await this.#writeStates(message.checkpoints)
        return
      case 'stream_restarted':
        // Records cannot be taken back. A stream with a key gets the same rows again, which the destination merges.
        this.#output.log('info').warn(`Stream ${streamKey(message.stream)} is read from its first row again.`, {
          reason: message.reason,
        })
        return
      case 'stream_completed':
        this.#completed.push(message.stream)
        if (this.#isCovered(message.stream)) await this.#writeStates([])
        return
      case 'stream_truncated':
        this.#output
          .log('info')
          .warn(`Table ${streamKey(message.stream)} was truncated, which the protocol cannot say: refresh the stream.`)
        return
      case 'stream_copied':
      case 'stream_backfilled':
    }
  }

  /** What came after the last checkpoint, or was never covered by one. */
  async end(): Promise<void> {
    await this.#writeStates([])
  }

  async giveUp(): Promise<void> {
    if (!this.#output.isUsable) return
    for (const stream of this.#open.values()) await this.#output.status(stream, 'INCOMPLETE')
    this.#open.clear()
  }

  /** A state of its own can say that all is read: of a stream that is read in full, or of which a checkpoint has the end. */
  #isCovered(stream: StreamName): boolean {
    if (hasSharedState(this.#catalog)) return false
    const key = streamKey(stream)
    const configured = this.#catalog.streams.find((one) => streamKey(one.stream) === key)
    return configured?.syncMode === 'full_refresh' || !this.#uncovered.has(key)
  }

  async #start(message: SourceMessage & { type: 'stream_started' }): Promise<void> {
    const { stream, rowsEstimated, bytesEstimated } = message
    this.#open.set(streamKey(stream), stream)
    await this.#output.status(stream, 'STARTED')
    if (rowsEstimated === undefined && bytesEstimated === undefined) return
    const estimate = {
      ...stream,
      type: 'STREAM' as const,
      ...(rowsEstimated === undefined ? {} : { row_estimate: rowsEstimated }),
      ...(bytesEstimated === undefined ? {} : { byte_estimate: bytesEstimated }),
    }
    await this.#output.write({ type: 'TRACE', trace: { type: 'ESTIMATE', emitted_at: Date.now(), estimate } })
  }

  async #run(stream: StreamName): Promise<void> {
    const key = streamKey(stream)
    if (this.#running.has(key)) return
    this.#running.add(key)
    await this.#output.status(stream, 'RUNNING')
  }

  async #writeStates(checkpoints: readonly Checkpoint[]): Promise<void> {
    const completed = this.#completed
    this.#completed = []
    const known = new Set(this.#catalog.streams.map(({ stream }) => streamKey(stream)))
    const shown = checkpoints.filter(({ stream }) => known.has(streamKey(stream)) || stream.namespace === '_eclusa')
    for (const state of this.#states.states(shown, completed)) await this.#output.write({ type: 'STATE', state })
    for (const stream of completed) {
      // A stream without rows ran, too: readers wait for the status.
      await this.#run(stream)
      await this.#output.status(stream, 'COMPLETE')
      this.#open.delete(streamKey(stream))
    }
  }
}
