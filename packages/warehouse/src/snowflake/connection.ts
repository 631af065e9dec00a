import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Column, Connection, ConnectionOptions, RowStatement, SnowflakeError } from 'snowflake-sdk'
import { EclusaError } from '@eclusa/sdk'
import type { QueryOptions, QueryResult, SqlValue, Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { closedError } from '../closed-error.ts'
import { interruptible } from '../interruption.ts'
import { statementError } from '../statement-error.ts'
import { statementQueue } from '../statement-queue.ts'
import { driverAuthentication } from './authentication.ts'
import type { SnowflakeAuthentication } from './authentication.ts'
import { snowflakeDialect } from './dialect.ts'
import { loadSnowflakeDriver } from './driver.ts'
import type { SnowflakeDriver } from './driver.ts'
import { snowflakeLiteral } from './literal.ts'
import { bindableSnowflakeValue, typeNameOf, valueParserOf } from './value.ts'

export interface OpenSnowflakeOptions {
  /** The account identifier: `myorg-myaccount`. */
  readonly account: string
  readonly user: string
  readonly authentication: SnowflakeAuthentication
  /** Name of the server, where it is not `<account>.snowflakecomputing.com`. */
  readonly host?: string
  /** Default: 443. */
  readonly port?: number
  /** `http` is for endpoints on this machine. Default: `https`. */
  readonly protocol?: 'http' | 'https'
  readonly warehouse?: string
  readonly database: string
  readonly schema?: string
  readonly role?: string
  /** Shown beside each statement in QUERY_HISTORY. Default: `eclusa`. */
  readonly queryTag?: string
  /** Cancels what runs, and refuses what comes after. */
  readonly signal?: AbortSignal
}

/** What a statement of Snowflake is run with beyond `QueryOptions`. */
export interface SnowflakeQueryOptions extends QueryOptions {
  /**
   * The identity of the request, a UUID. A statement that was sent under it before is not run again: its result is given.
   * Default: a new one.
   */
  readonly requestId?: string
}

/** So that results do not depend on account, user or machine, and lose no digit. */
const sessionParameters: Readonly<Record<string, string | boolean>> = {
  TIMEZONE: 'UTC',
  DATE_OUTPUT_FORMAT: 'YYYY-MM-DD',
  TIME_OUTPUT_FORMAT: 'HH24:MI:SS.FF9',
  TIMESTAMP_NTZ_OUTPUT_FORMAT: 'YYYY-MM-DD HH24:MI:SS.FF9',
  TIMESTAMP_LTZ_OUTPUT_FORMAT: 'YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM',
  TIMESTAMP_TZ_OUTPUT_FORMAT: 'YYYY-MM-DD HH24:MI:SS.FF9 TZHTZM',
  BINARY_OUTPUT_FORMAT: 'HEX',
  // What nobody waits for any more must not go on and change tables.
  ABORT_DETACHED_QUERY: true,
}

/** What the driver is to give as text, in its words: its own forms of them round, reorder or leave out. */
const textTypes = ['Number', 'Date', 'JSON', 'Object', 'Array', 'Map', 'Buffer'] as (
  | 'Number'
  | 'Date'
  | 'JSON'
  | 'Buffer'
)[]

/** The server ends sessions that were idle for four hours. */
const heartbeatSeconds = 900
/** Resends of a statement whose answer was lost, with the waits before them. */
const resendDelaysMs = [500, 2000, 8000]

/**
 * Opens a Snowflake account as a warehouse: each `connect` is one session, with UTC as time zone and kept alive. A
 * statement whose answer is lost is sent again under the same request id, so that it runs once.
 *
 * @throws WAREHOUSE_CONNECTION_FAILED when the account cannot be reached or refuses the login; WAREHOUSE_KEY_UNREADABLE;
 *   WAREHOUSE_DRIVER_MISSING
 */
export async function openSnowflake(options: OpenSnowflakeOptions): Promise<SnowflakeWarehouse> {
  const warehouse = new SnowflakeWarehouse(await loadSnowflakeDriver(), options)
  // A first session tells at once whether the login works.
  const probe = await warehouse.connect()
  await probe[Symbol.asyncDispose]()
  return warehouse
}

class SnowflakeWarehouse implements Warehouse {
  readonly type = 'snowflake'
  readonly database: string
  readonly #driver: SnowflakeDriver
  readonly #options: OpenSnowflakeOptions
  readonly #sessions = new Set<SnowflakeConnection>()
  #isClosed = false

  constructor(driver: SnowflakeDriver, options: OpenSnowflakeOptions) {
    this.#driver = driver
    this.#options = options
    this.database = options.database
  }

  async connect(): Promise<SnowflakeConnection> {
    if (this.#isClosed) throw closedError('warehouse')
    const connection = await logIn(this.#driver, this.#options)
    const session = new SnowflakeConnection(connection, this.#options, () => this.#sessions.delete(session))
    this.#sessions.add(session)
    const settings = { ...sessionParameters, QUERY_TAG: this.#options.queryTag ?? 'eclusa' }
    const assignments = Object.entries(settings).map(([name, value]) => `${name} = ${snowflakeLiteral(value)}`)
    await session.query(`ALTER SESSION SET ${assignments.join(' ')}`)
    return session
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#sessions].map((session) => session[Symbol.asyncDispose]()))
  }
}

class SnowflakeConnection implements WarehouseConnection {
  readonly #connection: Connection
  readonly #options: OpenSnowflakeOptions
  readonly #onClose: () => void
  readonly #closing = new AbortController()
  readonly #queue = statementQueue()
  #running: RowStatement | undefined

  constructor(connection: Connection, options: OpenSnowflakeOptions, onClose: () => void) {
    this.#connection = connection
    this.#options = options
    this.#onClose = onClose
  }

  query(sql: string, options: SnowflakeQueryOptions = {}): Promise<QueryResult> {
    if (this.#closing.signal.aborted) return Promise.reject(closedError('session'))
    return this.#queue.run(() =>
      interruptible(
        [options.signal, this.#options.signal, this.#closing.signal],
        () => this.#running?.cancel(() => {}),
        () => this.#runOnce(sql, options),
      ),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    await this.#queue.drained()
    // A session that the server has ended already cannot be ended again.
    await new Promise<void>((resolve) => this.#connection.destroy(() => resolve()))
    this.#onClose()
  }

  /** Sends the statement until an answer comes; the request id makes the server run it once. */
  async #runOnce(sql: string, options: SnowflakeQueryOptions): Promise<QueryResult> {
    const requestId = options.requestId ?? randomUUID()
    for (let resends = 0; ; resends += 1) {
      try {
        return await this.#send(sql, requestId, options.parameters)
      } catch (cause) {
        const waitMs = resendDelaysMs[resends]
        if (waitMs === undefined || !isLostAnswer(cause)) throw statementError(snowflakeDialect, cause, sql)
        await delay(waitMs, undefined, { signal: this.#closing.signal })
      }
    }
  }

  #send(sql: string, requestId: string, parameters: readonly SqlValue[] | undefined): Promise<QueryResult> {
    return new Promise((resolve, reject) => {
      this.#running = this.#connection.execute({
        sqlText: sql,
        requestId,
        rowMode: 'array',
        fetchAsString: [...textTypes],
        ...(parameters === undefined ? {} : { binds: parameters.map(bindableSnowflakeValue) }),
        complete: (error, statement, rows) => {
          this.#running = undefined
          if (error === undefined || error === null) resolve(resultOf(sql, statement, rows ?? []))
          else reject(error)
        },
      })
    })
  }
}

export type { SnowflakeConnection, SnowflakeWarehouse }

const changeCounts = /^number of (?:rows|multi-joined rows) (?:inserted|updated|deleted)$/u
/** Statements that only say that they were done. `(?:…)*` skips comments. */
const commands =
  /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(?:alter|begin|comment|commit|create|drop|grant|revoke|rollback|set|start|truncate|undrop|unset|use)\b/iu

function resultOf(sql: string, statement: RowStatement, rows: readonly unknown[][]): QueryResult {
  const described = statement.getColumns() ?? []
  const names = described.map((column) => column.getName())
  if (names.length > 0 && names.every((name) => changeCounts.test(name))) {
    return { columns: [], rows: [], rowsChanged: changedRows(names, rows[0] ?? []) }
  }
  if (names.length === 1 && names[0] === 'status' && commands.test(sql)) {
    return { columns: [], rows: [], rowsChanged: 0, commandTag: statusOf(rows) }
  }
  return { columns: described.map(columnOf), rows: parsedRows(described, rows), rowsChanged: 0 }
}

function statusOf(rows: readonly unknown[][]): string {
  const status = rows[0]?.[0]
  return typeof status === 'string' ? status : ''
}

/** The counts of MERGE come as a column for each kind of change; "multi-joined" ones are no changes of their own. */
function changedRows(names: readonly string[], counts: readonly unknown[]): number {
  return names.reduce((sum, name, index) => (name.includes('multi-joined') ? sum : sum + Number(counts[index])), 0)
}

function columnOf(column: Column): QueryResult['columns'][number] {
  return { name: column.getName(), type: typeNameOf(column) }
}

function parsedRows(described: readonly Column[], rows: readonly unknown[][]): QueryResult['rows'] {
  const parsers = described.map(valueParserOf)
  return rows.map((row) => row.map((value, index) => parsers[index]!(value)))
}

/** The driver's codes for: unreachable, refused by HTTP status, answered by something that is not JSON. */
const lostAnswerCodes = new Set(['401001', '401002', '401003'])

/** No answer of the server about the statement: it may have run or not. */
function isLostAnswer(error: unknown): boolean {
  return lostAnswerCodes.has(String((error as { readonly code?: unknown }).code))
}

async function logIn(driver: SnowflakeDriver, options: OpenSnowflakeOptions): Promise<Connection> {
  const connection = driver.createConnection(connectionOptions(options))
  try {
    return await new Promise<Connection>((resolve, reject) => {
      connection.connect((error: SnowflakeError | undefined, connected) =>
        error === undefined || error === null ? resolve(connected) : reject(error),
      )
    })
  } catch (cause) {
    throw connectionFailed(options, cause)
  }
}

function connectionOptions(options: OpenSnowflakeOptions): ConnectionOptions {
  const { host, port, protocol, warehouse, schema, role } = options
  const given = { host, port, protocol, warehouse, schema, role }
  return {
    account: options.account,
    username: options.user,
    database: options.database,
    application: 'eclusa',
    // The driver would give the text NULL for a NULL that is fetched as text.
    representNullAsStringNull: false,
    clientSessionKeepAlive: true,
    clientSessionKeepAliveHeartbeatFrequency: heartbeatSeconds,
    // A wrong name of an account would be tried for five minutes.
    sfRetryMaxLoginRetries: 2,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...driverAuthentication(options.authentication),
  }
}

function connectionFailed(options: OpenSnowflakeOptions, cause: unknown): EclusaError {
  const { message, code } = snowflakeDialect.classifyError(cause, '')
  return new EclusaError('WAREHOUSE_CONNECTION_FAILED', {
    message: `Snowflake account "${options.account}", user "${options.user}": ${code === undefined ? '' : `${code}: `}${message}`,
    details: { code, message, account: options.account, user: options.user },
    cause,
  })
}
