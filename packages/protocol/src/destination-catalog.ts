import { z } from 'zod'
import { fieldPathSchema } from './catalog.ts'
import { jsonObjectSchema } from './json-value.ts'
import { destinationSyncModeSchema } from './sync-mode.ts'

/** One thing that can be done to an object of the destination, such as updating its contacts by e-mail address. */
export const destinationOperationSchema = z.looseObject({
  object_name: z.string(),
  sync_mode: destinationSyncModeSchema,
  json_schema: jsonObjectSchema,
  /** The fields by which a record can find the object that it changes. */
  matching_keys: z.array(fieldPathSchema).nullish(),
})
export type DestinationOperation = z.infer<typeof destinationOperationSchema>

/** The answer to `discover` of a destination that is an application and not a store of tables. */
export const destinationCatalogSchema = z.looseObject({
  operations: z.array(destinationOperationSchema),
})
export type DestinationCatalog = z.infer<typeof destinationCatalogSchema>
