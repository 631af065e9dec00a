import { EclusaError, arrivesAsChanges, sharedState, streamKey } from '@eclusa/sdk'
import type {
  Checkpoint,
  ConfiguredStream,
  ConnectorContext,
  DestinationSyncMode,
  ReplicationStatus,
  StoredProgress,
  StreamName,
} from '@eclusa/sdk'
import type { PipelineSettings } from './pipeline-options.ts'
import type { PresentStreams } from './resolve-catalog.ts'
import { assertAllMatch } from './run-selection.ts'
import { matchesPattern } from './stream-selection.ts'
import { isSyncStream, sourceCheckpoints, standingState, streamsLeftBehind } from './sync-state.ts'

/** How one stream stands. */
export interface StreamStatus {
  readonly stream: string
  /** `cursor`: what is new by a cursor, or by what the source itself knows. `unknown`: the source cannot be asked. */
  readonly mode: 'replicated' | 'cursor' | 'full_refresh' | 'unknown'
  readonly destinationSyncMode?: DestinationSyncMode
  /** Its table at the destination; absent before there is one. */
  readonly table?: string
  /**
   * `new`: nothing is read yet, or it is marked for a fresh copy. `copying`: its table copy is not complete.
   * `replicating`: its changes are read. `left_behind`: the log was read on without it; the next run copies it anew.
   * `read`: for all other streams, something of it was read.
   */
  readonly phase: 'new' | 'copying' | 'replicating' | 'left_behind' | 'read'
  /** The last commit that had rows of it, milliseconds since 1970. */
  readonly lastRowsAtMs?: number
}

/** How a pipeline stands, running or not. */
export interface PipelineStatus {
  readonly pipeline: string
  /** Present when the source is configured to replicate and can be asked. */
  readonly replication?: ReplicationStatus
  readonly lastCommit?: NonNullable<StoredProgress['lastCommit']>
  readonly streams: readonly StreamStatus[]
  /** Why the source could not be asked. */
  readonly sourceError?: EclusaError
}

export interface PipelineStatusOptions {
  readonly signal?: AbortSignal
  /** What the destination holds, where somebody else has asked it: the process that has it open. Default: it is asked. */
  readonly stored?: StoredProgress
}

interface StatusParts {
  readonly settings: PipelineSettings
  readonly configure: (signal?: AbortSignal) => Promise<PresentStreams>
  readonly context: ConnectorContext
}

/** @throws CONFIG_INVALID when the destination cannot tell what it holds; whatever opening it throws. */
export async function pipelineStatus(parts: StatusParts, given: StoredProgress | undefined): Promise<PipelineStatus> {
  const { settings, context } = parts
  const stored = given ?? (await storedProgress(settings, context))
  const asked = await askSource(parts, stored)
  return {
    pipeline: settings.name,
    ...(stored.lastCommit === undefined ? {} : { lastCommit: stored.lastCommit }),
    ...asked,
  }
}

export async function storedProgress(settings: PipelineSettings, context: ConnectorContext): Promise<StoredProgress> {
  const { destination, name } = settings
  if (destination.progress !== undefined) return await destination.progress({ ...context, pipeline: name })
  throw new EclusaError('CONFIG_INVALID', {
    message: `The destination "${destination.name}" cannot tell what it holds of earlier runs.`,
  })
}

async function askSource(
  { settings, configure, context }: StatusParts,
  stored: StoredProgress,
): Promise<Pick<PipelineStatus, 'streams' | 'replication' | 'sourceError'>> {
  try {
    const checkpoints = sourceCheckpoints(stored)
    const [{ streams }, replication] = await Promise.all([
      configure(context.signal),
      settings.source.replication?.status({ ...context, checkpoints }),
    ])
    return {
      streams: configuredStatuses(streams, stored, replication),
      ...(replication === undefined ? {} : { replication }),
    }
  } catch (error) {
    if (!EclusaError.isInstance(error) || error.code === 'CANCELLED') throw error
    return { streams: storedStatuses(stored), sourceError: error }
  }
}

function configuredStatuses(
  streams: readonly ConfiguredStream[],
  stored: StoredProgress,
  replication: ReplicationStatus | undefined,
): StreamStatus[] {
  const leftBehind = new Set(streamsLeftBehind(streams, stored).map(({ stream }) => streamKey(stream)))
  const phases = new Map(replication?.streams.map(({ stream, phase }) => [streamKey(stream), phase]))
  return streams.map((one) => {
    const key = streamKey(one.stream)
    const isReplicated = arrivesAsChanges(one)
    const isRead = stored.checkpoints.some(({ stream }) => streamKey(stream) === key)
    const replicatedPhase = leftBehind.has(key) ? 'left_behind' : (phases.get(key) ?? 'replicating')
    return {
      stream: key,
      mode: isReplicated ? 'replicated' : one.syncMode === 'incremental' ? 'cursor' : 'full_refresh',
      destinationSyncMode: one.destinationSyncMode,
      phase: !isRead ? 'new' : isReplicated ? replicatedPhase : 'read',
      ...tableOf(stored, key),
    }
  })
}

/** What can be told without the source. */
function storedStatuses(stored: StoredProgress): StreamStatus[] {
  return stored.streams.map(({ stream }) => {
    const key = streamKey(stream)
    const isRead = stored.checkpoints.some((checkpoint) => streamKey(checkpoint.stream) === key)
    return { stream: key, mode: 'unknown', phase: isRead ? 'read' : 'new', ...tableOf(stored, key) }
  })
}

function tableOf({ streams }: StoredProgress, key: string): Pick<StreamStatus, 'table' | 'lastRowsAtMs'> {
  const found = streams.find(({ stream }) => streamKey(stream) === key)
  if (found === undefined) return {}
  const { table, lastRowsAtMs } = found
  return { table, ...(lastRowsAtMs === undefined ? {} : { lastRowsAtMs }) }
}

/**
 * Marks streams for a fresh copy in the next run, by forgetting their checkpoints: those that are named, else all that are
 * replicated. The position in the source's log stays
 * as long as there is a replicated stream that needs it: when all are marked, it goes too, so that the source may begin
 * with a new one (the repair of a lost slot).
 *
 * @returns keys of the streams that were marked.
 * @throws STREAM_SELECTION_INVALID when a pattern selects no stream that has been read; DESTINATION_BUSY while a run goes on.
 */
export async function markForCopy(
  settings: PipelineSettings,
  patterns: readonly string[] | undefined,
  context: ConnectorContext,
): Promise<readonly string[]> {
  const { destination, name } = settings
  const stored = await storedProgress(settings, context)
  const known = streamCheckpoints(stored)
  if (patterns !== undefined) assertAllMatch(patterns, known.map(streamKey))
  const { replicated } = standingState(stored)
  const isChosen = (key: string) =>
    patterns === undefined ? replicated.includes(key) : patterns.some((pattern) => matchesPattern(pattern, key))
  const chosen = known.filter((stream) => isChosen(streamKey(stream)))
  const isShared = replicated.some((key) => !isChosen(key))
  const streams = isShared ? chosen : [...chosen, sharedState]
  if (destination.forgetCheckpoints === undefined) {
    throw new EclusaError('CONFIG_INVALID', {
      message: `The destination "${destination.name}" cannot forget checkpoints.`,
    })
  }
  await destination.forgetCheckpoints({ ...context, pipeline: name, streams })
  return chosen.map(streamKey)
}

function streamCheckpoints({ checkpoints }: { readonly checkpoints: readonly Checkpoint[] }): StreamName[] {
  return checkpoints
    .map(({ stream }) => stream)
    .filter((stream) => !isSyncStream(stream) && streamKey(stream) !== streamKey(sharedState))
}
