import type { Connection } from 'snowflake-sdk'
import { EclusaError } from '@eclusa/sdk'
import type { QueryResult, WarehouseConnection } from '@eclusa/sdk'
import { closedError } from '../closed-error.ts'
import { cancelledError } from '../interruption.ts'
import { statementError } from '../statement-error.ts'
import { statementQueue } from '../statement-queue.ts'
import type { OpenSnowflakeOptions } from './connection.ts'
import { snowflakeDialect } from './dialect.ts'
import { putFiles } from './put.ts'
import type { PutFile, PutOptions } from './put.ts'
import { watchRequests } from './request-watch.ts'
import { runStatement } from './statement.ts'
import type { SnowflakeQueryOptions } from './statement.ts'

const stallDefaultMs = 120_000
/** The server ends sessions by itself that nobody ended. */
const logOutMs = 10_000

/** One session at an account. Statements and puts run in the order of the calls. */
export class SnowflakeConnection implements WarehouseConnection {
  readonly #connection: Connection
  readonly #options: OpenSnowflakeOptions
  readonly #onClose: () => void
  readonly #closing = new AbortController()
  readonly #queue = statementQueue()

  constructor(connection: Connection, options: OpenSnowflakeOptions, onClose: () => void) {
    this.#connection = connection
    this.#options = options
    this.#onClose = onClose
  }

  query(sql: string, options: SnowflakeQueryOptions = {}): Promise<QueryResult> {
    if (this.#closing.signal.aborted) return Promise.reject(closedError('session'))
    const signals = this.#signalsWith(options.signal)
    const { stallMs = stallDefaultMs } = this.#options
    return this.#queue.run(() => runStatement({ connection: this.#connection, sql, options, signals, stallMs }))
  }

  /**
   * Puts files of this machine into a stage, as they are and over files of the same name, several at once. Names are
   * kept; a `*` in one would name many files. Faults of the storage, and tokens that expire, are met by putting a file
   * again.
   *
   * @param location with its `@`, quoted as in SQL: `@"SHOP"."STAGING"."LOAD"/orders/7`.
   * @returns the files in the order of `paths`.
   * @throws WAREHOUSE_UPLOAD_FAILED, WAREHOUSE_STATEMENT_FAILED when there is no such stage or privilege, CANCELLED,
   *   WAREHOUSE_CONNECTION_LOST; what the file system says of a file that cannot be read.
   */
  put(paths: readonly string[], location: string, options: PutOptions = {}): Promise<readonly PutFile[]> {
    if (this.#closing.signal.aborted) return Promise.reject(closedError('session'))
    return this.#queue.run(() => this.#put(paths, location, options))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    await this.#queue.drained()
    const loggedOut = () => new Promise<void>((resolve) => this.#connection.destroy(() => resolve()))
    // A session that the server has ended already cannot be ended again, nor one that it cannot be asked for.
    await watchRequests(loggedOut, { signal: AbortSignal.timeout(logOutMs), stallMs: logOutMs }).catch(() => {})
    this.#onClose()
  }

  #signalsWith(signal: AbortSignal | undefined): readonly AbortSignal[] {
    return [signal, this.#options.signal, this.#closing.signal].filter((one) => one !== undefined)
  }

  async #put(paths: readonly string[], location: string, options: PutOptions): Promise<readonly PutFile[]> {
    const signal = AbortSignal.any([...this.#signalsWith(options.signal)])
    try {
      return await putFiles((sql) => this.#putStatement(sql), paths, location, { ...options, signal })
    } catch (cause) {
      if (signal.aborted) throw cancelledError(signal, cause)
      if (EclusaError.isInstance(cause) || isFileError(cause)) throw cause
      throw statementError(snowflakeDialect, cause, '')
    }
  }

  #putStatement(sql: string): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      this.#connection.execute({
        sqlText: sql,
        rowMode: 'array',
        complete: (error, _, rows) => {
          if (error === undefined || error === null) resolve((rows?.[0] as readonly unknown[] | undefined) ?? [])
          else reject(error)
        },
      })
    })
  }
}

/** The driver's errors have no system call. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}
