import { streamKey } from '@eclusa/sdk'
import type { Backfill, ReadRequest, SourceMessage } from '@eclusa/sdk'
import type { PostgresConfig } from './config.ts'
import { connectionSettings } from './connection/connection-settings.ts'
import { openSession } from './connection/session.ts'
import { readSnapshotTime } from './copy/exported-snapshot.ts'
import { readFilledColumns } from './copy/filled-columns.ts'
import type { RowFilters } from './copy/row-filter.ts'
import { ReadRun } from './read-run.ts'
import type { LogReading } from './replication/change-follower.ts'
import { takeCopyPoint } from './replication/copy-point.ts'
import type { Lsn } from './replication/lsn.ts'
import { openWalsender } from './replication/replication-server.ts'
import type { ReplicationSettings } from './replication/replication-settings.ts'
import { resolveStreams } from './source-stream.ts'
import type { SourceStream } from './source-stream.ts'

/*
 * Reading columns of replicated streams again, in all rows.
 *
 *   1. All is read that was in the log when the run began: from here on, not much of it lies between it and its end.
 *   2. A temporary slot gives a snapshot and its place P in the log (copy-point.ts), and the log is read up to P. Now the
 *      destination has the rows that the snapshot shows, each as it is there but for the columns.
 *   3. Key and columns are read in the snapshot, and sent as updates at P.
 *   4. The log is read on from P: what changes later stands later in the log, and wins.
 *
 * Why the log has to be read up to P before: an update at P takes the place of older rows, and changes before P that came
 * after it would be taken for old. And why not beyond P: a change there may leave a large value out because it has not
 * changed, and would find nothing that it could stay.
 */

type Messages = AsyncGenerator<SourceMessage, void, undefined>

export interface BackfillOptions {
  readonly request: ReadRequest<PostgresConfig>
  readonly settings: ReplicationSettings
  /** The streams that are followed. */
  readonly followed: readonly { readonly source: SourceStream; readonly rowFilters: RowFilters }[]
}

/** Yields the columns that the request asks for; to be called when all is read that was in the log at the start. */
export async function* readBackfills({ request, settings, followed }: BackfillOptions, log: LogReading): Messages {
  const { run, position } = await openAtCopyPoint(request, settings)
  await using _ = run
  yield* log.readTo(position)
  if (isStopped(request)) return
  const at = { position, atUs: await readSnapshotTime(run.coordinator) }
  for (const backfill of request.backfills ?? []) {
    const { source, rowFilters } = followed.find(({ source: { key } }) => key === streamKey(backfill.stream))!
    const [stream] = await resolveStreams(run.coordinator, [source.configured], run)
    const columns = presentColumns(stream!, backfill, request)
    for await (const batch of readFilledColumns(run, { stream: stream!, columns, rowFilters, at })) {
      yield batch === null ? { type: 'checkpoint', checkpoints: [log.checkpoint()] } : { type: 'batch', batch }
      if (batch === null && isStopped(request)) return
    }
    yield { type: 'stream_backfilled', stream: backfill.stream }
  }
  yield { type: 'checkpoint', checkpoints: [log.checkpoint()], isCaughtUp: true }
}

function isStopped({ stopSignal }: Pick<ReadRequest<PostgresConfig>, 'stopSignal'>): boolean {
  return stopSignal?.aborted === true
}

/** A column may have gone, or be published no longer, since it was asked for. */
function presentColumns(
  { configured, key }: SourceStream,
  { columns }: Backfill,
  { log }: Pick<ReadRequest<PostgresConfig>, 'log'>,
): string[] {
  const isPresent = (column: string) => configured.schema.columns.some(({ name }) => name === column)
  const gone = columns.filter((column) => !isPresent(column))
  if (gone.length > 0) {
    log.warn('Columns that were to be back-filled are not in the table any more, or not published.', {
      stream: key,
      columns: gone,
    })
  }
  return columns.filter(isPresent)
}

async function openAtCopyPoint(
  { config, budget, signal, log }: ReadRequest<PostgresConfig>,
  { slot }: ReplicationSettings,
): Promise<{ run: ReadRun; position: Lsn }> {
  const connection = connectionSettings(config)
  await using control = await openSession(connection, signal)
  const walsender = await openWalsender(connection, signal)
  try {
    const { snapshotId, position } = await takeCopyPoint({ walsender, control, log }, slot)
    return { run: await ReadRun.open({ config, budget, signal, log, snapshotId }), position }
  } finally {
    // The snapshot is adopted, and with the connection the temporary slot goes.
    await walsender.close()
  }
}
