import { EclusaError, arrivesAsChanges, fullRefreshCommand, sharedState, streamKey } from '@eclusa/sdk'
import type { Checkpoint, ConfiguredCatalog, ConfiguredStream, DestinationSession, StreamName } from '@eclusa/sdk'
import { z } from 'zod'

/*
 * A sync is the refresh of every stream, possibly over several runs: a run that was killed is followed by one that
 * goes on. Which full refreshes the unfinished sync has already completed is committed like any checkpoint, under a
 * stream name that no source can have. So they are not read a second time, and a finished sync starts all anew.
 *
 * Beside it stands which replicated streams the shared position in the source's log speaks for. The position moves on
 * without a stream that failed, or that was taken out of the configuration for a while: its changes are then behind the
 * position and lost to it, so that it has to be copied anew.
 *
 * And which columns are to be back-filled: what was asked for is done when the rows are committed together with a state
 * that does not ask for it any more.
 */
const syncStream: StreamName = { namespace: '_eclusa', name: 'sync' }

const syncStateSchema = z.object({
  version: z.literal(1),
  finished: z.boolean(),
  /** Keys of the full-refresh streams that this sync has completed. */
  completed: z.array(z.string()),
  /** Keys of the replicated streams whose changes are all read, up to the shared position. Absent: none. */
  replicated: z.array(z.string()).exactOptional(),
  /** Columns of replicated streams that are to be read again in all rows. Absent: none. */
  backfills: z.array(z.object({ stream: z.string(), columns: z.array(z.string()) })).exactOptional(),
})
export type SyncState = z.infer<typeof syncStateSchema>

/** What a destination has of earlier runs. */
export type StoredState = Pick<DestinationSession, 'checkpoints' | 'missing' | 'damaged'>

export const newSync: SyncState = { version: 1, finished: false, completed: [] }

/**
 * What the unfinished sync has completed. A stream that is missing at the destination is not complete, whatever the
 * state says.
 *
 * @throws CHECKPOINT_DAMAGED
 */
export function readSyncState(stored: StoredState): SyncState {
  const state = parseSyncState(stored)
  if (state === undefined || state.finished) return newSync
  const gone = new Set((stored.missing ?? []).map(streamKey))
  return { ...state, completed: state.completed.filter((key) => !gone.has(key)) }
}

/** Undefined when there is none. */
function parseSyncState({ checkpoints, damaged = [] }: StoredState): SyncState | undefined {
  const own = checkpoints.find(({ stream }) => isSyncStream(stream))
  if (own === undefined && !damaged.some(isSyncStream)) return undefined
  const parsed = syncStateSchema.safeParse(own?.state)
  if (!parsed.success) throw syncStateDamaged()
  return parsed.data
}

/** The checkpoints that are the source's own. */
export function sourceCheckpoints({ checkpoints }: Pick<StoredState, 'checkpoints'>): Checkpoint[] {
  return checkpoints.filter(({ stream }) => !isSyncStream(stream))
}

/**
 * What is stored beside that, whether or not the sync is finished: the replicated streams that the shared position speaks
 * for, and columns to be back-filled. Nothing where the state cannot be read.
 */
export function standingState({ checkpoints }: Pick<StoredState, 'checkpoints'>): Required<StandingState> {
  const own = checkpoints.find(({ stream }) => isSyncStream(stream))
  const { replicated = [], backfills = [] } = syncStateSchema.safeParse(own?.state).data ?? {}
  return { replicated, backfills }
}

type StandingState = Pick<SyncState, 'replicated' | 'backfills'>

/** The stored state, asking for these columns of a stream too. @throws CHECKPOINT_DAMAGED */
export function askingForBackfill(
  stored: StoredState,
  { stream, columns }: NonNullable<SyncState['backfills']>[number],
): SyncState {
  const state = parseSyncState(stored) ?? newSync
  const before = state.backfills ?? []
  const known = before.find((one) => one.stream === stream)?.columns ?? []
  const others = before.filter((one) => one.stream !== stream)
  return { ...state, backfills: [...others, { stream, columns: [...new Set([...known, ...columns])] }] }
}

/**
 * Those of the streams whose checkpoint is behind the shared position: the log was read on without them.
 */
export function streamsLeftBehind(
  streams: readonly ConfiguredStream[],
  stored: Pick<StoredState, 'checkpoints'>,
): ConfiguredStream[] {
  const has = (stream: StreamName) => stored.checkpoints.some((one) => streamKey(one.stream) === streamKey(stream))
  if (!has(sharedState)) return []
  const replicated = new Set(standingState(stored).replicated)
  return streams.filter((one) => arrivesAsChanges(one) && has(one.stream) && !replicated.has(streamKey(one.stream)))
}

export function isSyncStream(stream: StreamName): boolean {
  return streamKey(stream) === streamKey(syncStream)
}

function syncStateDamaged(): EclusaError {
  return new EclusaError('CHECKPOINT_DAMAGED', {
    message: `The checkpoint "${streamKey(syncStream)}", which tells what an unfinished sync has completed, cannot be read.`,
    remedy: 'Read all streams from their first row: `eclusa run --full-refresh`.',
  })
}

/** @see CHECKPOINT_DAMAGED */
export function checkpointDamaged(stream: StreamName): EclusaError {
  return new EclusaError('CHECKPOINT_DAMAGED', {
    message: `The checkpoint of stream ${streamKey(stream)} in the destination cannot be read.`,
    remedy: `Forget it and read the stream from its first row: \`${fullRefreshCommand(stream)}\`.`,
    details: { stream: streamKey(stream) },
  })
}

export function syncCheckpoint(state: SyncState): Checkpoint {
  return { stream: syncStream, state }
}

/** The streams that are still to be read: an incremental stream always, a full refresh unless this sync completed it. */
export function remainingStreams(catalog: ConfiguredCatalog, sync: SyncState): ConfiguredStream[] {
  return catalog.streams.filter(
    ({ syncMode, stream }) => syncMode === 'incremental' || !sync.completed.includes(streamKey(stream)),
  )
}
