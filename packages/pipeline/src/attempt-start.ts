import { arrivesAsChanges, sharedState, streamKey } from '@eclusa/sdk'
import type { Checkpoint, ConfiguredStream, StreamName } from '@eclusa/sdk'
import type { RunOptions } from './pipeline-options.ts'
import type { RunSelection } from './run-selection.ts'
import { matchesPattern } from './stream-selection.ts'
import {
  newSync,
  readSyncState,
  remainingStreams,
  sourceCheckpoints,
  standingState,
  streamsLeftBehind,
} from './sync-state.ts'
import type { StoredState, SyncState } from './sync-state.ts'
import type { Tally } from './tally.ts'

/** What an attempt of a run goes on from. */
export interface AttemptStart {
  readonly sync: SyncState
  readonly streams: readonly ConfiguredStream[]
  /** Of these streams, and what they share. */
  readonly checkpoints: readonly Checkpoint[]
  /** Keys of streams that the log was read on without. */
  readonly leftBehind: readonly string[]
  /** Streams that are left out, because their checkpoints cannot be read. */
  readonly damaged: readonly StreamName[]
}

export interface AttemptStartOptions {
  /** Without those that have failed. */
  readonly selection: Pick<RunSelection, 'streams' | 'companions'>
  readonly options: Pick<RunOptions, 'fullRefresh' | 'select' | 'follow'>
  /** What earlier attempts of the run have done. */
  readonly tally: Tally
}

/**
 * Decides what an attempt goes on from. A full refresh forgets the checkpoint of each stream until this run has begun it
 * durably, also when an attempt fails before. Whoever selects streams wants them read, whatever an unfinished sync has.
 *
 * @param stored what the destination has
 * @throws CHECKPOINT_DAMAGED, but not for what need not be known
 */
export function attemptStart(stored: StoredState, { selection, options, tally }: AttemptStartOptions): AttemptStart {
  const { fullRefresh, select: selected } = options
  const leftBehind = streamsLeftBehind(selection.streams, stored).map(({ stream }) => streamKey(stream))
  const isOwnSync = tally.hasCommitted || (fullRefresh !== true && selected === undefined)
  const sync = { ...(isOwnSync ? readSyncState(stored) : newSync), ...standingState(stored) }
  const usable = sourceCheckpoints(stored).filter(
    ({ stream }) => !leftBehind.includes(streamKey(stream)) && !isForgotten(stream, { options, tally }),
  )
  const damaged = damagedStreams(selection.streams, { stored, options })
  const whole = selection.streams.filter((one) => !damaged.includes(one.stream))
  const streams = streamsToRead(remainingStreams({ streams: whole }, sync), { selection, usable }).filter(
    // A run that follows reads once what cannot be followed, whatever its attempts.
    (one) => options.follow !== true || arrivesAsChanges(one) || !tally.isCompleted(one.stream),
  )
  return { sync, streams, checkpoints: checkpointsOf(streams, usable), leftBehind, damaged }
}

/** What the streams share is forgotten with all of them, and not with some. */
function isForgotten(
  stream: StreamName,
  { options: { fullRefresh, select: selected }, tally }: Pick<AttemptStartOptions, 'options' | 'tally'>,
): boolean {
  if (fullRefresh !== true || tally.isDurable(stream)) return false
  const key = streamKey(stream)
  if (selected === undefined) return true
  return key !== streamKey(sharedState) && selected.some((pattern) => matchesPattern(pattern, key))
}

/** A stream whose checkpoint cannot be read must not begin anew by itself: with `append` its rows would come twice. */
function damagedStreams(
  streams: readonly ConfiguredStream[],
  { stored: { damaged = [] }, options }: { readonly stored: StoredState } & Pick<AttemptStartOptions, 'options'>,
): StreamName[] {
  if (options.fullRefresh === true) return []
  const keys = new Set(damaged.map(streamKey))
  return streams.flatMap(({ stream }) => (keys.has(streamKey(stream)) ? [stream] : []))
}

/** Those that were not selected are read as far as they were read before. */
function streamsToRead(
  streams: readonly ConfiguredStream[],
  {
    selection: { companions },
    usable,
  }: Pick<AttemptStartOptions, 'selection'> & { readonly usable: readonly Checkpoint[] },
): ConfiguredStream[] {
  const stored = new Set(usable.map(({ stream }) => streamKey(stream)))
  return streams.filter(({ stream }) => !companions.has(streamKey(stream)) || stored.has(streamKey(stream)))
}

function checkpointsOf(streams: readonly ConfiguredStream[], checkpoints: readonly Checkpoint[]): Checkpoint[] {
  const wanted = new Set(streams.map(({ stream }) => streamKey(stream)))
  if (streams.some(arrivesAsChanges)) wanted.add(streamKey(sharedState))
  return checkpoints.filter((checkpoint) => wanted.has(streamKey(checkpoint.stream)))
}
