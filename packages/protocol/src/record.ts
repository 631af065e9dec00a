import { z } from 'zod'
import { jsonObjectSchema } from './json-value.ts'

/** What was done to a value on its way. */
export const recordChangeSchema = z.enum(['NULLED', 'TRUNCATED'])
export type RecordChange = z.infer<typeof recordChangeSchema>

/** Why a value was changed: the record or the field was too large, or could not be read, written or cast; and by whom. */
export const recordChangeReasonSchema = z.enum([
  'SOURCE_RECORD_SIZE_LIMITATION',
  'DESTINATION_RECORD_SIZE_LIMITATION',
  'PLATFORM_RECORD_SIZE_LIMITATION',
  'SOURCE_FIELD_SIZE_LIMITATION',
  'DESTINATION_FIELD_SIZE_LIMITATION',
  'PLATFORM_FIELD_SIZE_LIMITATION',
  'SOURCE_SERIALIZATION_ERROR',
  'DESTINATION_SERIALIZATION_ERROR',
  'PLATFORM_SERIALIZATION_ERROR',
  'SOURCE_RETRIEVAL_ERROR',
  'DESTINATION_TYPECAST_ERROR',
])
export type RecordChangeReason = z.infer<typeof recordChangeReasonSchema>

export const airbyteRecordMessageMetaChangeSchema = z.looseObject({
  field: z.string(),
  change: recordChangeSchema,
  reason: recordChangeReasonSchema,
})
export type AirbyteRecordMessageMetaChange = z.infer<typeof airbyteRecordMessageMetaChangeSchema>

export const airbyteRecordMessageMetaSchema = z.looseObject({
  changes: z.array(airbyteRecordMessageMetaChangeSchema).nullish(),
})
export type AirbyteRecordMessageMeta = z.infer<typeof airbyteRecordMessageMetaSchema>

/** The file that a record of a file-based stream describes. */
export const airbyteRecordMessageFileReferenceSchema = z.looseObject({
  /** Absolute path in the staging area. */
  staging_file_url: z.string().nullish(),
  source_file_relative_path: z.string().nullish(),
  file_size_bytes: z.int().nullish(),
})
export type AirbyteRecordMessageFileReference = z.infer<typeof airbyteRecordMessageFileReferenceSchema>

export const airbyteRecordMessageSchema = z.looseObject({
  stream: z.string(),
  namespace: z.string().nullish(),
  data: jsonObjectSchema,
  /** Milliseconds since 1970 at which the source emitted the record. */
  emitted_at: z.int(),
  meta: airbyteRecordMessageMetaSchema.nullish(),
  file_reference: airbyteRecordMessageFileReferenceSchema.nullish(),
})
export type AirbyteRecordMessage = z.infer<typeof airbyteRecordMessageSchema>
