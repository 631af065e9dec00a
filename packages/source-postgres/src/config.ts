import { availableParallelism } from 'node:os'
import { parseColumnType, sslModes } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import { z } from 'zod'
import { parseConnectionString } from './connection/connection-string.ts'

/*
 * Keys that mean what Airbyte's source-postgres means by them have Airbyte's names. Times are in milliseconds and
 * sizes in bytes unless the name says otherwise.
 */

const sslMode = z
  .enum(sslModes)
  .describe(
    'As in libpq. disable: never TLS. allow: TLS if the server insists. prefer: TLS if the server offers it. require: TLS, unverified (verified like verify-ca when ca_certificate is given). verify-ca: the certificate comes from a trusted issuer. verify-full: it also names this host.',
  )

const sslObject = z.strictObject({
  mode: sslMode,
  ca_certificate: z
    .string()
    .min(1)
    .optional()
    .describe("PEM text of the issuers that are trusted. Default: Node's own list of public authorities."),
  client_certificate: z
    .string()
    .min(1)
    .optional()
    .describe('PEM text of the certificate the role logs in with. Default: none.'),
  client_key: z
    .string()
    .min(1)
    .optional()
    .meta({ secret: true })
    .describe('PEM text of the key that belongs to client_certificate. Default: none.'),
  client_key_password: z
    .string()
    .min(1)
    .optional()
    .meta({ secret: true })
    .describe('Password that client_key is encrypted with. Default: none.'),
})

const identifier = z.string().min(1)

const queryStream = z.strictObject({
  sql: z
    .string()
    .min(1)
    .describe('One SELECT without parameters; its column names must differ. It runs in a read-only transaction.'),
  primary_key: z.array(identifier).default([]).describe('Columns that identify a row, in key order. Default: none.'),
  cursor: identifier
    .optional()
    .describe('Column that grows with every change; makes the stream readable incrementally. Default: none.'),
})
export type QueryStreamConfig = z.output<typeof queryStream>

const intervalPattern = /^\d+ (second|minute|hour|day)s?$/u

const milliseconds = z.int().min(0).max(2_147_483_647)

/** Which schemas, tables and queries there are to choose from. */
const selectionShape = {
  schemas: z
    .array(identifier)
    .min(1)
    .optional()
    .describe(
      'Schemas whose tables become streams; case-sensitive. Default: all except system schemas that the role may use.',
    ),
  discover_partitions: z
    .boolean()
    .default(false)
    .describe(
      'Also offer each partition of a partitioned table as a stream. Default: false, the whole table is one stream.',
    ),
  include_inherited: z
    .boolean()
    .default(false)
    .describe(
      'Read the rows of child tables (INHERITS) together with their parent. Default: false, each table has its own rows.',
    ),
  queries: z
    .record(z.string().regex(/^[^.]+$/u, 'must be a name without a dot'), queryStream)
    .default({})
    .describe('Streams made of queries: name of the stream, then sql, primary_key and cursor. Default: none.'),
  row_level_security: z
    .enum(['refuse', 'apply'])
    .default('refuse')
    .describe(
      'What to do when row level security would hide rows from the role. refuse: stop with an error. apply: read the visible rows only. Default: refuse.',
    ),
  unconstrained_numeric: z
    .string()
    .refine((text) => ['text', 'decimal'].includes(parseColumnType(text)?.type ?? ''), 'must be text or decimal(p,s)')
    .default('text')
    .describe(
      'Column type of numeric without precision: text keeps every digit, decimal(p,s) computes faster. Default: text.',
    ),
}

const slotName = z.string().regex(/^[a-z0-9_]{1,63}$/u, 'must be up to 63 lower-case letters, digits and underscores')

const replicationMethod = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('Standard').describe('Incremental streams go by cursor or transaction id, and see no deletes.'),
  }),
  z.strictObject({
    method: z
      .literal('CDC')
      .describe('Incremental streams without a cursor are read from the log by logical replication, deletes included.'),
    replication_slot: slotName
      .optional()
      .describe('Name of the replication slot, which one pipeline alone uses. Default: eclusa_ and the database.'),
    publication: identifier
      .optional()
      .describe('Name of the publication that has the tables. Default: eclusa_ and the database.'),
    manage: z
      .boolean()
      .default(true)
      .describe(
        'Create the slot and the publication where they are missing, and add chosen tables to it. false: only check them. Default: true.',
      ),
    heartbeat_interval_ms: milliseconds
      .default(10_000)
      .describe(
        'While following, write an empty message into the log when nothing has arrived for so long, so that the slot of an idle database goes on; 0 never does. Default: 10000.',
      ),
    flush_interval_ms: milliseconds
      .default(100)
      .describe('How long a change may wait for others before it goes to the destination. Default: 100.'),
    failover: z
      .boolean()
      .default(false)
      .describe('Create the slot so that standbys keep a copy of it (PostgreSQL 17 and later). Default: false.'),
    streaming: z.boolean().default(true).describe('Receive large transactions before they end. Default: true.'),
  }),
])

/** How much is read at once, and how long anything may take. */
const readingShape = {
  readers: z
    .int()
    .min(1)
    .max(16)
    .optional()
    .describe(
      'Connections that copy tables side by side; one more coordinates. Default: half the cores less one, 1 to 4.',
    ),
  chunk_bytes: z
    .int()
    .min(8192)
    .default(64 * 1024 * 1024)
    .describe('Bytes of table that one reader copies between two checkpoints. Default: 67108864 (64 MiB).'),
  cursor_guard: z
    .enum(['xmin', 'lookback', 'none'])
    .default('xmin')
    .describe(
      'How incremental streams find rows that were committed late, below the cursor. xmin: by transaction id, exact, scans the table. lookback: reads a stretch below the cursor again. none: trusts the cursor. Views, foreign tables and queries have no xmin and use lookback in its place. Default: xmin.',
    ),
  lookback_interval: z
    .string()
    .regex(intervalPattern, 'must be like "10 minutes": a number and seconds, minutes, hours or days')
    .default('10 minutes')
    .describe('How far lookback goes below a cursor that is a date or time. Default: 10 minutes.'),
  lookback_distance: z
    .int()
    .min(0)
    .default(1000)
    .describe('How far lookback goes below a cursor that is a number. Default: 1000.'),
  connect_timeout_ms: milliseconds
    .default(30_000)
    .describe('Time to connect and log in; 0 waits for ever. Default: 30000.'),
  statement_timeout_ms: milliseconds
    .default(0)
    .describe("Time one statement may take; 0 is no limit. Replaces the role's own statement_timeout. Default: 0."),
  lock_timeout_ms: milliseconds
    .default(60_000)
    .describe('Time to wait for a lock, such as of a running ALTER TABLE; 0 waits for ever. Default: 60000.'),
  application_name: z.string().max(63).default('eclusa').describe('Name shown in pg_stat_activity. Default: eclusa.'),
}

/** The configuration of `postgres(...)`: where the server is, what to offer as streams, how to read. */
export const postgresConfigSchema = z
  .strictObject({
    connection_string: z
      .string()
      .optional()
      .meta({ secret: true })
      .describe(
        'postgresql://user:password@host:port/database?sslmode=..., in place of the keys below. Default: none.',
      ),
    host: z.string().min(1).optional().describe('Name or address of the server, or the directory of its Unix socket.'),
    port: z.int().min(1).max(65_535).optional().describe('TCP port. Default: 5432.'),
    database: z.string().min(1).optional().describe('Name of the database; case-sensitive.'),
    username: z
      .string()
      .min(1)
      .optional()
      .describe('Role that logs in. It needs USAGE on schemas and SELECT on tables, nothing more.'),
    password: z.string().optional().meta({ secret: true }).describe('Password of the role. Default: none.'),
    ssl_mode: z
      .union([sslMode, sslObject])
      .optional()
      .describe('How TLS is used: one of the modes, or an object with mode and certificates. Default: prefer.'),
    ...selectionShape,
    replication_method: replicationMethod
      .default({ method: 'Standard' })
      .describe('How incremental streams of tables learn what is new: Standard or CDC. Default: Standard.'),
    ...readingShape,
  })
  .superRefine(refuseContradictions)

/** The parsed configuration, defaults filled in. */
export type PostgresConfig = z.output<typeof postgresConfigSchema>

type Addressing = Partial<
  Pick<PostgresConfig, 'connection_string' | 'host' | 'port' | 'database' | 'username' | 'password' | 'ssl_mode'>
>

type Fault = (path: string, message: string) => void

function refuseContradictions(config: Addressing, context: z.core.$RefinementCtx): void {
  const fault: Fault = (path, message) => {
    context.addIssue({ code: 'custom', path: [path], message })
  }
  refuseUselessCertificates(config.ssl_mode, fault)
  if (config.connection_string === undefined) {
    for (const key of ['host', 'database', 'username'] as const) {
      if (config[key] === undefined) fault(key, 'missing')
    }
    return
  }
  for (const key of ['host', 'port', 'database', 'username'] as const) {
    if (config[key] !== undefined) fault(key, 'contradicts connection_string: give one or the other')
  }
  const parsed = parseConnectionString(config.connection_string)
  if ('fault' in parsed) {
    fault('connection_string', parsed.fault)
    return
  }
  if (parsed.password !== undefined && config.password !== undefined) fault('password', 'is also in connection_string')
  if (parsed.sslMode !== undefined && config.ssl_mode !== undefined)
    fault('ssl_mode', 'sslmode is also in connection_string')
}

function refuseUselessCertificates(ssl: Addressing['ssl_mode'], fault: Fault): void {
  if (typeof ssl !== 'object') return
  if (ssl.ca_certificate !== undefined && ['disable', 'allow', 'prefer'].includes(ssl.mode)) {
    fault(
      'ssl_mode',
      `mode ${ssl.mode} verifies nothing, so ca_certificate has no effect: choose verify-ca or verify-full`,
    )
  }
  if ((ssl.client_certificate === undefined) !== (ssl.client_key === undefined)) {
    fault('ssl_mode', 'client_certificate and client_key belong together')
  }
}

/** The column type that `unconstrained_numeric` names. */
export function unconstrainedNumericType(config: PostgresConfig): Extract<ColumnType, { type: 'text' | 'decimal' }> {
  const type = parseColumnType(config.unconstrained_numeric)
  return type?.type === 'decimal' ? type : { type: 'text' }
}

const readersDefaultMax = 4

/** Below four cores a second reader gains nothing: one server process and one decoder already fill two. */
export function readerCount(config: PostgresConfig): number {
  return config.readers ?? Math.min(readersDefaultMax, Math.max(1, Math.floor(availableParallelism() / 2) - 1))
}
