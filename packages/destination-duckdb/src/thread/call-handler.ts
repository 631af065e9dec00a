import { openDuckDb } from '@eclusa/warehouse'
import type { DuckDbSession, DuckDbWarehouse } from '@eclusa/warehouse'
import { passesSelfTest } from '../chunk/self-test.ts'
import type { AppendMethod } from '../chunk/table-appender.ts'
import { Load } from '../store/load.ts'
import type { OpenAnswer, WorkerAnswers, WorkerCall, WorkerOptions } from './message.ts'

/** What a session needs of whoever holds the database: a thread of its own, or in tests the same one. */
export interface DatabaseThread {
  /**
   * Asks and waits for the answer; calls are handled one after the other. `transfer` names buffers that go over.
   *
   * @throws what the call threw; DESTINATION_FAILED when the thread is gone
   */
  call<Call extends WorkerCall>(request: Call, transfer?: readonly ArrayBuffer[]): Promise<WorkerAnswers[Call['call']]>
  /** Stops what runs; later calls but `close` fail. */
  interrupt(): void
  /** Closes the database and ends the thread, whatever state it is in. */
  close(): Promise<void>
}

interface Open {
  readonly warehouse: DuckDbWarehouse
  readonly load: Load
}

/** Does what a session asks, in the thread that holds the database. Calls are made one at a time. */
export class CallHandler {
  readonly #interruption = new AbortController()
  #open: Open | undefined

  interrupt(): void {
    this.#interruption.abort()
  }

  async handle(request: WorkerCall): Promise<WorkerAnswers[WorkerCall['call']]> {
    switch (request.call) {
      case 'open':
        return this.#openLoad(request.options)
      case 'start':
        return this.#load.startStream(request.stream, { resumed: request.resumed })
      case 'restart':
        return this.#load.restartStream(request.stream)
      case 'append':
        return { notes: await this.#load.append(request.batch), buffers: [...request.buffers] }
      case 'complete':
        this.#load.completeStream(request.stream)
        return undefined
      case 'commit':
        return this.#load.commit(request.checkpoints)
      case 'close':
        return this.#close()
    }
  }

  get #load(): Load {
    return this.#open!.load
  }

  async #openLoad(options: WorkerOptions): Promise<OpenAnswer> {
    const { path, threads, memoryLimit, temporaryDirectory } = options
    const warehouse = await openDuckDb({
      path,
      isClaimed: true,
      signal: this.#interruption.signal,
      ...(threads === undefined ? {} : { threads }),
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
      ...(temporaryDirectory === undefined ? {} : { temporaryDirectory }),
    })
    try {
      const session = await warehouse.connect()
      await keepMemoryFlat(session)
      const { method, notes } = await chooseMethod(session, options)
      const load = await Load.open(session, { ...options, method })
      this.#open = { warehouse, load }
      return { checkpoints: load.checkpoints, missing: load.missing, notes: [...notes, ...load.warnings] }
    } catch (error) {
      await warehouse[Symbol.asyncDispose]()
      throw error
    }
  }

  async #close(): Promise<undefined> {
    if (this.#open === undefined) return
    const { warehouse, load } = this.#open
    this.#open = undefined
    // After an interruption ROLLBACK is refused like every statement; closing the connection rolls back all the same.
    await load.discard().catch(() => {})
    await warehouse[Symbol.asyncDispose]()
  }
}

/**
 * Settings that keep loading flat in memory; an unknown one (another version, another platform) is left alone.
 * By default DuckDB (1.5) keeps five row groups of a transaction, 600,000 rows, before it compresses and writes any. One
 * at a time is written while the source is read instead of in the commit, and needs a fifth of the memory.
 * Its allocator gives memory back to the system once 128 MB are free: measured on a load of 1 M rows, 4 MB is 50 MB less.
 */
const loadSettings = { write_buffer_row_group_count: '1', allocator_flush_threshold: `'4MB'` }

async function keepMemoryFlat(session: DuckDbSession): Promise<void> {
  const { rows } = await session.query('SELECT name FROM duckdb_settings()')
  const known = new Set(rows.map(([name]) => name))
  for (const [name, value] of Object.entries(loadSettings)) {
    if (known.has(name)) await session.query(`SET ${name} = ${value}`)
  }
}

async function chooseMethod(
  session: DuckDbSession,
  { appendMethod }: WorkerOptions,
): Promise<{ method: AppendMethod; notes: string[] }> {
  if (appendMethod !== 'auto') return { method: appendMethod, notes: [] }
  if (await passesSelfTest(session)) return { method: 'raw', notes: [] }
  const note =
    'The self-test of fast loading failed with this build of DuckDB: rows are handed over one value at a time.'
  return { method: 'values', notes: [note] }
}
