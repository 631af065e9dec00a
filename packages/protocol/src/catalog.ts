import { z } from 'zod'
import { jsonObjectSchema } from './json-value.ts'
import { syncModeSchema } from './sync-mode.ts'

/** The way to a field: its name, or for a nested field the names from the outside in. */
export const fieldPathSchema = z.array(z.string())
export type FieldPath = z.infer<typeof fieldPathSchema>

export const airbyteStreamSchema = z.looseObject({
  name: z.string(),
  namespace: z.string().nullish(),
  /** JSON Schema (draft 7) of the records, with `airbyte_type` where `format` does not say enough. */
  json_schema: jsonObjectSchema,
  supported_sync_modes: z.array(syncModeSchema).min(1),
  /** True: the source chooses the cursor and ignores the user's. Required to be set where `is_resumable` is true. */
  source_defined_cursor: z.boolean().nullish(),
  default_cursor_field: fieldPathSchema.nullish(),
  source_defined_primary_key: z.array(fieldPathSchema).nullish(),
  /** True: a read that was interrupted goes on where it stopped, in a full refresh too. Absent means false. */
  is_resumable: z.boolean().nullish(),
  /** True: the records describe files. */
  is_file_based: z.boolean().nullish(),
})
export type AirbyteStream = z.infer<typeof airbyteStreamSchema>

/** The answer to `discover`. */
export const airbyteCatalogSchema = z.looseObject({
  streams: z.array(airbyteStreamSchema),
})
export type AirbyteCatalog = z.infer<typeof airbyteCatalogSchema>
