import type { ColumnType } from '@eclusa/sdk'

/** What every row carries beside its data, after Airbyte's names. */
export type MetadataColumnName =
  | '_airbyte_raw_id'
  | '_airbyte_extracted_at'
  | '_airbyte_meta'
  | '_airbyte_generation_id'

export interface MetadataColumn {
  readonly name: MetadataColumnName
  readonly type: ColumnType
}

/** In the order in which they follow the data. */
export const metadataColumns: readonly MetadataColumn[] = [
  { name: '_airbyte_raw_id', type: { type: 'uuid' } },
  { name: '_airbyte_extracted_at', type: { type: 'timestamptz' } },
  { name: '_airbyte_meta', type: { type: 'json' } },
  { name: '_airbyte_generation_id', type: { type: 'int64' } },
]
