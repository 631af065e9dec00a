import { EclusaError, streamKey } from '@eclusa/sdk'
import type { Checkpoint, SourceMessage } from '@eclusa/sdk'
import { parseState } from './checkpoint-state.ts'
import type { CursorState, StreamState, XminState } from './checkpoint-state.ts'
import { copyStreams } from './copy/copy-streams.ts'
import type { CopyRequest } from './copy/copy-streams.ts'
import { readAfterCursor } from './incremental/cursor-pass.ts'
import { readNewVersions } from './incremental/xmin-pass.ts'
import type { ReadRun } from './read-run.ts'
import { assertReadable } from './readable-stream.ts'
import type { SourceStream } from './source-stream.ts'

/*
 * One run. All streams are read in one exported snapshot, so what arrives is one state of the database. First come the
 * streams that have a position to go on from, one after the other; then the copies, with all readers.
 *
 * | checkpoint of the stream | full refresh              | incremental                        |
 * |--------------------------|---------------------------|------------------------------------|
 * | none                     | copy                      | copy; then the position follows it |
 * | copy, same sync mode     | go on, or restart         | go on, or restart                  |
 * | copy, other sync mode    | copy                      | copy                               |
 * | complete                 | copy, a new refresh       | copy                               |
 * | incremental              | copy                      | what came after the position       |
 * | replicating              | copy                      | copy; see read-replicated.ts       |
 */

export interface ReadStreamsOptions {
  readonly streams: readonly SourceStream[]
  readonly checkpoints: readonly Checkpoint[]
  /** Copies of streams whose changes come from the log. Default: none. */
  readonly copies?: readonly CopyRequest[]
}

/** Reads streams to their end, and copies those that are followed afterwards. */
export async function* readStreams(
  run: ReadRun,
  { streams, checkpoints, copies: replicated = [] }: ReadStreamsOptions,
): AsyncGenerator<SourceMessage, void, undefined> {
  const states = statesOf(checkpoints)
  const copies: CopyRequest[] = [...replicated]
  for (const stream of streams) {
    const checkpoint = states.get(stream.key)
    const state = checkpoint === undefined ? undefined : parseState(checkpoint, stream.key)
    await assertReadable(run, stream)
    if (state?.phase === 'incremental' && stream.configured.syncMode === 'incremental') {
      yield* continueFrom(run, stream, state)
    } else {
      copies.push({ stream, state: copyToResume(stream, state) })
    }
  }
  yield* copyStreams(run, copies)
}

function statesOf(checkpoints: readonly Checkpoint[]): ReadonlyMap<string, Checkpoint> {
  return new Map(checkpoints.map((checkpoint) => [streamKey(checkpoint.stream), checkpoint]))
}

function copyToResume(stream: SourceStream, state: StreamState | undefined): CopyRequest['state'] {
  const isOwn = state?.phase === 'copy' && state.mode === stream.configured.syncMode && state.replication === undefined
  return isOwn ? state : undefined
}

async function* continueFrom(
  run: ReadRun,
  stream: SourceStream,
  state: CursorState | XminState,
): AsyncGenerator<SourceMessage, void, undefined> {
  const isByXmin = run.guardOf(stream) === 'xmin'
  const isSameCursor = state.guard === 'xmin' || state.column === stream.configured.cursorColumn
  if ((state.guard === 'xmin') !== isByXmin || !isSameCursor) {
    throw new EclusaError('POSTGRES_CHECKPOINT_UNUSABLE', {
      message: `The checkpoint of ${stream.key} was made with another cursor_guard or another cursor column.`,
      details: { stream: stream.key },
    })
  }
  yield { type: 'stream_started', stream: stream.configured.stream, resumed: true }
  yield* state.guard === 'xmin' ? readNewVersions(run, stream, state) : readAfterCursor(run, stream, state)
}
