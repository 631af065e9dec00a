import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { duckdb } from '@eclusa/destination-duckdb'
import { definePipeline } from '@eclusa/pipeline'
import type { Pipeline, PipelineOptions, RunOptions, RunResult } from '@eclusa/pipeline'
import type { TestServer } from '@eclusa/postgres-local/testing'
import { postgres } from '@eclusa/source-postgres'
import { Client } from 'pg'
import { waitUntil } from './wait-until.ts'

// A PostgreSQL database, a folder for DuckDB files, and pipelines between the two, by nothing but the public functions.

export type Row = readonly (string | null)[]

export interface PipelineParts extends Partial<Omit<PipelineOptions, 'source' | 'destination'>> {
  /** Keys of the source, beside its connection. */
  readonly source?: Readonly<Record<string, unknown>>
  /** Keys of the destination, beside its path. */
  readonly destination?: Readonly<Record<string, unknown>>
}

/** Chunks and commits so small that a table of a few pages takes many. */
export const smallSteps = { source: { chunk_bytes: 8192, readers: 1 }, commit: { commitBytesMax: 1 } } as const

export class EndToEnd implements AsyncDisposable {
  readonly server: TestServer
  readonly client: Client
  readonly directory: string
  readonly connectionString: string
  readonly #drop: () => Promise<void>
  #files = 0
  #last: Promise<undefined> = Promise.resolve(undefined)

  static async open(server: TestServer): Promise<EndToEnd> {
    const database = await server.createDatabase()
    const client = new Client({ connectionString: database.connectionString })
    client.on('error', () => {})
    await client.connect()
    const directory = await mkdtemp(join(tmpdir(), 'eclusa-end-to-end-'))
    return new EndToEnd(server, client, directory, database)
  }

  private constructor(
    server: TestServer,
    client: Client,
    directory: string,
    database: { connectionString: string; drop: () => Promise<void> },
  ) {
    this.server = server
    this.client = client
    this.directory = directory
    this.connectionString = database.connectionString
    this.#drop = database.drop
  }

  /** Path of a DuckDB file that is not there yet. */
  file(name = `warehouse-${++this.#files}`): string {
    return join(this.directory, `${name}.duckdb`)
  }

  pipeline(path: string, { source = {}, destination = {}, ...parts }: PipelineParts = {}): Pipeline {
    return definePipeline({
      name: 'test',
      retryDelayMsBase: 1,
      ...parts,
      source: postgres({ connection_string: this.connectionString, ...source }),
      destination: duckdb({ path, threads: 1, ...destination }),
    })
  }

  /** Runs statements, one call after the other; rows of the last one, as PostgreSQL prints them. */
  async sql(text: string, values?: readonly unknown[]): Promise<Row[]> {
    const rows = this.#last.then(async () => await this.#query(text, values))
    this.#last = rows.then(
      () => undefined,
      () => undefined,
    )
    return await rows
  }

  async #query(text: string, values: readonly unknown[] | undefined): Promise<Row[]> {
    const result = await this.client.query<(string | null)[]>({
      text,
      ...(values !== undefined && { values: [...values] }),
      rowMode: 'array',
      types: { getTypeParser: () => String },
    })
    return (Array.isArray(result) ? result.at(-1) : result).rows
  }

  /** Ends whoever reads from the database's slots, so that it can be dropped with them. */
  async dropSlots(): Promise<void> {
    await waitUntil('no slot is left', async () => {
      await this.sql(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
        WHERE active_pid IS NOT NULL AND database = current_database()`)
      await this.sql(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
        WHERE NOT active AND database = current_database()`)
      const left = await this.sql('SELECT FROM pg_replication_slots WHERE database = current_database()')
      return left.length === 0
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end()
    await this.#drop()
    await rm(this.directory, { recursive: true, force: true })
  }
}

export async function run(pipeline: Pipeline, options?: RunOptions): Promise<RunResult> {
  return await pipeline.run(options).result
}

export interface DuckDbResult {
  readonly names: readonly string[]
  readonly types: readonly DuckDBType[]
  readonly rows: readonly (readonly DuckDBValue[])[]
}

/** Reads a DuckDB file that nobody writes to. */
export async function readDuckDb(path: string, sql: string): Promise<DuckDbResult> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  try {
    const reader = await connection.runAndReadAll(sql)
    return { names: reader.columnNames(), types: reader.columnTypes(), rows: reader.getRows() }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** Does to a DuckDB file what somebody might do between two runs. */
export async function changeDuckDb(path: string, sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  try {
    await connection.run(sql)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** The same as texts, sorted: equal for equal multisets of rows. */
export async function duckDbTexts(path: string, sql: string): Promise<string[]> {
  const { rows } = await readDuckDb(path, sql)
  return rows.map((row) => row.map((value) => (value === null ? 'NULL' : String(value))).join('|')).toSorted()
}

export async function postgresTexts(test: EndToEnd, sql: string): Promise<string[]> {
  const rows = await test.sql(sql)
  return rows.map((row) => row.map((value) => value ?? 'NULL').join('|')).toSorted()
}
