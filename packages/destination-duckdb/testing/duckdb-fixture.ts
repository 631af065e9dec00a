import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  ConfiguredDestination,
  ConfiguredStream,
  DestinationSession,
  JsonObject,
  Log,
  QueryResult,
  SqlValue,
} from '@eclusa/sdk'
import { openDuckDb } from '@eclusa/warehouse'
import { batchOf, configured } from '@eclusa/warehouse/testing/load'
import { duckdb } from '../src/index.ts'

// A DuckDB file in a directory of its own, and short ways to load streams into it.

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
