import type { WarehouseConnection } from '@eclusa/sdk'

/*
 * DuckDB keeps what it has written in memory as long as its limit lets it, by default until 80 % of the machine are
 * full. Appending gains nothing from that: measured with 150 batches of 32k rows, the time per row is the same with
 * 80 MB as with 4 GB, while the process is 300 MB smaller. So the limit is low while rows are appended, and as it was
 * configured for batches with rows of many megabytes and for commits. Those merge, and write checkpoints: one that runs
 * out of memory in a checkpoint (1.5.6) leaves a file that fails again when it is opened.
 */
const appendingBytesMin = 96_000_000
/** What a column of an open table takes at least: blocks of 256 KiB for its values, its NULLs and what they point to. */
const columnBytes = 2 ** 20

const units: Readonly<Record<string, number>> = { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }

export class MemoryLimit {
  readonly #connection: WarehouseConnection
  /** As DuckDB prints it: `18.8 GiB`. */
  readonly #configured: string
  readonly #appendingBytes: number
  #isLow = false

  /** @param columns of the widest table, or of all that may be open at once. */
  static async of(connection: WarehouseConnection, columns: number): Promise<MemoryLimit> {
    const { rows } = await connection.query("SELECT current_setting('memory_limit')")
    return new MemoryLimit(connection, String(rows[0]?.[0]), Math.max(appendingBytesMin, columns * columnBytes))
  }

  private constructor(connection: WarehouseConnection, configured: string, appendingBytes: number) {
    this.#connection = connection
    this.#configured = configured
    this.#appendingBytes = appendingBytes
  }

  /** Outside a transaction: DuckDB refuses when too much is in use at the moment, and all stays as it is. */
  async lower(): Promise<void> {
    if (this.#isLow || bytesOf(this.#configured) <= this.#appendingBytes) return
    this.#isLow = await this.#set(`${this.#appendingBytes} bytes`).then(
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
