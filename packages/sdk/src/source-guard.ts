import { assertBatchMatchesSchema, contractBroken } from './connector-contract.ts'
import type { SourceMessage, SourceReader } from './source.ts'
import { streamKey } from './stream.ts'
import type { ConfiguredCatalog, StreamName } from './stream.ts'

/*
 * | state     | stream_started | batch, _copied, _truncated, _backfilled | stream_restarted | stream_completed |
 * |-----------|----------------|------------------------------------------|------------------|------------------|
 * | waiting   | started        | broken                                   | broken           | broken           |
 * | started   | broken         | started                                  | started          | completed        |
 * | completed | broken         | broken                                   | broken           | broken           |
 */
type StreamState = 'waiting' | 'started' | 'completed'
type StreamMessage = Exclude<SourceMessage, { readonly type: 'checkpoint' }>

const nextStates: Record<StreamState, Partial<Record<StreamMessage['type'], StreamState>>> = {
  waiting: { stream_started: 'started' },
  started: {
    batch: 'started',
    stream_copied: 'started',
    stream_truncated: 'started',
    stream_backfilled: 'started',
    stream_restarted: 'started',
    stream_completed: 'completed',
  },
  completed: {},
}

/** Passes a source's messages on, and fails at the first that breaks the contract of `SourceMessage`. */
export function guardSourceReader(reader: SourceReader, catalog: ConfiguredCatalog, who: string): SourceReader {
  const messages = guardMessages(reader, catalog, who)
  if (reader.acknowledge === undefined) return messages
  return {
    [Symbol.asyncIterator]: () => messages,
    acknowledge: async (checkpoints) => reader.acknowledge?.(checkpoints),
  }
}

async function* guardMessages(reader: SourceReader, catalog: ConfiguredCatalog, who: string) {
  const states = new Map<string, StreamState>(catalog.streams.map(({ stream }) => [streamKey(stream), 'waiting']))
  for await (const message of reader) {
    if (message.type !== 'checkpoint') advance(states, message, who)
    if (message.type === 'batch') assertBatchMatchesSchema(message.batch, who)
    yield message
  }
}

function advance(states: Map<string, StreamState>, message: StreamMessage, who: string): void {
  const stream = streamKey(streamOf(message))
  const state = states.get(stream)
  if (state === undefined) {
    throw contractBroken(who, `it sent "${message.type}" for stream ${stream}, which is not in the catalog`, { stream })
  }
  const next = nextStates[state][message.type]
  if (next === undefined) {
    throw contractBroken(who, `it sent "${message.type}" for stream ${stream} while that was ${state}`, {
      stream,
      state,
    })
  }
  states.set(stream, next)
}

function streamOf(message: StreamMessage): StreamName {
  return message.type === 'batch' ? message.batch.stream : message.stream
}
