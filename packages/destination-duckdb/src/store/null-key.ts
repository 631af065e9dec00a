import type { Column, ConfiguredStream } from '@eclusa/sdk'
import { nullKey } from '@eclusa/warehouse/load'
import type { ColumnData } from '../chunk/column-data.ts'

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
