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
 */
const syncStream: StreamName = { namespace: '_eclusa', name: 'sync' }

const syncStateSchema = z.object({
  version: z.literal(1),
  finished: z.boolean(),
  /** Keys of the full-refresh streams that this sync has completed. */
  completed: z.array(z.string()),
  /** Keys of the replicated streams whose changes are all read, up to the shared position. Absent: none. */
  replicated: z.array(z.string()).exactOptional(),
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
export function readSyncState({ checkpoints, missing = [], damaged = [] }: StoredState): SyncState {
  const own = checkpoints.find(({ stream }) => isSyncStream(stream))
  if (own === undefined && !damaged.some(isSyncStream)) return newSync
  const parsed = syncStateSchema.safeParse(own?.state)
  if (!parsed.success) throw syncStateDamaged()
  const gone = new Set(missing.map(streamKey))
  const { finished, completed } = parsed.data
  return finished ? newSync : { ...parsed.data, completed: completed.filter((key) => !gone.has(key)) }
}

/** The checkpoints that are the source's own. */
export function sourceCheckpoints({ checkpoints }: Pick<StoredState, 'checkpoints'>): Checkpoint[] {
  return checkpoints.filter(({ stream }) => !isSyncStream(stream))
}

/** Keys of the replicated streams that the shared position speaks for; none where the state cannot be read. */
export function replicatedStreams({ checkpoints }: Pick<StoredState, 'checkpoints'>): readonly string[] {
  const own = checkpoints.find(({ stream }) => isSyncStream(stream))
  return syncStateSchema.safeParse(own?.state).data?.replicated ?? []
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
  const replicated = new Set(replicatedStreams(stored))
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
