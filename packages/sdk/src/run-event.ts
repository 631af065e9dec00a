import { z } from 'zod'

/**
 * What a run tells about itself: schema-first and versioned, because consoles, metrics and lineage will read stored
 * events of older versions. Counts are totals since the start of the run (of the stream, in stream events).
 * `bytes` are Arrow bytes.
 */
const streamNameSchema = z.object({ namespace: z.string().exactOptional(), name: z.string() })

const stepNodeEventSchema = z.object({
  /** `model`, `test`, `seed`, … */
  nodeType: z.string(),
  node: z.string(),
  status: z.enum(['started', 'succeeded', 'warned', 'failed', 'skipped']),
  durationMs: z.number().optional(),
  rows: z.number().optional(),
  message: z.string().optional(),
})
/** What a step tells of one of its units of work: a model, a test, a file. */
export type StepNodeEvent = z.infer<typeof stepNodeEventSchema>

const eventBase = { version: z.literal(1), at: z.iso.datetime(), pipeline: z.string(), runId: z.string() }
const counts = { rows: z.number(), bytes: z.number() }
const failure = z.object({
  code: z.string(),
  failureType: z.enum(['config_error', 'transient_error', 'system_error']),
  message: z.string(),
  remedy: z.string(),
})
/** Why a run failed, as a stored event tells it. */
export type RunFailure = z.infer<typeof failure>

/** Validates an event of a run, also a stored one. */
export const runEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run_started'),
    ...eventBase,
    streams: z.array(streamNameSchema),
    steps: z.array(z.string()),
    /** True when the run goes on until it is told to stop. Default: false. */
    follow: z.boolean().optional(),
  }),
  z.object({
    type: z.literal('stream_started'),
    ...eventBase,
    stream: streamNameSchema,
    rowsEstimated: z.number().optional(),
    bytesEstimated: z.number().optional(),
    resumed: z.boolean(),
  }),
  z.object({ type: z.literal('stream_restarted'), ...eventBase, stream: streamNameSchema, reason: z.string() }),
  z.object({ type: z.literal('stream_progress'), ...eventBase, stream: streamNameSchema, ...counts }),
  z.object({
    type: z.literal('stream_completed'),
    ...eventBase,
    stream: streamNameSchema,
    ...counts,
    unrepresentable: z.number(),
    durationMs: z.number(),
  }),
  z.object({
    type: z.literal('committed'),
    ...eventBase,
    sequence: z.number(),
    ...counts,
    durationMs: z.number(),
    streams: z.array(streamNameSchema),
    /** Of a source that replicates: how far it was behind its server, how old its last change was, at this commit. */
    lag: z.object({ bytes: z.number().optional(), ms: z.number() }).optional(),
  }),
  /** How a following run stands at the server, asked now and then. Not stored. */
  z.object({
    type: z.literal('lag'),
    ...eventBase,
    /** Of the server's log after what is durable. */
    bytes: z.number(),
    /** Of the server's log that it keeps for the run. */
    retainedBytes: z.number().optional(),
  }),
  /** A following run has read all that was there at its start: from now on it only follows. */
  z.object({ type: z.literal('caught_up'), ...eventBase, ...counts, durationMs: z.number() }),
  z.object({ type: z.literal('step_started'), ...eventBase, step: z.string() }),
  z.object({ type: z.literal('step_node'), ...eventBase, step: z.string(), ...stepNodeEventSchema.shape }),
  z.object({
    type: z.literal('step_completed'),
    ...eventBase,
    step: z.string(),
    status: z.enum(['succeeded', 'warned', 'failed']),
    summary: z.string(),
    durationMs: z.number(),
  }),
  z.object({
    type: z.literal('log'),
    ...eventBase,
    level: z.enum(['debug', 'info', 'warn', 'error']),
    message: z.string(),
    fields: z.record(z.string(), z.unknown()),
    /** `connector`: a warning of the source or the destination, which stands in the log too. Absent: the run's own. */
    origin: z.literal('connector').exactOptional(),
  }),
  z.object({
    type: z.literal('run_completed'),
    ...eventBase,
    status: z.enum(['succeeded', 'partial', 'failed', 'cancelled']),
    ...counts,
    unrepresentable: z.number(),
    durationMs: z.number(),
    failure: failure.optional(),
  }),
])
/** An event of a run, told apart by `type`. */
export type RunEvent = z.infer<typeof runEventSchema>
