import { z } from 'zod'
import { streamDescriptorSchema } from './stream-descriptor.ts'

/** Mend the configuration, try again, or report a fault of the program. */
export const failureTypeSchema = z.enum(['system_error', 'config_error', 'transient_error'])
export type FailureType = z.infer<typeof failureTypeSchema>

export const airbyteErrorTraceMessageSchema = z.looseObject({
  /** For the user: what is the cause. */
  message: z.string(),
  /** For the developer: the error that was behind it. */
  internal_message: z.string().nullish(),
  stack_trace: z.string().nullish(),
  failure_type: failureTypeSchema.nullish(),
  stream_descriptor: streamDescriptorSchema.nullish(),
})
export type AirbyteErrorTraceMessage = z.infer<typeof airbyteErrorTraceMessageSchema>

/** Of one stream or of the whole sync. A sync has estimates of one kind only. */
export const estimateTypeSchema = z.enum(['STREAM', 'SYNC'])
export type EstimateType = z.infer<typeof estimateTypeSchema>

export const airbyteEstimateTraceMessageSchema = z.looseObject({
  name: z.string(),
  type: estimateTypeSchema,
  namespace: z.string().nullish(),
  row_estimate: z.int().nullish(),
  byte_estimate: z.int().nullish(),
})
export type AirbyteEstimateTraceMessage = z.infer<typeof airbyteEstimateTraceMessageSchema>

/** STARTED: nothing read yet. RUNNING: the first record was read. COMPLETE and INCOMPLETE: the end, good or bad. */
export const airbyteStreamStatusSchema = z.enum(['STARTED', 'RUNNING', 'COMPLETE', 'INCOMPLETE'])
export type AirbyteStreamStatus = z.infer<typeof airbyteStreamStatusSchema>

export const airbyteStreamStatusReasonTypeSchema = z.enum(['RATE_LIMITED'])
export type AirbyteStreamStatusReasonType = z.infer<typeof airbyteStreamStatusReasonTypeSchema>

export const airbyteStreamStatusReasonSchema = z.looseObject({
  type: airbyteStreamStatusReasonTypeSchema,
  rate_limited: z
    .looseObject({
      /** Milliseconds since 1970 at which the quota of the API begins anew. */
      quota_reset: z.int().nullish(),
    })
    .nullish(),
})
export type AirbyteStreamStatusReason = z.infer<typeof airbyteStreamStatusReasonSchema>

export const airbyteStreamStatusTraceMessageSchema = z.looseObject({
  stream_descriptor: streamDescriptorSchema,
  status: airbyteStreamStatusSchema,
  reasons: z.array(airbyteStreamStatusReasonSchema).nullish(),
})
export type AirbyteStreamStatusTraceMessage = z.infer<typeof airbyteStreamStatusTraceMessageSchema>

/** How the connector is used. `type` is a fixed name, never one that is put together at run time. */
export const airbyteAnalyticsTraceMessageSchema = z.looseObject({
  type: z.string(),
  value: z.string().nullish(),
})
export type AirbyteAnalyticsTraceMessage = z.infer<typeof airbyteAnalyticsTraceMessageSchema>

/** Milliseconds since 1970; the protocol allows a fraction here. */
const emittedAt = { emitted_at: z.number() }

/** The protocol's YAML leaves the payload optional; a trace without the payload of its type says nothing and is refused. */
export const airbyteTraceMessageSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('ERROR'), error: airbyteErrorTraceMessageSchema, ...emittedAt }),
  z.looseObject({ type: z.literal('ESTIMATE'), estimate: airbyteEstimateTraceMessageSchema, ...emittedAt }),
  z.looseObject({
    type: z.literal('STREAM_STATUS'),
    stream_status: airbyteStreamStatusTraceMessageSchema,
    ...emittedAt,
  }),
  z.looseObject({ type: z.literal('ANALYTICS'), analytics: airbyteAnalyticsTraceMessageSchema, ...emittedAt }),
])
export type AirbyteTraceMessage = z.infer<typeof airbyteTraceMessageSchema>
export type AirbyteTraceType = AirbyteTraceMessage['type']
