import type { WarehouseConnection } from '@eclusa/sdk'
import { IdleCores } from './idle-cores.ts'

/*
 * What DuckDB (1.5.6) may use follows what it has to do.
 *
 * Memory: it keeps what it has written as long as its limit lets it, by default until 80 % of the machine are full.
 * Inserting gains nothing from that: measured with 20 M values, the time is the same with 48 MB as with 4 GB, while the
 * process is 300 MB smaller. A thread that inserts needs room for the rows of one row group (122,880 rows) before they
 * are compressed. What merges spills what it cannot keep: a transaction of 5 M rows took 0.5 GB of memory, against 1.9
 * with all of the machine's at its disposal. Only large commits get all that was configured: one that runs out of
 * memory while it writes a checkpoint leaves a file that fails again when it is opened.
 *
 * Threads: a statement that is work for one thread costs twice the processor time when there are two, because the other
 * one looks for something to do without end. And a second thread that inserts takes its time from the source and its
 * server, unless there is a core to spare.
 */
const insertingBytesMin = 48_000_000
/** What a column of an open table takes at least: blocks of 256 KiB for its values, its NULLs and what they point to. */
const columnBytes = 2 ** 20

const mergingBytesMin = 192_000_000
/** A batch beyond this has rows of many megabytes each. */
const usualBatchBytesMax = 20 * 1024 * 1024
/** A value in a chunk, in the rows not compressed yet, and what is being compressed. */
const copiesOfHugeRow = 4

const units: Readonly<Record<string, number>> = { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }

/** Begins to watch how many cores have nothing to do. */
type WatchCores = () => Pick<IdleCores, 'count'>

/** Memory and threads of a database while it is loaded; changed between statements of the load only. */
export class LoadLimits {
  /** As configured, or one for each core. */
  readonly threadsMax: number
  readonly #connection: WarehouseConnection
  /** As DuckDB prints it: `18.8 GiB`. */
  readonly #configuredMemory: string
  readonly #insertingBytes: number
  readonly #watchCores: WatchCores
  #idleCores: ReturnType<WatchCores>
  #memory: string
  #threads: number
  #isLifted = false
  /** For rows of many megabytes each. */
  #extraBytes = 0
  /** Others who work on the database at the moment: what is lowered is lowered for all its sessions. */
  #guests = 0
  #lastChange: Promise<unknown> = Promise.resolve()

  /** @param columns of the widest table */
  static async of(
    connection: WarehouseConnection,
    columns: number,
    watchCores: WatchCores = () => new IdleCores(),
  ): Promise<LoadLimits> {
    const { rows } = await connection.query("SELECT current_setting('memory_limit'), current_setting('threads')")
    const [memory, threads] = rows[0]!
    return new LoadLimits(connection, { memory: String(memory), threads: Number(threads), columns, watchCores })
  }

  private constructor(
    connection: WarehouseConnection,
    facts: { memory: string; threads: number; columns: number; watchCores: WatchCores },
  ) {
    this.#connection = connection
    this.#configuredMemory = this.#memory = facts.memory
    this.threadsMax = this.#threads = facts.threads
    this.#insertingBytes = Math.max(insertingBytesMin, facts.columns * columnBytes)
    this.#watchCores = facts.watchCores
    this.#idleCores = facts.watchCores()
  }

  /** What the cores did until now says nothing about the stream that begins. */
  watchFromNow(): void {
    this.#idleCores = this.#watchCores()
  }

  /** For a statement that has more to insert than one thread can: what others leave of the cores. */
  threadsAvailable(): number {
    return Math.min(this.threadsMax, 1 + this.#idleCores.count())
  }

  /** For a statement that inserts with so many threads. */
  async beginInserting(threads: number): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#guests > 0) return
      await this.#setThreads(threads)
      const bytes = this.#insertingBytes * threads + this.#extraBytes
      if (this.#isLifted || bytesOf(this.#configuredMemory) <= bytes) return
      // DuckDB refuses when more is in use at the moment: then all stays as it is.
      await this.#setMemory(`${bytes} bytes`).catch(() => {})
    })
  }

  /** A batch this large is on its way: it has rows that DuckDB must hold whole, several times over. */
  expectBatch(bytes: number): void {
    if (bytes > usualBatchBytesMax) this.#extraBytes = Math.max(this.#extraBytes, bytes * copiesOfHugeRow)
  }

  /** For statements that bring inserted rows to where they belong. They spill what they cannot keep. */
  async beginMerging(): Promise<void> {
    this.#isLifted = true
    await this.#inTurn(async () => {
      await this.#setThreads(this.threadsMax)
      const bytes = Math.max(mergingBytesMin, this.#insertingBytes * this.threadsMax) + this.#extraBytes
      if (this.#guests > 0 || bytesOf(this.#configuredMemory) <= bytes) await this.#setMemory(this.#configuredMemory)
      else await this.#setMemory(`${bytes} bytes`).catch(() => {})
    })
  }

  /** For writing it all: what was configured, until `lower`. */
  async lift(): Promise<void> {
    this.#isLifted = true
    await this.#inTurn(async () => await this.#setAll(this.#connection))
  }

  /** What is inserted from now on needs no more than usual. */
  lower(): void {
    this.#isLifted = false
    this.#extraBytes = 0
  }

  /**
   * Lets somebody else work on the database with all that was configured, also in the middle of a load.
   *
   * @param connection of the guest, since the load's own may be busy inserting.
   * @returns what ends it.
   */
  async welcome(connection: WarehouseConnection): Promise<() => void> {
    this.#guests += 1
    let isGone = false
    const leave = () => {
      if (!isGone) this.#guests -= 1
      isGone = true
    }
    try {
      await this.#inTurn(async () => await this.#setAll(connection))
      return leave
    } catch (error) {
      leave()
      throw error
    }
  }

  async #setAll(connection: WarehouseConnection): Promise<void> {
    await this.#setMemory(this.#configuredMemory, connection)
    await this.#setThreads(this.threadsMax, connection)
  }

  async #setMemory(limit: string, connection = this.#connection): Promise<void> {
    if (this.#memory === limit) return
    await connection.query(`SET memory_limit = '${limit}'`)
    this.#memory = limit
  }

  async #setThreads(count: number, connection = this.#connection): Promise<void> {
    if (this.#threads === count) return
    await connection.query(`SET threads = ${count}`)
    this.#threads = count
  }

  /** One change after the other, so that what is remembered is what holds. */
  async #inTurn(change: () => Promise<void>): Promise<void> {
    const changed = this.#lastChange.then(change)
    this.#lastChange = changed.catch(() => {})
    await changed
  }
}

function bytesOf(text: string): number {
  const [number, unit = ''] = text.split(' ')
  return Number(number) * (units[unit] ?? Infinity)
}
