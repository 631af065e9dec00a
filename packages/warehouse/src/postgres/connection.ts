import type * as pg from 'pg'
import type { QueryOptions, QueryResult, SqlValue, Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { closedError } from '../closed-error.ts'
import { loadDriver } from '../driver.ts'
import { interruptible } from '../interruption.ts'
import { statementError } from '../statement-error.ts'
import { statementQueue } from '../statement-queue.ts'
import { postgresDialect } from './dialect.ts'
import { PostgresLogin } from './login.ts'
import type { OpenPostgresOptions } from './login.ts'
import { TypeNames } from './type-names.ts'
import { bindableValue, parserOf } from './value.ts'

/**
 * Opens a PostgreSQL database as a warehouse: each `connect` is one session at the server, with UTC as time zone.
 *
 * @throws WAREHOUSE_CONNECTION_FAILED when the server cannot be reached, refuses the login or cannot be trusted;
 * POSTGRES_TLS_MATERIAL_INVALID, WAREHOUSE_DRIVER_MISSING, CANCELLED
 */
export async function openPostgres(options: OpenPostgresOptions): Promise<Warehouse> {
  const driver = (await loadDriver('pg', () => import('pg'))).default
  const warehouse = new PostgresWarehouse(new PostgresLogin(driver, options))
  // A first session tells at once whether the login works.
  const probe = await warehouse.connect()
  await probe[Symbol.asyncDispose]()
  return warehouse
}

class PostgresWarehouse implements Warehouse {
  readonly type = 'postgres'
  readonly database: string
  readonly #login: PostgresLogin
  readonly #sessions = new Set<PostgresConnection>()
  #isClosed = false

  constructor(login: PostgresLogin) {
    this.#login = login
    this.database = login.options.database
  }

  async connect(): Promise<WarehouseConnection> {
    if (this.#isClosed) throw closedError('warehouse')
    const client = await this.#login.open()
    const session = new PostgresConnection(client, this.#login, () => this.#sessions.delete(session))
    this.#sessions.add(session)
    return session
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#sessions].map((session) => session[Symbol.asyncDispose]()))
  }
}

class PostgresConnection implements WarehouseConnection {
  readonly #client: pg.Client
  readonly #login: PostgresLogin
  readonly #onClose: () => void
  readonly #typeNames: TypeNames
  readonly #closing = new AbortController()
  readonly #queue = statementQueue()
  #commandTag: string | undefined
  #cancellation: Promise<void> | undefined

  constructor(client: pg.Client, login: PostgresLogin, onClose: () => void) {
    this.#client = client
    this.#login = login
    this.#onClose = onClose
    this.#typeNames = new TypeNames(client)
    // The driver's results keep the tag's first word alone: CREATE of CREATE VIEW.
    connectionOf(client).on('commandComplete', ({ text }) => {
      this.#commandTag = text
    })
  }

  query(sql: string, options: QueryOptions = {}): Promise<QueryResult> {
    if (this.#closing.signal.aborted) return Promise.reject(closedError('session'))
    return this.#queue.run(async () => {
      try {
        return await interruptible(
          [options.signal, this.#login.options.signal, this.#closing.signal],
          () => this.#cancel(),
          () => this.#run(sql, options.parameters),
        )
      } finally {
        // A cancel request that is still on its way must not hit the next statement.
        await this.#cancellation
      }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    await this.#queue.drained()
    await this.#client.end()
    this.#onClose()
  }

  async #run(sql: string, parameters: readonly SqlValue[] | undefined): Promise<QueryResult> {
    this.#commandTag = undefined
    try {
      const answer: unknown = await this.#client.query({
        text: sql,
        rowMode: 'array',
        types: { getTypeParser: parserOf },
        ...(parameters === undefined ? {} : { values: parameters.map(bindableValue) }),
      })
      const tag = this.#commandTag
      const result = await this.#readResult(lastResult(answer))
      return tag === undefined ? result : { ...result, commandTag: tag }
    } catch (cause) {
      throw statementError(postgresDialect, cause, sql)
    }
  }

  async #readResult(result: pg.QueryArrayResult<SqlValue[]>): Promise<QueryResult> {
    const types = await this.#typeNames.of(result.fields)
    const columns = result.fields.map((field, index) => ({ name: field.name, type: types[index]! }))
    const isQuery = columns.length > 0 && ['SELECT', 'SHOW', 'EXPLAIN', 'FETCH'].includes(result.command)
    return { columns, rows: result.rows, rowsChanged: isQuery ? 0 : (result.rowCount ?? 0) }
  }

  /** The server cancels through a second session, which unlike a cancel request works through TLS and poolers alike. */
  #cancel(): void {
    this.#cancellation ??= this.#cancelOnce().finally(() => {
      this.#cancellation = undefined
    })
  }

  async #cancelOnce(): Promise<void> {
    // When even this session cannot be had, the statement's own connection is about to fail too.
    const canceller = await this.#login.openOnce().catch(() => undefined)
    if (canceller === undefined) return
    const { processID } = this.#client as pg.Client & { processID: number }
    await canceller.query('SELECT pg_cancel_backend($1)', [processID]).catch(() => {})
    await canceller.end()
  }
}

/** The driver's protocol layer, of which its types say nothing. */
function connectionOf(client: pg.Client): {
  on(event: 'commandComplete', listener: (message: { readonly text: string }) => void): void
} {
  return (client as pg.Client & { readonly connection: ReturnType<typeof connectionOf> }).connection
}

/** Several statements in one text give several results. */
function lastResult(answer: unknown): pg.QueryArrayResult<SqlValue[]> {
  const results = (Array.isArray(answer) ? answer : [answer]) as pg.QueryArrayResult<SqlValue[]>[]
  return results.at(-1)!
}
