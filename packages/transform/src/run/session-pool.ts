import type { Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { autocommitting } from '../adapter/autocommit-connection.ts'

/** Sessions at the warehouse, opened when needed and used again; one is used by one node at a time. */
export class SessionPool implements AsyncDisposable {
  readonly #warehouse: Warehouse
  readonly #all: WarehouseConnection[] = []
  readonly #idle: WarehouseConnection[] = []

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse
  }

  async use<Result>(work: (connection: WarehouseConnection) => Promise<Result>): Promise<Result> {
    const connection = this.#idle.pop() ?? (await this.#connect())
    try {
      return await work(connection)
    } finally {
      this.#idle.push(connection)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map(async (connection) => await connection[Symbol.asyncDispose]()))
  }

  async #connect(): Promise<WarehouseConnection> {
    const connection = await this.#warehouse.connect()
    this.#all.push(connection)
    return this.#warehouse.type === 'snowflake' ? autocommitting(connection) : connection
  }
}
