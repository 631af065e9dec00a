import { arrivesAsChanges } from '@eclusa/sdk'
import type { ColumnType, ConfiguredStream } from '@eclusa/sdk'
import { foldCase } from './table-rules.ts'

/** What every row carries beside its data, after Airbyte's names. */
export type RowColumnName = '_airbyte_raw_id' | '_airbyte_extracted_at' | '_airbyte_meta' | '_airbyte_generation_id'

/** What a row of a replicated stream carries too: where in the source's log its change stands. */
export type ChangeColumnName = '_ab_cdc_lsn' | '_ab_cdc_order' | '_ab_cdc_updated_at' | '_ab_cdc_deleted_at'

export type MetadataColumnName = RowColumnName | ChangeColumnName

export interface MetadataColumn {
  readonly name: MetadataColumnName
  readonly type: ColumnType
}

/** In the order in which they follow the data. */
export const rowColumns: readonly MetadataColumn[] = [
  { name: '_airbyte_raw_id', type: { type: 'uuid' } },
  { name: '_airbyte_extracted_at', type: { type: 'timestamptz' } },
  { name: '_airbyte_meta', type: { type: 'json' } },
  { name: '_airbyte_generation_id', type: { type: 'int64' } },
]

const changeColumns: readonly MetadataColumn[] = [
  { name: '_ab_cdc_lsn', type: { type: 'int64' } },
  { name: '_ab_cdc_order', type: { type: 'int32' } },
  { name: '_ab_cdc_updated_at', type: { type: 'timestamptz' } },
  { name: '_ab_cdc_deleted_at', type: { type: 'timestamptz' } },
]

/** What eclusa adds to the columns of a stream, in order. */
export function metadataColumnsOf(configured: ConfiguredStream): readonly MetadataColumn[] {
  return arrivesAsChanges(configured) ? [...changeColumns, ...rowColumns] : rowColumns
}

const names = new Set<string>([...changeColumns, ...rowColumns].map(({ name }) => name))

/** True also of a column that the stream had under another mode. */
export function isMetadataColumn(name: string): boolean {
  return names.has(foldCase(name))
}
