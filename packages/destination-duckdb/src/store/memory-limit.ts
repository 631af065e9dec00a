import type { WarehouseConnection } from '@eclusa/sdk'

/*
 * DuckDB keeps what it has written in memory as long as its limit lets it, by default until 80 % of the machine are
 * full. Appending gains nothing from that: measured with 150 batches of 32k rows, the time per row is the same with
 * 80 MB as with 4 GB, while the process is 300 MB smaller. So the limit is low while rows are appended, and as it was
 * configured while a commit merges.
 */
const appendingBytesMax = 96_000_000

const units: Readonly<Record<string, number>> = { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }

export class MemoryLimit {
  readonly #connection: WarehouseConnection
  /** As DuckDB prints it: `18.8 GiB`. */
  readonly #configured: string
  #isLow = false

  static async of(connection: WarehouseConnection): Promise<MemoryLimit> {
    const { rows } = await connection.query("SELECT current_setting('memory_limit')")
    return new MemoryLimit(connection, String(rows[0]?.[0]))
  }

  private constructor(connection: WarehouseConnection, configured: string) {
    this.#connection = connection
    this.#configured = configured
  }

  /** Outside a transaction: DuckDB refuses when too much is in use at the moment, and all stays as it is. */
  async lower(): Promise<void> {
    if (this.#isLow || bytesOf(this.#configured) <= appendingBytesMax) return
    this.#isLow = await this.#set(`${appendingBytesMax} bytes`).then(
      () => true,
      () => false,
    )
  }

  async restore(): Promise<void> {
    if (!this.#isLow) return
    this.#isLow = false
    await this.#set(this.#configured)
  }

  async #set(limit: string): Promise<void> {
    await this.#connection.query(`SET memory_limit = '${limit}'`)
  }
}

function bytesOf(text: string): number {
  const [number, unit = ''] = text.split(' ')
  return Number(number) * (units[unit] ?? Infinity)
}
