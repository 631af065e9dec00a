import { z } from 'zod'
import { airbyteStreamSchema, fieldPathSchema } from './catalog.ts'
import { destinationSyncModeSchema, syncModeSchema } from './sync-mode.ts'

/**
 * A stream as the user chose it. The three ids belong to refreshes: where they are absent or null, the platform has
 * none, no id is written beside the rows, and nothing of an older generation is deleted.
 */
export const configuredAirbyteStreamSchema = z.looseObject({
  stream: airbyteStreamSchema,
  sync_mode: syncModeSchema,
  destination_sync_mode: destinationSyncModeSchema,
  /** Required when `sync_mode` is incremental, unless the source defines the cursor. */
  cursor_field: fieldPathSchema.nullish(),
  /** Required when `destination_sync_mode` is append_dedup. */
  primary_key: z.array(fieldPathSchema).nullish(),
  destination_object_name: z.string().nullish(),
  /** Grows whenever the data is to be replaced. */
  generation_id: z.int().nullish(),
  /** Rows of a generation below this one are deleted; 0 deletes nothing. */
  minimum_generation_id: z.int().nullish(),
  /** Grows with each sync. */
  sync_id: z.int().nullish(),
  /** For a file-based stream: whether the files travel with the records. */
  include_files: z.boolean().nullish(),
})
export type ConfiguredAirbyteStream = z.infer<typeof configuredAirbyteStreamSchema>

/** What `read` and `write` get as `--catalog`. */
export const configuredAirbyteCatalogSchema = z.looseObject({
  streams: z.array(configuredAirbyteStreamSchema),
})
export type ConfiguredAirbyteCatalog = z.infer<typeof configuredAirbyteCatalogSchema>
