import { hasErrorCode } from '@eclusa/sdk'
import type { Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { autocommitting } from '../adapter/autocommit-connection.ts'

/** Sessions at the warehouse, opened when needed and used again; one is used by one node at a time. */
export class SessionPool implements AsyncDisposable {
  readonly #warehouse: Warehouse
  readonly #all = new Set<PooledSession>()
  readonly #idle: PooledSession[] = []

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse
  }

  /**
   * A session that was lost in the work is closed, and not given to others. So is one of Snowflake when the work throws: what
   * the macros have set and not set back, such as the query tag, would be there for the next.
   */
  async use<Result>(work: (connection: WarehouseConnection) => Promise<Result>): Promise<Result> {
    const session = this.#idle.pop() ?? (await this.#connect())
    let isGood = this.#warehouse.type !== 'snowflake'
    try {
      const result = await work(session.connection)
      isGood = true
      return result
    } finally {
      if (session.isLost() || !isGood) await this.#close(session)
      else this.#idle.push(session)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#all].map(async (session) => await this.#close(session)))
  }

  async #connect(): Promise<PooledSession> {
    const watched = watchLoss(await this.#warehouse.connect())
    const isSnowflake = this.#warehouse.type === 'snowflake'
    const session = isSnowflake ? { ...watched, connection: autocommitting(watched.connection) } : watched
    this.#all.add(session)
    return session
  }

  async #close(session: PooledSession): Promise<void> {
    this.#all.delete(session)
    await session.connection[Symbol.asyncDispose]()
  }
}

interface PooledSession {
  readonly connection: WarehouseConnection
  readonly isLost: () => boolean
}

function watchLoss(connection: WarehouseConnection): PooledSession {
  let isLost = false
  const query: WarehouseConnection['query'] = async (sql, options) => {
    try {
      return await connection.query(sql, options)
    } catch (error) {
      isLost ||= hasErrorCode(error, 'WAREHOUSE_CONNECTION_LOST')
      throw error
    }
  }
  const close = async () => await connection[Symbol.asyncDispose]()
  return { connection: { query, [Symbol.asyncDispose]: close }, isLost: () => isLost }
}
