import type { SqlValue, StoredProgress } from '@eclusa/sdk'
import { z } from 'zod'

/*
 * What is said on the socket of a process that holds a database file: one JSON document per line, one request per
 * connection, any number of replies, the last of them `end` or `error`.
 */

export const requestSchema = z.discriminatedUnion('request', [
  z.object({ version: z.literal(1), request: z.literal('query'), sql: z.string() }),
  z.object({ version: z.literal(1), request: z.literal('status'), pipeline: z.string() }),
])
export type SocketRequest = z.infer<typeof requestSchema>

const plainValueSchema = z.union([z.null(), z.boolean(), z.number(), z.string()])
/** What JSON has no exact form for. */
const taggedValueSchema = z.union([
  z.strictObject({ integer: z.string() }),
  z.strictObject({ float: z.string() }),
  z.strictObject({ bytes: z.string() }),
])
const valueSchema = z.union([plainValueSchema, taggedValueSchema])
export type SocketValue = z.infer<typeof valueSchema>

const streamNameSchema = z.object({ namespace: z.string().exactOptional(), name: z.string() })
const storedProgressSchema: z.ZodType<StoredProgress> = z.object({
  checkpoints: z.array(z.object({ stream: streamNameSchema, state: z.record(z.string(), z.json()) })),
  lastCommit: z
    .object({ sequence: z.number(), rows: z.number(), bytes: z.number(), runId: z.string(), atMs: z.number() })
    .exactOptional(),
  streams: z.array(z.object({ stream: streamNameSchema, table: z.string(), lastRowsAtMs: z.number().exactOptional() })),
})

const followStatusSchema = z.object({
  pid: z.number(),
  pipeline: z.string(),
  runId: z.string(),
  startedAtMs: z.number(),
  hasCaughtUp: z.boolean(),
  /** Since the start. */
  rows: z.number(),
  bytes: z.number(),
  /** Of late. */
  rowsPerSecond: z.number(),
  bytesPerSecond: z.number(),
  lastCommitAtMs: z.number().exactOptional(),
  lag: z.object({ bytes: z.number().exactOptional(), ms: z.number().exactOptional() }),
})
/** How a run that follows is doing, as its own process tells. */
export type FollowStatus = z.infer<typeof followStatusSchema>

export const replySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('columns'), columns: z.array(z.object({ name: z.string(), type: z.string() })) }),
  z.object({ type: z.literal('rows'), rows: z.array(z.array(valueSchema)) }),
  z.object({ type: z.literal('status'), follow: followStatusSchema, stored: storedProgressSchema }),
  z.object({ type: z.literal('end') }),
  z.object({
    type: z.literal('error'),
    code: z.string(),
    failureType: z.enum(['config_error', 'transient_error', 'system_error']),
    message: z.string(),
    remedy: z.string(),
  }),
])
export type SocketReply = z.infer<typeof replySchema>

export function encodeValue(value: SqlValue): SocketValue {
  if (typeof value === 'bigint') return { integer: String(value) }
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') }
  // JSON has no infinities, and its -0 is read as 0.
  const isPlain = typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))
  return isPlain ? value : { float: Object.is(value, -0) ? '-0' : String(value) }
}

export function decodeValue(value: SocketValue): SqlValue {
  if (value === null || typeof value !== 'object') return value
  if ('integer' in value) return BigInt(value.integer)
  return 'bytes' in value ? Uint8Array.from(Buffer.from(value.bytes, 'base64')) : Number(value.float)
}
