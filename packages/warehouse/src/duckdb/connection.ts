import type * as duckdb from '@duckdb/node-api'
import type { QueryOptions, QueryResult, ReadPart, SqlValue, Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { EclusaError } from '@eclusa/sdk'
import { closedError } from '../closed-error.ts'
import { loadDriver } from '../driver.ts'
import { interruptible } from '../interruption.ts'
import { statementQueue } from '../statement-queue.ts'
import { claimDuckDbFile } from './file-claim.ts'
import { isEmptyStatement } from '../empty-statement.ts'
import { duckdbOpenError, refuseSqliteFile } from './file-error.ts'
import { isOneStatement } from './one-statement.ts'
import { readStatement } from './read-statement.ts'
import { resultColumns } from './result-columns.ts'
import { duckdbStatementError } from './statement-error.ts'
import { bindableValue, sqlValuesOf } from './value.ts'

type Driver = typeof duckdb

export interface OpenDuckDbOptions {
  /** File to open or create, or `:memory:`. */
  readonly path: string
  /** Several processes may read a file that nobody writes. Default: false. */
  readonly readOnly?: boolean
  /** Default: one per core. */
  readonly threads?: number
  /** As DuckDB writes it: `2GB`. Default: DuckDB's own, 80 % of the memory. */
  readonly memoryLimit?: string
  /** Where DuckDB spills to. Default: `<path>.tmp`. */
  readonly temporaryDirectory?: string
  /** Interrupts what runs, and refuses what comes after. */
  readonly signal?: AbortSignal
}

/** A session that also lets in those who speak to the driver themselves, in the same transaction: loaders of data chunks. */
export interface DuckDbSession extends WarehouseConnection {
  readonly native: duckdb.DuckDBConnection
}

export interface DuckDbWarehouse extends Warehouse {
  readonly type: 'duckdb'
  connect(): Promise<DuckDbSession>
  read(sql: string, options?: Pick<QueryOptions, 'signal'>): AsyncIterable<ReadPart>
  /** The same database for somebody else: disposing it, or aborting the signal, ends that one's sessions alone. */
  lend(options: { readonly signal: AbortSignal }): DuckDbWarehouse
}

/**
 * Opens a DuckDB database in this process: one instance, as many sessions as are asked for, which may run side by side.
 * The time zone of every session is UTC, whatever the machine's, so that results and casts are the same everywhere.
 * `rowsChanged` of CREATE TABLE AS is the number of rows it wrote.
 *
 * @throws DUCKDB_LOCKED, DUCKDB_CORRUPT, DUCKDB_NOT_A_DATABASE, DUCKDB_NEWER_VERSION, DUCKDB_DIRECTORY_MISSING,
 *   DUCKDB_UNWRITABLE, DUCKDB_DISK_FULL, DUCKDB_OPEN_FAILED, WAREHOUSE_DRIVER_MISSING
 */
export async function openDuckDb(options: OpenDuckDbOptions): Promise<DuckDbWarehouse> {
  const driver = await loadDriver('@duckdb/node-api', () => import('@duckdb/node-api'))
  const claim = claimDuckDbFile(options.path)
  try {
    await refuseSqliteFile(options.path)
    const instance = await openInstance(driver, options)
    try {
      const database = await currentDatabase(instance)
      return new OpenWarehouse({ driver, instance, database, path: options.path }, options.signal, async () => {
        instance.closeSync()
        claim.release()
      })
    } catch (error) {
      // Else the file would stay open until the instance is collected as garbage.
      instance.closeSync()
      throw error
    }
  } catch (cause) {
    claim.release()
    throw EclusaError.isInstance(cause) ? cause : duckdbOpenError(cause, options.path)
  }
}

function openInstance(driver: Driver, options: OpenDuckDbOptions): Promise<duckdb.DuckDBInstance> {
  return driver.DuckDBInstance.create(options.path, {
    ...(options.readOnly === true ? { access_mode: 'READ_ONLY' } : {}),
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
    ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
    ...(options.temporaryDirectory === undefined ? {} : { temp_directory: options.temporaryDirectory }),
  })
}

async function currentDatabase(instance: duckdb.DuckDBInstance): Promise<string> {
  const connection = await instance.connect()
  try {
    const reader = await connection.runAndReadAll('SELECT current_database()')
    return String(reader.getRows()[0]![0])
  } finally {
    connection.closeSync()
  }
}

interface OpenDatabase {
  readonly driver: Driver
  readonly instance: duckdb.DuckDBInstance
  readonly database: string
  readonly path: string
}

class OpenWarehouse implements DuckDbWarehouse {
  readonly type = 'duckdb'
  readonly database: string
  readonly #open: OpenDatabase
  readonly #signal: AbortSignal | undefined
  readonly #close: () => Promise<void>
  readonly #opening = new Set<Promise<DuckDbSession>>()
  /** Sessions, and what was lent. */
  readonly #dependents = new Set<AsyncDisposable>()
  #isClosed = false

  /** @param close is called when every session has ended. */
  constructor(open: OpenDatabase, signal: AbortSignal | undefined, close: () => Promise<void>) {
    this.database = open.database
    this.#open = open
    this.#signal = signal
    this.#close = close
  }

  async connect(): Promise<DuckDbSession> {
    if (this.#isClosed) throw closedError('warehouse')
    const opening = this.#openSession()
    this.#opening.add(opening)
    try {
      return await opening
    } finally {
      this.#opening.delete(opening)
    }
  }

  read(sql: string, { signal }: Pick<QueryOptions, 'signal'> = {}): AsyncIterable<ReadPart> {
    const signals = [signal, this.#signal].filter((one) => one !== undefined)
    return readStatement(this, {
      driver: this.#open.driver,
      path: this.#open.path,
      sql,
      signal: AbortSignal.any(signals),
    })
  }

  lend({ signal }: { readonly signal: AbortSignal }): DuckDbWarehouse {
    if (this.#isClosed) throw closedError('warehouse')
    const signals = [signal, this.#signal].filter((one) => one !== undefined)
    const lent: DuckDbWarehouse = new OpenWarehouse(this.#open, AbortSignal.any(signals), async () => {
      this.#dependents.delete(lent)
    })
    this.#dependents.add(lent)
    return lent
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    // The driver's thread that connects holds the bare address of the database, which closing frees (1.5.6).
    await Promise.allSettled(this.#opening)
    await Promise.all([...this.#dependents].map((dependent) => dependent[Symbol.asyncDispose]()))
    await this.#close()
  }

  async #openSession(): Promise<DuckDbSession> {
    const { driver, instance, path } = this.#open
    const connection = await instance.connect()
    try {
      // Only the JSON form of errors says exactly where in the statement the fault is.
      await connection.run("SET errors_as_json = true; SET TimeZone = 'UTC'")
    } catch (error) {
      connection.closeSync()
      throw error
    }
    const options = { path, ...(this.#signal === undefined ? {} : { signal: this.#signal }) }
    const session = new OpenSession(driver, connection, options, () => this.#dependents.delete(session))
    this.#dependents.add(session)
    return session
  }
}

class OpenSession implements DuckDbSession {
  readonly #driver: Driver
  readonly native: duckdb.DuckDBConnection
  readonly #path: string
  readonly #closing = new AbortController()
  readonly #signal: AbortSignal | undefined
  readonly #onClose: () => void
  readonly #queue = statementQueue()

  constructor(driver: Driver, connection: duckdb.DuckDBConnection, options: OpenDuckDbOptions, onClose: () => void) {
    this.#driver = driver
    this.native = connection
    this.#path = options.path
    this.#signal = options.signal
    this.#onClose = onClose
  }

  query(sql: string, options: QueryOptions = {}): Promise<QueryResult> {
    if (this.#closing.signal.aborted) return Promise.reject(closedError('session'))
    return this.#queue.run(() =>
      interruptible(
        [options.signal, this.#signal, this.#closing.signal],
        () => this.native.interrupt(),
        () => this.#run(sql, options.parameters),
      ),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    await this.#queue.drained()
    this.native.closeSync()
    this.#onClose()
  }

  async #run(sql: string, parameters: readonly SqlValue[] | undefined): Promise<QueryResult> {
    try {
      const result = await this.#send(sql, parameters)
      return await this.#readResult(result)
    } catch (cause) {
      // The driver has no result for a text without statements, such as a hook that renders to a comment.
      if (isEmptyStatement(sql)) return { columns: [], rows: [], rowsChanged: 0 }
      throw duckdbStatementError(cause, { path: this.#path, sql })
    }
  }

  /**
   * A text of several statements, or one with values, is taken apart and prepared, which gives the result of the last one;
   * `query` gives that of the first. It takes one hop to the driver's threads in the place of three, though, and a hop
   * costs more than DuckDB needs for a small statement.
   */
  async #send(sql: string, parameters: readonly SqlValue[] | undefined): Promise<duckdb.DuckDBResult> {
    if (parameters === undefined && isOneStatement(sql)) return await this.native.run(sql)
    const bound = (parameters ?? []).map((parameter) => bindableValue(this.#driver, parameter))
    // Without an array, even an empty one, it would be `query`.
    return await this.native.run(
      sql,
      bound.map(({ value }) => value),
      bound.map(({ type }) => type),
    )
  }

  async #readResult(result: duckdb.DuckDBResult): Promise<QueryResult> {
    const isQuery = result.returnType === this.#driver.ResultReturnType.QUERY_RESULT
    if (!isQuery)
      return { columns: [], rows: [], rowsChanged: result.rowsChanged + (await writtenRows(this.#driver, result)) }
    const types = result.columnTypes()
    const columns = resultColumns(result)
    const values = await result.getColumns()
    const converted = await Promise.all(
      types.map((type, index) => sqlValuesOf(this.#driver, this.native, { type, values: values[index] ?? [] })),
    )
    const rows = Array.from({ length: converted[0]?.length ?? 0 }, (_, row) => converted.map((column) => column[row]!))
    return { columns, rows, rowsChanged: returnsChangedRows(this.#driver, result) ? rows.length : 0 }
  }
}

/** CREATE TABLE AS says how many rows it wrote in a row that its result is said not to have (1.5.6). */
async function writtenRows({ StatementType }: Driver, result: duckdb.DuckDBResult): Promise<number> {
  if (result.statementType !== StatementType.CREATE) return 0
  const [row] = await result.getRows()
  return Number(row?.[0] ?? 0)
}

/** `INSERT ... RETURNING` and its kin give the changed rows themselves. */
function returnsChangedRows({ StatementType }: Driver, result: duckdb.DuckDBResult): boolean {
  const changing = [StatementType.INSERT, StatementType.UPDATE, StatementType.DELETE, StatementType.MERGE_INTO]
  return changing.includes(result.statementType)
}
