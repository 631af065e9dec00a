import { streamKey } from '@eclusa/sdk'
import type { Checkpoint, ConfiguredCatalog, ConfiguredStream, StreamName } from '@eclusa/sdk'
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

export const newSync: SyncState = { version: 1, finished: false, completed: [] }

/**
 * Splits what the destination stored into the sync's state and the source's own checkpoints. A stream that is `missing`
 * there is not complete, whatever the state says.
 */
export function readSyncState(
  stored: readonly Checkpoint[],
  missing: readonly StreamName[] = [],
): {
  readonly sync: SyncState
  readonly checkpoints: Checkpoint[]
} {
  const own = stored.find(({ stream }) => streamKey(stream) === streamKey(syncStream))
  const state = own === undefined ? newSync : syncStateSchema.parse(own.state)
  const gone = new Set(missing.map(streamKey))
  return {
    sync: state.finished ? newSync : { ...state, completed: state.completed.filter((key) => !gone.has(key)) },
    checkpoints: stored.filter((checkpoint) => checkpoint !== own),
  }
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
