import { byteBudget } from '@eclusa/sdk'
import type { Checkpoint, Log, SourceMessage } from '@eclusa/sdk'
import { typePolicy } from '../src/catalog/stream-column.ts'
import { createBufferPool } from '../src/codec/buffer-pool.ts'
import { postgresConfigSchema } from '../src/config.ts'
import { readServerFacts } from '../src/connection/server-facts.ts'
import { openSession } from '../src/connection/session.ts'
import { readChanges } from '../src/replication/change-reader.ts'
import type { ChangeSource, ReadChangesOptions, ReplicatedStream } from '../src/replication/change-source.ts'
import { formatLsn, parseLsn } from '../src/replication/lsn.ts'
import type { Lsn } from '../src/replication/lsn.ts'
import { openReplicationConnection } from '../src/replication/replication-connection.ts'
import type { StartReplicationOptions } from '../src/replication/replication-command.ts'
import { resolveStreams } from '../src/source-stream.ts'
import { waitUntil } from './database.ts'
import type { SourceDatabase } from './database.ts'
import { settingsOf } from './pgoutput-capture.ts'
import { SourceRun, configure, recordLog, schemasOf } from './source-run.ts'

const never = new AbortController().signal
const logStream = { name: 'log' }

type Database = Pick<SourceDatabase, 'connectionString' | 'run'>

/** What a test may decide about reading. */
export interface ChangeRunOptions extends Partial<Omit<ReadChangesOptions, 'budget'>> {
  readonly bytesMax?: number
  readonly batchRowsMax?: number
  readonly replication?: Partial<StartReplicationOptions>
  /** Run on the walsender before it starts. */
  readonly walsenderSql?: string
  /** Told the form of each connection that is made. */
  readonly onConnect?: (connection: { readonly from: Lsn; readonly isText: boolean }) => void
}

/** A slot with a publication of some tables, read without what surrounds it in the source. */
export class ChangeRun implements AsyncDisposable {
  readonly log: Log & { readonly warnings: string[] } = recordLog()
  readonly slot: string
  readonly from: Lsn
  readonly #database: Database
  readonly #streams: ReadonlyMap<number, ReplicatedStream>
  readonly #moneyScale: number

  private constructor(
    database: Database,
    slot: string,
    from: Lsn,
    streams: ReadonlyMap<number, ReplicatedStream>,
    moneyScale: number,
  ) {
    this.#database = database
    this.slot = slot
    this.from = from
    this.#streams = streams
    this.#moneyScale = moneyScale
  }

  /** @param chosen streams to be read: `public.item`. All tables of their schema are published. */
  static async create(database: Database, slot: string, chosen: readonly string[]): Promise<ChangeRun> {
    const [schema] = schemasOf(Object.fromEntries(chosen.map((key) => [key, {}])))
    // PostgreSQL 14 publishes no schema; the tables that are there have to do.
    await database.run(`DO $$ BEGIN EXECUTE format('CREATE PUBLICATION ${slot} FOR %s WITH (publish_via_partition_root = true)',
      CASE WHEN current_setting('server_version_num')::int >= 150000 THEN 'TABLES IN SCHEMA ${schema ?? ''}' ELSE
        (SELECT 'TABLE ' || string_agg(oid::regclass::text, ', ') FROM pg_class
          WHERE relnamespace = '${schema ?? ''}'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition) END);
    END $$`)
    const created = await database.run(`SELECT lsn FROM pg_create_logical_replication_slot('${slot}', 'pgoutput')`)
    const from = parseLsn(created.at(0)?.at(0) ?? '')
    const run = new SourceRun({ connection_string: database.connectionString, schemas: [schema ?? ''] })
    const discovered = await run.discover()
    const configured = chosen.map((key) => {
      const stream = discovered.get(key)
      if (stream === undefined) throw new Error(`There is no stream ${key}.`)
      return configure(stream, { syncMode: 'incremental', destinationSyncMode: 'append_dedup' })
    })
    const config = postgresConfigSchema.parse({ connection_string: database.connectionString })
    await using session = await openSession(settingsOf(database.connectionString), never)
    const facts = await readServerFacts(session)
    const resolved = await resolveStreams(session, configured, { config, facts, username: 'postgres' })
    const streams = new Map(resolved.map((source) => [source.relation?.oid ?? 0, { source, from }]))
    return new ChangeRun(database, slot, from, streams, typePolicy(config, facts).moneyScale ?? 2)
  }

  /** Where the log is now. */
  async position(): Promise<Lsn> {
    await this.#database.run(`SELECT pg_logical_emit_message(true, 'test', '')`)
    return parseLsn((await this.#database.run('SELECT pg_current_wal_insert_lsn()')).at(0)?.at(0) ?? '')
  }

  /** The walsender that reads from the slot. */
  async activePid(): Promise<string | null> {
    const sql = `SELECT active_pid FROM pg_replication_slots WHERE slot_name = '${this.slot}'`
    return (await this.#database.run(sql)).at(0)?.at(0) ?? null
  }

  async confirmed(): Promise<Lsn> {
    const sql = `SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '${this.slot}'`
    return parseLsn((await this.#database.run(sql)).at(0)?.at(0) ?? '')
  }

  /** For partitions under their own names: every relation belongs to the first stream. */
  findAlways(): ReadChangesOptions['findStream'] {
    const [stream] = this.#streams.values()
    return async () => await Promise.resolve(stream)
  }

  read(options: ChangeRunOptions = {}): ChangeSource {
    const { bytesMax = 4 * 1024 * 1024, batchRowsMax = 1000, replication, walsenderSql, onConnect, ...others } = options
    const settings = settingsOf(this.#database.connectionString)
    return readChanges({
      connect: async (from, { isText }) => {
        onConnect?.({ from, isText })
        const connection = await openReplicationConnection(settings, options.signal ?? never)
        if (walsenderSql !== undefined) await connection.session.execute(walsenderSql, { doing: 'testing' })
        const isBinary = !isText && replication?.isBinary !== false
        const stream = await connection.startReplication({
          slot: this.slot,
          publications: [this.slot],
          protocolVersion: 2,
          streaming: 'on',
          from,
          ...replication,
          isBinary,
        })
        const dispose = async () => {
          await stream.stop()
          await connection.close()
        }
        return { stream, isStreaming: true, isBinary, [Symbol.asyncDispose]: dispose }
      },
      openSession: async () => await openSession(settings, options.signal ?? never),
      findStream: async ({ relationId }) => await Promise.resolve(this.#streams.get(relationId)),
      checkpoints: (position) => [{ stream: logStream, state: { position: formatLsn(position) } }],
      from: this.from,
      until: undefined,
      typePolicy: { moneyScale: this.#moneyScale },
      budget: byteBudget({ bytesMax, readers: 1, batchRowsMax }),
      pool: createBufferPool({ bytesMax }),
      flushIntervalMs: 20,
      heartbeatIntervalMs: 0,
      stopSignal: never,
      signal: never,
      log: this.log,
      ...others,
    })
  }

  /** All messages up to a position. */
  async collect(until: Lsn, options: ChangeRunOptions = {}): Promise<SourceMessage[]> {
    const messages: SourceMessage[] = []
    for await (const message of this.read({ until, ...options })) messages.push(message)
    return messages
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A walsender whose client has gone takes a moment to notice.
    await waitUntil('nobody reads from the slot', async () => (await this.activePid()) === null)
    await this.#database.run(`SELECT pg_drop_replication_slot('${this.slot}'); DROP PUBLICATION IF EXISTS ${this.slot}`)
  }
}

/** The position that a checkpoint of a ChangeRun says. */
export function positionOf(checkpoints: readonly Checkpoint[]): Lsn {
  const position = checkpoints.at(0)?.state['position']
  return parseLsn(typeof position === 'string' ? position : '')
}
