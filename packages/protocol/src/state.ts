import { z } from 'zod'
import { jsonObjectSchema } from './json-value.ts'
import { streamDescriptorSchema } from './stream-descriptor.ts'

/** STREAM: of one stream. GLOBAL: of all streams together. LEGACY: one object of the source's own shape. */
export const airbyteStateTypeSchema = z.enum(['STREAM', 'GLOBAL', 'LEGACY'])
export type AirbyteStateType = z.infer<typeof airbyteStateTypeSchema>

/** How many records belong to a state. Whole numbers that travel as JSON doubles: the writer writes 3 as `3.0`. */
export const airbyteStateStatsSchema = z.looseObject({
  recordCount: z.number().nullish(),
  rejectedRecordCount: z.number().nullish(),
})
export type AirbyteStateStats = z.infer<typeof airbyteStateStatsSchema>

/** `stream_state` is opaque to everybody but the source that made it. */
export const airbyteStreamStateSchema = z.looseObject({
  stream_descriptor: streamDescriptorSchema,
  stream_state: jsonObjectSchema.nullish(),
})
export type AirbyteStreamState = z.infer<typeof airbyteStreamStateSchema>

export const airbyteGlobalStateSchema = z.looseObject({
  shared_state: jsonObjectSchema.nullish(),
  stream_states: z.array(airbyteStreamStateSchema),
})
export type AirbyteGlobalState = z.infer<typeof airbyteGlobalStateSchema>

/** Any state may carry `data` too: sources of the transition to STREAM wrote both. */
const statePart = {
  data: jsonObjectSchema.nullish(),
  sourceStats: airbyteStateStatsSchema.nullish(),
  destinationStats: airbyteStateStatsSchema.nullish(),
}

/** A state without a type is LEGACY, as the protocol says. */
export const airbyteStateMessageSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('STREAM'), stream: airbyteStreamStateSchema, ...statePart }),
  z.looseObject({ type: z.literal('GLOBAL'), global: airbyteGlobalStateSchema, ...statePart }),
  z.looseObject({ type: z.literal('LEGACY').nullish(), ...statePart }),
])
export type AirbyteStateMessage = z.infer<typeof airbyteStateMessageSchema>
