import { assertBatchMatchesSchema, contractBroken } from './connector-contract.ts'
import type { AuthoredSession, Commit, DestinationSession } from './destination.ts'
import { EclusaError } from './error.ts'
import { streamKey } from './stream.ts'
import type { ConfiguredCatalog, StreamName } from './stream.ts'

/**
 * Passes calls on to a destination's session and watches over both sides of its contract: the caller makes one call at
 * a time, in the order of `DestinationSession`; the destination's commits have growing sequences. What the author left
 * out is added: calls that do nothing, the counts of a commit.
 */
export function guardDestinationSession(
  session: AuthoredSession,
  catalog: ConfiguredCatalog,
  who: string,
): DestinationSession {
  const turn = oneAtATime(who)
  const streams = streamStates(catalog, who)
  let sequenceLast = -Infinity
  let rows = 0
  let bytes = 0
  return {
    get checkpoints() {
      return session.checkpoints
    },
    get missing() {
      return session.missing ?? []
    },
    get damaged() {
      return session.damaged ?? []
    },
    startStream: (stream, options) =>
      turn('startStream', async () => {
        streams.start(stream)
        await session.startStream(stream, options)
      }),
    restartStream: (stream) =>
      turn('restartStream', async () => {
        streams.assertStarted(stream)
        await session.restartStream(stream)
      }),
    write: (batch) =>
      turn('write', async () => {
        streams.assertStarted(batch.stream)
        assertBatchMatchesSchema(batch, `caller of ${who}`)
        // Counted before the hand-over: a batch whose buffers were transferred can no longer be read.
        rows += batch.records.numRows
        bytes += batch.byteLength
        await session.write(batch)
      }),
    copiedStream: (stream, at) =>
      turn('copiedStream', async () => {
        streams.assertStarted(stream)
        await session.copiedStream?.(stream, at)
      }),
    truncateStream: (stream, change) =>
      turn('truncateStream', async () => {
        streams.assertStarted(stream)
        await session.truncateStream?.(stream, change)
      }),
    completeStream: (stream) =>
      turn('completeStream', async () => {
        streams.complete(stream)
        await session.completeStream?.(stream)
      }),
    commit: (checkpoints) =>
      turn('commit', async () => {
        const startedAtMs = performance.now()
        const told = await session.commit(checkpoints)
        const commit = { rows, bytes, durationMs: performance.now() - startedAtMs, ...told }
        assertSequenceGrows(commit, sequenceLast, who)
        sequenceLast = commit.sequence
        rows = 0
        bytes = 0
        return commit
      }),
    ...(session.openWarehouse && {
      openWarehouse: async (context) => session.openWarehouse!(context),
    }),
    [Symbol.asyncDispose]: async () => {
      turn.end()
      await session[Symbol.asyncDispose]?.()
    },
  }
}

function assertSequenceGrows(commit: Commit, sequenceLast: number, who: string): void {
  if (commit.sequence > sequenceLast) return
  throw contractBroken(who, `commit ${commit.sequence} came after commit ${sequenceLast}; sequences must grow`)
}

function misuse(who: string, what: string): EclusaError {
  return new EclusaError('INTERNAL', { message: `The session of ${who} was misused: ${what}` })
}

/** Runs a call unless another one is under way or the session has ended. Disposing is allowed at any time. */
function oneAtATime(who: string) {
  let running: string | undefined
  let ended = false
  const turn = async <Result>(name: string, call: () => Promise<Result>): Promise<Result> => {
    if (ended) throw misuse(who, `${name} was called after the session was disposed`)
    if (running !== undefined) throw misuse(who, `${name} was called while ${running} was under way`)
    running = name
    try {
      return await call()
    } finally {
      running = undefined
    }
  }
  return Object.assign(turn, {
    end: () => {
      ended = true
    },
  })
}

function streamStates(catalog: ConfiguredCatalog, who: string) {
  const known = new Set(catalog.streams.map(({ stream }) => streamKey(stream)))
  const started = new Set<string>()
  const completed = new Set<string>()
  const assertStarted = (stream: StreamName) => {
    const key = streamKey(stream)
    if (!started.has(key)) throw misuse(who, `stream ${key} was not started`)
    if (completed.has(key)) throw misuse(who, `stream ${key} is already complete`)
  }
  return {
    assertStarted,
    start(stream: StreamName) {
      const key = streamKey(stream)
      if (!known.has(key)) throw misuse(who, `stream ${key} is not in the catalog`)
      if (started.has(key)) throw misuse(who, `stream ${key} was started twice`)
      started.add(key)
    },
    complete(stream: StreamName) {
      assertStarted(stream)
      completed.add(streamKey(stream))
    },
  }
}
