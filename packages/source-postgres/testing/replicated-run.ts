import type { TestServer } from '@eclusa/postgres-local/testing'
import type { CheckFinding, Checkpoint } from '@eclusa/sdk'
import { afterEach } from 'vitest'
import { waitUntil } from './database.ts'
import type { TestSession } from './database.ts'
import { ReplicatedDestination, sortedRows } from './replicated-destination.ts'
import type { TakeOptions } from './replicated-destination.ts'
import { SourceRun, schemasOf } from './source-run.ts'
import type { ReadLimits, SourceConfig, StreamChoices } from './source-run.ts'
import type { SuiteDatabase } from './suite-database.ts'

/** Reads changes; by key only the last one counts. */
export const replicated = { syncMode: 'incremental', destinationSyncMode: 'append_dedup' } as const

export type CdcConfig = Omit<Extract<SourceConfig['replication_method'], { method: 'CDC' }>, 'method'>

/** A source with a slot and a publication of its own, and a destination for it. */
export class ReplicatedRun {
  readonly name: string
  readonly destination: ReplicatedDestination
  readonly #database: Pick<SuiteDatabase, 'connectionString' | 'run'>
  readonly #config: SourceConfig
  source: SourceRun

  constructor(
    database: Pick<SuiteDatabase, 'connectionString' | 'run'>,
    name: string,
    {
      keys,
      config = {},
      replication = {},
      destination,
    }: {
      readonly keys: Readonly<Record<string, readonly string[]>>
      readonly config?: SourceConfig
      readonly replication?: CdcConfig
      /** Default: an empty one. */
      readonly destination?: ReplicatedDestination
    },
  ) {
    this.name = name
    this.#database = database
    this.#config = {
      connection_string: database.connectionString,
      replication_method: { method: 'CDC', replication_slot: name, publication: name, ...replication },
      ...config,
    }
    this.destination = destination ?? new ReplicatedDestination(keys)
    this.source = new SourceRun(this.#config)
  }

  /** One run, from what is durable. */
  async run(choices: StreamChoices, { limits, ...options }: TakeOptions & { limits?: ReadLimits } = {}): Promise<void> {
    const { source, catalog } = await this.#prepare(choices)
    await this.destination.take(source.read(catalog, this.destination.checkpoints, limits), options)
  }

  /** One run from other checkpoints. */
  async runFrom(choices: StreamChoices, checkpoints: readonly Checkpoint[]): Promise<void> {
    const { source, catalog } = await this.#prepare(choices)
    await this.destination.take(source.read(catalog, checkpoints))
  }

  async check(choices: StreamChoices): Promise<readonly CheckFinding[]> {
    const { source, catalog } = await this.#prepare(choices)
    return await source.check({ catalog })
  }

  async #prepare(choices: StreamChoices) {
    this.source = new SourceRun({ schemas: schemasOf(choices), ...this.#config })
    return { source: this.source, catalog: await this.source.catalog(choices) }
  }

  /** Rows of the table and of the destination, to be compared. */
  async rows(
    key: string,
    columns: readonly string[],
  ): Promise<{ source: (string | null)[][]; destination: (string | null)[][] }> {
    const source = await this.#database.run(`SELECT ${columns.join(', ')} FROM ${key}`)
    return { source: sortedRows(source), destination: this.destination.rows(key, columns) }
  }

  async slot(): Promise<Readonly<Record<string, string | null>>> {
    const [row] = await this.#database.run(
      `SELECT confirmed_flush_lsn, active::text, wal_status FROM pg_replication_slots WHERE slot_name = '${this.name}'`,
    )
    return { confirmed: row?.at(0) ?? null, active: row?.at(1) ?? null, walStatus: row?.at(2) ?? null }
  }
}

/** Ends the slots of the suite's database after each test: a database with slots cannot be dropped. */
export function dropSlotsAfterEach(database: SuiteDatabase): void {
  afterEach(async () => {
    await waitUntil('the slots are dropped', async () => {
      await database.run(`
        SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database() AND active;
        SELECT count(pg_drop_replication_slot(slot_name)) FROM pg_replication_slots
         WHERE database = current_database() AND NOT active`)
      const left = await database.run('SELECT FROM pg_replication_slots WHERE database = current_database()')
      return left.length === 0
    })
  })
}

export interface Writer {
  /** Transactions that were committed. */
  readonly commits: () => number
  stop(): Promise<void>
}

/** A table with a key, values of all sizes (some in TOAST), and rows that are spread over many pages. */
export async function createWrittenTable(database: SuiteDatabase, table: string, rows: number): Promise<void> {
  await database.run(`
    CREATE TABLE ${table} (id bigint PRIMARY KEY, n int, note text, big text) WITH (autovacuum_enabled = off);
    ALTER TABLE ${table} ALTER COLUMN big SET STORAGE EXTERNAL;
    INSERT INTO ${table}
    SELECT i, 0, repeat('n', i % 50), CASE WHEN i % 7 = 0 THEN repeat('b', 2500) END FROM generate_series(1, ${rows}) AS i`)
}

/** Writes into the table until told to stop: rows come, change, move to other keys, go, and are rolled back. */
export async function startWriter(
  database: SuiteDatabase,
  table: string,
  { ids, lane = 0, lanes = 1 }: { readonly ids: number; readonly lane?: number; readonly lanes?: number },
): Promise<Writer> {
  const session = await database.open()
  const stopped = new AbortController()
  let commits = 0
  let random = 7 + lane
  const next = (below: number) => {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
    return random % below
  }
  const id = () => next(ids) * lanes + lane
  const work = (async () => {
    while (!stopped.signal.aborted) {
      await writeOnce(session, table, { id, next })
      commits++
    }
  })()
  return {
    commits: () => commits,
    stop: async () => {
      stopped.abort()
      await work
      await session[Symbol.asyncDispose]()
    },
  }
}

async function writeOnce(
  session: TestSession,
  table: string,
  { id, next }: { readonly id: () => number; readonly next: (below: number) => number },
): Promise<void> {
  const upsert = `INSERT INTO ${table} VALUES (${id()}, 1, 'new', repeat('c', ${next(2) * 2600})) ON CONFLICT (id) DO UPDATE SET n = 1, big = excluded.big`
  const statements = [
    `UPDATE ${table} SET n = n + 1 WHERE id = ${id()}`,
    `UPDATE ${table} SET note = repeat('m', ${next(400)}) WHERE id IN (${id()}, ${id()})`,
    upsert,
    `DELETE FROM ${table} WHERE id = ${id()}`,
    `UPDATE ${table} AS t SET id = ${id()} WHERE id = ${id()} AND NOT EXISTS (SELECT FROM ${table} WHERE id <> t.id AND id = ${id()})`,
    `DELETE FROM ${table} WHERE id = ${id()}; ${upsert}`,
  ]
  const chosen = statements.at(next(statements.length))!
  try {
    if (next(4) === 0) await session.run(`BEGIN; SAVEPOINT s; ${upsert}; ROLLBACK TO s; ${chosen}; COMMIT`)
    else await session.run(chosen)
  } catch {
    // A key that is there already: nothing was written.
    await session.run('ROLLBACK')
  }
}

/** A name for slot and publication that no other test has. */
export function slotName(server: TestServer, test: string): string {
  return `eclusa_${server.major}_${test}`
}
