import type { WarehouseConnection } from '@eclusa/sdk'

/**
 * How many threads DuckDB works with. A statement that is work for one thread costs twice the processor time when there
 * are two (1.5.6): the other one looks for something to do without end. So their number follows the work.
 */
export class ThreadCount {
  /** As configured, or one for each core. */
  readonly max: number
  readonly #connection: WarehouseConnection
  #count: number

  static async of(connection: WarehouseConnection): Promise<ThreadCount> {
    const { rows } = await connection.query("SELECT current_setting('threads')")
    return new ThreadCount(connection, Number(rows[0]?.[0]))
  }

  private constructor(connection: WarehouseConnection, max: number) {
    this.max = max
    this.#connection = connection
    this.#count = max
  }

  /** Between statements. */
  async set(count: number): Promise<void> {
    if (this.#count === count) return
    await this.#connection.query(`SET threads = ${count}`)
    this.#count = count
  }
}
