import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  ChangeBatch,
  ConfiguredDestination,
  ConfiguredStream,
  DestinationSession,
  JsonObject,
  Log,
  SqlValue,
} from '@eclusa/sdk'
import { batchOf, configured } from '@eclusa/warehouse/testing/load'
import { snowflake } from '../src/index.ts'
import { openLocalAccount } from './local-account.ts'
import type { LocalAccount } from './local-account.ts'

// An endpoint of its own, and short ways to load streams into it.

type Config = Partial<Parameters<typeof snowflake>[0]>

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

  /** Of the destination. */
  config(config: Config = {}): Parameters<typeof snowflake>[0] {
    const { server } = this.account
    return {
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
    }
  }

  destination(config: Config = {}): ConfiguredDestination {
    return snowflake(this.config(config))
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
