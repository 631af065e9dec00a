import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBatchBuilder, parseColumnType } from '@eclusa/sdk'
import type {
  ChangeBatch,
  ColumnType,
  ConfiguredDestination,
  ConfiguredStream,
  DestinationSession,
  JsonObject,
  Log,
  QueryResult,
  SqlValue,
  StreamName,
  StreamSchema,
} from '@eclusa/sdk'
import { openDuckDb } from '@eclusa/warehouse'
import { duckdb } from '../src/index.ts'

// A DuckDB file in a directory of its own, and short ways to load streams into it.

export type Columns = Readonly<Record<string, string>>

/** `{ id: 'int32', name: 'text' }` as a stream schema. */
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

/** A second stream, of another table. */
export function configuredItems(options: Partial<ConfiguredStream> = {}): ConfiguredStream {
  return configured({
    stream: { namespace: 'shop', name: 'items' },
    target: { namespace: 'staging', name: 'items' },
    ...options,
  })
}

/** Rows of a stream as a batch that owns its buffers. */
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

export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = []
  const record = (message: string) => {
    lines.push(message)
  }
  return { lines, debug: record, info: record, warn: record, error: record }
}

export interface OpenOptions {
  readonly pipeline?: string
  readonly runId?: string
  readonly bytesMax?: number
  readonly signal?: AbortSignal
}

export interface SessionOptions extends OpenOptions {
  readonly config?: Parameters<typeof duckdb>[0]
}

export class DuckDbFixture implements Disposable {
  static readonly silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
  directory = newDirectory()
  log = recordingLog()

  /** Begins anew, in a directory of its own. */
  renew(): void {
    this[Symbol.dispose]()
    this.directory = newDirectory()
    this.log = recordingLog()
  }

  get path(): string {
    return join(this.directory, 'warehouse.duckdb')
  }

  destination(config: Parameters<typeof duckdb>[0] = {}): ConfiguredDestination {
    return duckdb({ path: this.path, threads: 2, ...config })
  }

  request(streams: readonly ConfiguredStream[], options: OpenOptions = {}) {
    return {
      catalog: { streams },
      pipeline: options.pipeline ?? 'sales',
      runId: options.runId ?? 'run-1',
      bytesMax: options.bytesMax ?? 64_000_000,
      signal: options.signal ?? new AbortController().signal,
      log: this.log,
    }
  }

  async open(
    streams: readonly ConfiguredStream[] = [configured()],
    { config, ...options }: SessionOptions = {},
  ): Promise<DestinationSession> {
    return await this.destination(config).open(this.request(streams, options))
  }

  /** One run of one stream that ends in one commit. @returns its sequence. */
  async load(
    of: ConfiguredStream,
    rows: readonly (readonly unknown[])[],
    {
      resumed = false,
      complete = true,
      state = {},
    }: { resumed?: boolean; complete?: boolean; state?: JsonObject } = {},
  ): Promise<number> {
    await using session = await this.open([of])
    await session.startStream(of.stream, { resumed })
    if (rows.length > 0) await session.write(batchOf(rows, of))
    if (complete) await session.completeStream(of.stream)
    const { sequence } = await session.commit([{ stream: of.stream, state }])
    return sequence
  }

  async query(sql: string): Promise<QueryResult> {
    await using warehouse = await openDuckDb({ path: this.path, threads: 1 })
    await using connection = await warehouse.connect()
    return await connection.query(sql)
  }

  /** Rows of a query, each as one text. */
  async rows(sql: string): Promise<string[]> {
    const { rows } = await this.query(sql)
    return rows.map((row) => row.map(cell).join('|'))
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'eclusa-duckdb-'))
}

function cell(value: SqlValue): string {
  return value === null ? 'NULL' : String(value)
}
