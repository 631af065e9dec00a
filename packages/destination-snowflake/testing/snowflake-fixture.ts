import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { changeOperation, createBatchBuilder, parseColumnType } from '@eclusa/sdk'
import type {
  ChangeBatch,
  ChangeOperation,
  ColumnType,
  ConfiguredDestination,
  ConfiguredStream,
  DestinationSession,
  JsonObject,
  Log,
  SqlValue,
  StreamName,
  StreamSchema,
} from '@eclusa/sdk'
import { snowflake } from '../src/index.ts'
import { openLocalAccount } from './local-account.ts'
import type { LocalAccount } from './local-account.ts'

// An endpoint of its own, and short ways to load streams into it.

export type Columns = Readonly<Record<string, string>>
type Config = Partial<Parameters<typeof snowflake>[0]>

export function schemaOf(columns: Columns, version = 1): StreamSchema {
  return {
    version,
    columns: Object.entries(columns).map(([name, text]) => ({ name, type: typeOf(text), nullable: true })),
  }
}

function typeOf(text: string): ColumnType {
  const type = parseColumnType(text)
  if (type === undefined) throw new Error(`no column type: ${text}`)
  return type
}

export const stream: StreamName = { namespace: 'shop', name: 'orders' }

/** A stream of orders with key `id`; overwritten by each full refresh unless told otherwise. */
export function configured(options: Partial<ConfiguredStream> & { readonly columns?: Columns } = {}): ConfiguredStream {
  const { columns = { id: 'int32', note: 'text' }, ...rest } = options
  return {
    stream,
    kind: 'table',
    schema: schemaOf(columns),
    syncModes: ['full_refresh', 'incremental'],
    primaryKey: ['id'],
    cursorCandidates: [],
    isResumable: true,
    notes: [],
    syncMode: 'full_refresh',
    destinationSyncMode: 'overwrite',
    target: { namespace: 'staging', name: 'orders' },
    schemaPolicy: 'evolve',
    onUnrepresentable: 'keep_text',
    ...rest,
  }
}

export function batchOf(
  rows: readonly (readonly unknown[])[],
  of: ConfiguredStream = configured(),
  schema = of.schema,
): ChangeBatch {
  const builder = createBatchBuilder({
    stream: of.stream,
    schema,
    budget: { batchBytesMax: Infinity, batchRowsMax: Infinity },
  })
  for (const row of rows) builder.append(row)
  return builder.finish()
}

/** A value that the source did not send. */
export const unchanged = Symbol('unchanged')

export interface Change {
  readonly operation: ChangeOperation
  /** Default: 1. */
  readonly position?: bigint
  /** Default: its place in the batch. */
  readonly order?: number
  /** By column of the stream; columns that are not named are NULL. */
  readonly row: readonly unknown[]
}

export function replicated(options: Partial<ConfiguredStream> & { readonly columns?: Columns } = {}): ConfiguredStream {
  return configured({ isReplicated: true, syncMode: 'incremental', destinationSyncMode: 'append_dedup', ...options })
}

/** Microseconds of the commit at a position: the test's clock ticks a second for each. */
export function committedAtUs(position: bigint): bigint {
  return 1_700_000_000_000_000n + position * 1_000_000n
}

export function changesOf(
  changes: readonly Change[],
  of: ConfiguredStream = replicated(),
  schema: StreamSchema = of.schema,
): ChangeBatch {
  const sent = (value: unknown) => (value === unchanged || value === undefined ? null : value)
  const rows = changes.map(({ row }) => schema.columns.map((_, index) => sent(row[index])))
  const positions = changes.map(({ position = 1n }) => position)
  return {
    ...batchOf(rows, of, schema),
    changes: {
      operations: Uint8Array.from(changes, ({ operation }) => changeOperation[operation]),
      positions: BigInt64Array.from(positions),
      orders: Int32Array.from(changes, ({ order }, index) => order ?? index),
      committedAtUs: BigInt64Array.from(positions, committedAtUs),
      unchanged: schema.columns.map((_, index) => bitsOf(changes.map(({ row }) => row[index] === unchanged))),
    },
  }
}

/** Rows of the table copy. */
export function copyOf(rows: readonly (readonly unknown[])[], of = replicated(), position = 0n): ChangeBatch {
  return { ...batchOf(rows, of), copiedAt: { position, atUs: committedAtUs(position) } }
}

function bitsOf(marks: readonly boolean[]): Uint8Array | undefined {
  if (!marks.includes(true)) return undefined
  const bits = new Uint8Array((marks.length + 7) >> 3)
  for (const [row, isMarked] of marks.entries()) {
    if (isMarked) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7))
  }
  return bits
}

export interface OpenOptions {
  readonly pipeline?: string
  readonly runId?: string
  readonly signal?: AbortSignal
  readonly config?: Config
}

export interface LoadOptions extends OpenOptions {
  readonly resumed?: boolean
  readonly complete?: boolean
  readonly state?: JsonObject
}

/** An endpoint that lives for a test file; each test has tables and a pipeline of its own. */
export class SnowflakeFixture implements AsyncDisposable {
  readonly account: LocalAccount
  readonly directory: string
  readonly lines: string[] = []
  #tests = 0

  private constructor(account: LocalAccount, directory: string) {
    this.account = account
    this.directory = directory
  }

  static async open(): Promise<SnowflakeFixture> {
    const account = await openLocalAccount()
    await account.session.query('CREATE WAREHOUSE LOADING')
    return new SnowflakeFixture(account, await mkdtemp(join(tmpdir(), 'eclusa-snowflake-')))
  }

  /** A schema and a pipeline that no test had before. */
  renew(): void {
    this.#tests += 1
    this.lines.length = 0
    this.account.server.faults.clear()
  }

  get pipeline(): string {
    return `sales ${this.#tests}`
  }

  /** Where the tables of the test are. */
  get schema(): string {
    return `T${this.#tests}`
  }

  destination(config: Config = {}): ConfiguredDestination {
    const { server } = this.account
    return snowflake({
      account: server.account,
      host: server.host,
      port: server.port,
      protocol: 'http',
      username: 'LOADER',
      credentials: { auth_type: 'password', password: 'p' },
      warehouse: 'LOADING',
      database: 'SHOP',
      schema: this.schema,
      staging_directory: this.directory,
      ...config,
    })
  }

  request(streams: readonly ConfiguredStream[], options: OpenOptions = {}) {
    const record = (message: string) => {
      this.lines.push(message)
    }
    const log: Log = { debug: record, info: record, warn: record, error: record }
    return {
      catalog: { streams },
      pipeline: options.pipeline ?? this.pipeline,
      runId: options.runId ?? 'run-1',
      bytesMax: 64_000_000,
      signal: options.signal ?? new AbortController().signal,
      log,
    }
  }

  async open(
    streams: readonly ConfiguredStream[] = [configured()],
    { config, ...options }: OpenOptions = {},
  ): Promise<DestinationSession> {
    return await this.destination(config).open(this.request(streams, options))
  }

  /** One run of one stream that ends in one commit. @returns its sequence. */
  async load(
    of: ConfiguredStream,
    batch: readonly (readonly unknown[])[] | ChangeBatch,
    { resumed = false, complete = true, state = {}, ...options }: LoadOptions = {},
  ): Promise<number> {
    await using session = await this.open([of], options)
    await session.startStream(of.stream, { resumed })
    const written = Array.isArray(batch)
      ? batchOf(batch as readonly (readonly unknown[])[], of)
      : (batch as ChangeBatch)
    if (written.records.numRows > 0) await session.write(written)
    if (complete) await session.completeStream(of.stream)
    const { sequence } = await session.commit([{ stream: of.stream, state }])
    return sequence
  }

  /** Rows of a query in the test's schema, each as one text. */
  async rows(sql: string): Promise<string[]> {
    await this.account.session.query(`USE SCHEMA SHOP."${this.schema}"`)
    const { rows } = await this.account.session.query(sql)
    return rows.map((row) => row.map(cell).join('|'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.account[Symbol.asyncDispose]()
    await rm(this.directory, { recursive: true, force: true })
  }
}

function cell(value: SqlValue): string {
  return value === null ? 'NULL' : String(value)
}
