import { EclusaError, fullRefreshCommand, streamKey } from '@eclusa/sdk'
import type { Checkpoint, ConfiguredCatalog, ConfiguredStream, DestinationSession, StreamName } from '@eclusa/sdk'
import { z } from 'zod'

/*
 * A sync is the refresh of every stream, possibly over several runs: a run that was killed is followed by one that
 * goes on. Which full refreshes the unfinished sync has already completed is committed like any checkpoint, under a
 * stream name that no source can have. So they are not read a second time, and a finished sync starts all anew.
 */
const syncStream: StreamName = { namespace: '_eclusa', name: 'sync' }

const syncStateSchema = z.object({
  version: z.literal(1),
  finished: z.boolean(),
  /** Keys of the full-refresh streams that this sync has completed. */
  completed: z.array(z.string()),
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
export function sourceCheckpoints({ checkpoints }: StoredState): Checkpoint[] {
  return checkpoints.filter(({ stream }) => !isSyncStream(stream))
}

function isSyncStream(stream: StreamName): boolean {
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
