import { EclusaError, arrivesAsChanges, closestName, streamKey } from '@eclusa/sdk'
import type { ConfiguredStream, ConnectorContext } from '@eclusa/sdk'
import type { PipelineSettings } from './pipeline-options.ts'
import { selectionInvalid } from './resolve-catalog.ts'
import type { PresentStreams } from './resolve-catalog.ts'
import { askingForBackfill, standingState, syncCheckpoint } from './sync-state.ts'

/** True of a stream whose rows can be found again by their key, and whose changes say where in the log they stand. */
export function isBackfillable(stream: ConfiguredStream): boolean {
  return arrivesAsChanges(stream) && stream.destinationSyncMode === 'append_dedup'
}

export interface BackfillParts {
  readonly settings: PipelineSettings
  readonly configure: (signal?: AbortSignal) => Promise<PresentStreams>
  readonly context: ConnectorContext
}

/**
 * Asks the next run to read columns of a stream again in all rows. What is asked for is a part of the pipeline's own
 * checkpoint, so that it is done in the very transaction that does not ask for it any more.
 *
 * @throws STREAM_SELECTION_INVALID, BACKFILL_IMPOSSIBLE; DESTINATION_BUSY while a run goes on.
 */
export async function askForBackfill(parts: BackfillParts, name: string, columns: readonly string[]): Promise<void> {
  const { settings, configure, context } = parts
  const { source, destination, name: pipeline } = settings
  const { streams } = await configure(context.signal)
  const stream = streams.find((one) => streamKey(one.stream) === name)
  if (stream === undefined)
    throw selectionInvalid([
      unknown(
        'stream',
        name,
        streams.map((one) => streamKey(one.stream)),
      ),
    ])
  if (source.canBackfill !== true) throw impossible(name, `the source "${source.name}" cannot do that`)
  assertBackfillable(stream, columns)
  await using session = await destination.open({
    catalog: { streams: [] },
    pipeline,
    runId: 'backfill',
    bytesMax: settings.memoryBytesMax / 2,
    ...context,
  })
  const isRead = session.checkpoints.some((one) => streamKey(one.stream) === name)
  if (!isRead || !standingState(session).replicated.includes(name)) {
    throw impossible(
      name,
      'it has not been copied yet, or is marked for a fresh copy: the next run reads all its columns',
    )
  }
  await session.commit([syncCheckpoint(askingForBackfill(session, { stream: name, columns: [...columns] }))])
}

function assertBackfillable(stream: ConfiguredStream, columns: readonly string[]): void {
  const key = streamKey(stream.stream)
  const names = stream.schema.columns.map(({ name }) => name)
  const faults = columns.filter((column) => !names.includes(column)).map((column) => unknown('column', column, names))
  if (faults.length > 0) throw selectionInvalid(faults)
  if (!arrivesAsChanges(stream)) throw impossible(key, 'it is not replicated')
  if (!isBackfillable(stream)) {
    throw impossible(
      key,
      'it is a history (`append`), whose rows say what changed: a value that was read later is none of it',
    )
  }
  const ofKey = columns.find((column) => stream.primaryKey.includes(column))
  if (ofKey !== undefined) throw impossible(key, `"${ofKey}" is a column of its key, by which rows are found`)
}

function unknown(what: string, name: string, known: readonly string[]): string {
  const closest = closestName(name, known)
  return `there is no ${what} "${name}"${closest === undefined ? '' : `; the closest is "${closest}"`}`
}

function impossible(stream: string, why: string): EclusaError {
  return new EclusaError('BACKFILL_IMPOSSIBLE', {
    message: `Columns of stream ${stream} cannot be back-filled: ${why}.`,
    details: { stream },
  })
}
