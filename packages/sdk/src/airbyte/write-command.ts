import type { AirbyteMessage, AirbyteStateMessage, ConfiguredAirbyteCatalog, ProtocolLine } from '@eclusa/protocol'
import { readMessages } from '@eclusa/protocol'
import { byteBudget } from '../byte-budget.ts'
import type { Checkpoint, JsonObject } from '../checkpoint.ts'
import { checkpointState } from '../checkpoint.ts'
import type { ConfiguredDestination, DestinationSession } from '../destination.ts'
import { EclusaError } from '../error.ts'
import type { Log } from '../log.ts'
import { streamKey } from '../stream.ts'
import type { ConfiguredStream, StreamName } from '../stream.ts'
import { catalogForDestination, nameOf, replacesRows } from './catalog.ts'
import type { ConnectorOutput } from './connector-output.ts'
import { RecordBatches } from './record-batches.ts'

const bytesMax = 128 * 1024 * 1024
/** A state is committed when this much came since the last commit, or so much time went by; the last one at the end. */
const commitBytes = 256 * 1024 * 1024
const commitIntervalMs = 60_000

export interface WriteCommand {
  readonly destination: ConfiguredDestination
  readonly catalog: ConfiguredAirbyteCatalog
  readonly input: AsyncIterable<Uint8Array | string>
  readonly output: ConnectorOutput
  readonly log: Log
  readonly signal: AbortSignal
  /** Owns what the destination keeps about this connection. */
  readonly connection: string
}

/**
 * Writes the records that come in into the destination, and gives back each STATE when all records before it are durable,
 * with their count in `destinationStats`. A stream's refresh becomes visible when its status says COMPLETE.
 *
 * Delivery: the platform keeps the states, so what was committed just before a crash, and not told of, comes again: rows
 * with a key are merged then, others are there twice.
 *
 * @throws PROTOCOL_STREAM_UNKNOWN, PROTOCOL_INPUT_MALFORMED, PROTOCOL_STREAM_INCOMPLETE, and what the destination throws;
 *   what was committed stays.
 */
export async function writeStreams(command: WriteCommand): Promise<void> {
  const { destination, signal, log, connection } = command
  const catalog = catalogForDestination(command.catalog)
  const runId = crypto.randomUUID()
  await using session = await destination.open({ catalog, pipeline: connection, runId, bytesMax, signal, log })
  const generations = new Map(
    command.catalog.streams.map((wanted) => [
      streamKey(nameOf(wanted.stream)),
      replacesRows(wanted) ? wanted.generation_id! : 0,
    ]),
  )
  const writer = new SessionWriter(command, session, catalog.streams, generations)
  for await (const line of readMessages(command.input, { signal })) await writer.take(line)
  await writer.end()
}

interface StreamWriting {
  readonly configured: ConfiguredStream
  readonly records: RecordBatches
  readonly generation: number
  isStarted: boolean
  isComplete: boolean
  /** Records since the last state that spoke of the stream. */
  count: number
}

class SessionWriter {
  readonly #command: WriteCommand
  readonly #session: DestinationSession
  readonly #streams: ReadonlyMap<string, StreamWriting>
  /** Came since the last commit, in order. */
  #states: { readonly state: AirbyteStateMessage; readonly recordCount: number }[] = []
  #bytes = 0
  #committedAtMs = performance.now()

  constructor(
    command: WriteCommand,
    session: DestinationSession,
    streams: readonly ConfiguredStream[],
    generations: ReadonlyMap<string, number>,
  ) {
    this.#command = command
    this.#session = session
    const budget = byteBudget({ bytesMax, readers: streams.length })
    this.#streams = new Map(
      streams.map((configured) => {
        const key = streamKey(configured.stream)
        const records = new RecordBatches(configured, budget)
        const generation = generations.get(key) ?? 0
        return [key, { configured, records, generation, isStarted: false, isComplete: false, count: 0 }]
      }),
    )
  }

  async take(line: ProtocolLine): Promise<void> {
    if (line.kind === 'message') await this.#takeMessage(line.message, line.lineNumber)
    else if (line.kind === 'malformed') {
      throw new EclusaError('PROTOCOL_INPUT_MALFORMED', {
        message: `Line ${line.lineNumber} of the input is no message: ${line.problem}.`,
        details: { lineNumber: line.lineNumber, reason: line.reason },
      })
    }
  }

  /** The input has ended. @throws PROTOCOL_STREAM_INCOMPLETE when a refresh was not read to its end */
  async end(): Promise<void> {
    await this.#commit()
    const open = [...this.#streams.values()].filter(({ isComplete }) => !isComplete)
    if (open.length === 0) return
    const names = open.map(({ configured }) => streamKey(configured.stream)).join(', ')
    throw new EclusaError('PROTOCOL_STREAM_INCOMPLETE', {
      message: `The source ended before it had read to the end of: ${names}. What came is committed as far as a state covers it.`,
      details: { streams: open.map(({ configured }) => streamKey(configured.stream)) },
    })
  }

  async #takeMessage(message: AirbyteMessage, lineNumber: number): Promise<void> {
    switch (message.type) {
      case 'RECORD':
        await this.#takeRecord(message, lineNumber)
        return
      case 'STATE':
        await this.#takeState(message.state)
        return
      case 'TRACE':
        if (message.trace.type === 'STREAM_STATUS') await this.#takeStatus(message.trace.stream_status)
        return
      default:
    }
  }

  async #takeRecord({ record }: AirbyteMessage & { type: 'RECORD' }, lineNumber: number): Promise<void> {
    const stream = this.#streamOf(nameOf({ name: record.stream, namespace: record.namespace }), lineNumber)
    if (stream.isComplete) throw lateRecord(stream, lineNumber)
    await this.#start(stream)
    const extra = stream.records.append(record)
    if (extra.length > 0) {
      const key = streamKey(stream.configured.stream)
      this.#command.log.warn(
        `Records of stream ${key} have fields that the catalog does not: ${extra.join(', ')}. They are not written.`,
      )
    }
    stream.count++
    if (stream.records.isFull) await this.#flush(stream)
  }

  async #takeStatus({ stream_descriptor: descriptor, status }: StreamStatus): Promise<void> {
    const stream = this.#streams.get(streamKey(nameOf(descriptor)))
    if (stream === undefined || stream.isComplete || status !== 'COMPLETE') return
    await this.#start(stream)
    await this.#flush(stream)
    await this.#session.completeStream(stream.configured.stream)
    stream.isComplete = true
  }

  async #takeState(state: AirbyteStateMessage): Promise<void> {
    this.#states.push({ state, recordCount: this.#takeCount(state) })
    const isDue = this.#bytes >= commitBytes || performance.now() - this.#committedAtMs >= commitIntervalMs
    if (isDue) await this.#commit()
  }

  /** A stream that goes on keeps its rows; a refresh that another sync had begun goes on where that one stopped. */
  async #start(stream: StreamWriting): Promise<void> {
    if (stream.isStarted) return
    stream.isStarted = true
    const { configured, generation } = stream
    const known = checkpointState(this.#session.checkpoints, configured.stream)
    const isRefresh = configured.syncMode === 'full_refresh' || configured.destinationSyncMode === 'overwrite'
    const goesOn = known !== undefined && known['generation'] === generation && known['isComplete'] !== true
    const resumed = isRefresh ? generation > 0 && goesOn : known !== undefined
    await this.#session.startStream(configured.stream, { resumed })
  }

  async #flush(stream: StreamWriting): Promise<void> {
    if (stream.records.rowCount === 0) return
    const batch = stream.records.finish()
    this.#bytes += batch.byteLength
    await this.#session.write(batch)
  }

  async #commit(): Promise<void> {
    for (const stream of this.#streams.values()) await this.#flush(stream)
    const started = [...this.#streams.values()].filter(({ isStarted }) => isStarted)
    if (started.length > 0) await this.#session.commit(started.map(checkpointOf))
    const states = this.#states
    this.#states = []
    this.#bytes = 0
    this.#committedAtMs = performance.now()
    for (const { state, recordCount } of states) {
      await this.#command.output.write({ type: 'STATE', state: { ...state, destinationStats: { recordCount } } })
    }
  }

  #takeCount(state: AirbyteStateMessage): number {
    const streams =
      state.type === 'STREAM'
        ? [this.#streams.get(streamKey(nameOf(state.stream.stream_descriptor)))]
        : [...this.#streams.values()]
    return streams.reduce((sum, stream) => {
      const count = stream?.count ?? 0
      if (stream !== undefined) stream.count = 0
      return sum + count
    }, 0)
  }

  #streamOf(name: StreamName, lineNumber: number): StreamWriting {
    const stream = this.#streams.get(streamKey(name))
    if (stream !== undefined) return stream
    throw new EclusaError('PROTOCOL_STREAM_UNKNOWN', {
      message: `Line ${lineNumber} of the input is a record of stream ${streamKey(name)}, which the catalog does not have.`,
      details: { stream: streamKey(name), lineNumber },
    })
  }
}

type StreamStatus = Extract<(AirbyteMessage & { type: 'TRACE' })['trace'], { type: 'STREAM_STATUS' }>['stream_status']

/** What tells the next sync how the table stands; how far the source has read is kept by the platform. */
function checkpointOf({ configured, generation, isComplete }: StreamWriting): Checkpoint {
  const state: JsonObject = { generation, isComplete }
  return { stream: configured.stream, state }
}

function lateRecord({ configured }: StreamWriting, lineNumber: number): EclusaError {
  const key = streamKey(configured.stream)
  return new EclusaError('PROTOCOL_INPUT_MALFORMED', {
    message: `Line ${lineNumber} of the input is a record of stream ${key}, which was COMPLETE before.`,
    details: { stream: key, lineNumber },
  })
}
