import { arrivesAsChanges, backfillCommand, fullRefreshCommand, streamKey } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'
import { isMetadataColumn } from './metadata-column.ts'
import type { TablePlan } from './table-plan.ts'

/** Columns of the stream that a table gets after its rows; versions of another column are not among them. */
export function lateColumns({ changes }: TablePlan): string[] {
  return changes.flatMap(({ kind, column, versionOf }) =>
    kind === 'add' && versionOf === undefined && !isMetadataColumn(column) ? [column] : [],
  )
}

/**
 * What is to be told of columns that a table with rows gets. A source that fills its own rows with a default changes none
 * of them as far as anybody can see from their cursor, so no later load brings these values.
 */
export function lateColumnNote(configured: ConfiguredStream, columns: readonly string[]): string {
  const names = columns.map((column) => `"${column}"`).join(', ')
  const are = columns.length === 1 ? `Column ${names} of` : `Columns ${names} of`
  const verb = columns.length === 1 ? 'is' : 'are'
  const key = streamKey(configured.stream)
  return `${are} stream ${key} ${verb} new: rows loaded before hold NULL there, even where the source has a value. ${remedyOf(configured, columns)}`
}

function remedyOf(configured: ConfiguredStream, columns: readonly string[]): string {
  const { stream, syncMode, destinationSyncMode } = configured
  const isMerged = arrivesAsChanges(configured) && destinationSyncMode === 'append_dedup'
  if (isMerged) return `To have them filled by the next run: \`${backfillCommand(stream, columns)}\`.`
  if (syncMode === 'incremental') return `To read them again, run \`${fullRefreshCommand(stream)}\`.`
  return destinationSyncMode === 'append' ? 'They belong to earlier refreshes.' : 'The next refresh reads them again.'
}
