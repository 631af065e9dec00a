import type { Warehouse } from '@eclusa/sdk'
import { closedError } from '../closed-error.ts'
import type { SnowflakeAuthentication } from './authentication.ts'
import { loadSnowflakeDriver } from './driver.ts'
import type { SnowflakeDriver } from './driver.ts'
import { snowflakeLiteral } from './literal.ts'
import { logIn } from './login.ts'
import { SnowflakeConnection } from './session.ts'

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
  /**
   * A statement for which the server sends no byte for this long is taken for lost and asked for again under its request
   * id, three times; the server says every 45 seconds that it still works. Default: 120,000.
   */
  readonly stallMs?: number
  /** Cancels what runs, and refuses what comes after. */
  readonly signal?: AbortSignal
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

export type { SnowflakeWarehouse }
