import { EclusaError, streamKey } from '@eclusa/sdk'
import type { Column, ConfiguredStream } from '@eclusa/sdk'
import type { ColumnData } from '../chunk/column-data.ts'

/*
 * NULL says that a value is not known, so rows with NULL in their key may be one row or many. Merged as if NULL equalled
 * NULL, many become one and the others are lost; kept apart, each reading of a row adds it once more. Primary keys have no
 * NULL, so only a key that a person chose can: such a stream stops, and loses nothing.
 */

/** @throws KEY_VALUE_NULL when rows on their way to a merge have NULL in a column of their key. */
export function refuseNullKeys(
  configured: ConfiguredStream,
  columns: readonly Column[],
  data: readonly ColumnData[],
): void {
  if (configured.destinationSyncMode !== 'append_dedup') return
  const index = columns.findIndex(({ name }, at) => configured.primaryKey.includes(name) && data[at]!.nullCount > 0)
  if (index >= 0) throw nullKey(configured, columns[index]!.name)
}

export function nullKey({ stream }: ConfiguredStream, column: string): EclusaError {
  return new EclusaError('KEY_VALUE_NULL', {
    message: `Key column "${column}" of stream ${streamKey(stream)} is NULL in some rows, so that they cannot be told apart.`,
    details: { stream: streamKey(stream), column },
  })
}
