import type { WarehouseConnection } from '@eclusa/sdk'
import { IdleCores } from './idle-cores.ts'

/*
 * What DuckDB (1.5.6) may use follows what it has to do.
 *
 * Memory: it keeps what it has written as long as its limit lets it, by default until 80 % of the machine are full.
 * Inserting gains nothing from that: measured with 20 M values, the time is the same with 48 MB as with 4 GB, while the
 * process is 300 MB smaller. A thread that inserts needs room for the rows of one row group (122,880 rows) before they
 * are compressed, or it spills them: 1 M rows of 300 bytes take 2.6 s of processor time with 48 MB for each thread, 2.3 with
 * 64 or more. Several threads, which work where nobody else does, get that; one alone, beside a source, stays small.
 * What merges spills most of what it cannot keep. What takes the place of rows keeps a list of those that are gone until the commit, and else no more than keys, which spill at no cost that shows: a transaction of 5 M rows takes 0.4 GB
 * of memory, against 1.9 with all of the machine's at its disposal. What looks for values
 * that changes left out has windows over whole rows, which it cannot spill: it works in parts, or gets all that was configured.
 * So do large commits: one that runs out of memory while it writes
 * a checkpoint leaves a file that fails again when it is opened. And where less is not enough for something else, the next
 * attempt begins with all.
 *
 * Threads: a statement that is work for one thread costs twice the processor time when there are two, because the other
 * one looks for something to do without end. And a second thread that inserts takes its time from the source and its
 * server, unless there is a core to spare.
 */
const insertingBytesMin = 48_000_000
const insertingTogetherBytesMin = 64_000_000
/** What a column of an open table takes at least: blocks of 256 KiB for its values, its NULLs and what they point to. */
const columnBytes = 2 ** 20

const mergingBytesMin = 192_000_000
const replacingBytesMin = 96_000_000
/** About 20 times what such a part has. */
/** Of texts of all lengths; those that take most are in short rows, of which a part has many. */
const copiesOfPart = 10
/** As it lies in the table, and on its way. */
const copiesOfVector = 2
/** Of a deleted row: 8 bytes beside the table (43 MB for 5 M rows), and its number for taking that back. */
const deletedRowBytes = 12
/** A batch beyond this has rows of many megabytes each. */
const usualBatchBytesMax = 20 * 1024 * 1024
/** A value in a chunk, in the rows not compressed yet, and what is being compressed. */
const copiesOfHugeRow = 4

const units: Readonly<Record<string, number>> = { bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }

/** Begins to watch how many cores have nothing to do. */
type WatchCores = () => Pick<IdleCores, 'count'>

export interface LoadLimitsOptions {
  /** Of the widest table. */
  readonly columns: number
  /** `memory_limit` of the configuration. Default: DuckDB's own, 80 % of the memory. */
  readonly configuredMemory: string | undefined
  /** False: all the memory that is configured, all the time. Default: true. */
  readonly lowersMemory?: boolean
  readonly watchCores?: WatchCores
}

/** Memory and threads of a database while it is loaded; changed between statements of the load only. */
export class LoadLimits {
  /** As configured, or one for each core. */
  readonly threadsMax: number
  readonly #connection: WarehouseConnection
  /** As in the configuration, or else DuckDB's own, as it prints it: `18.8 GiB`. */
  readonly #configuredMemory: string
  /** About so much. */
  readonly #configuredBytes: number
  readonly #insertingBytes: number
  readonly #lowersMemory: boolean
  readonly #watchCores: WatchCores
  #idleCores: ReturnType<WatchCores>
  /** Undefined: what was configured. */
  #memoryBytes: number | undefined
  #threads: number
  #isLifted = false
  /** For rows of many megabytes each. */
  #extraBytes = 0
  /** For rows that were deleted since the last commit. */
  #heldBytes = 0
  /** Others who work on the database at the moment: what is lowered is lowered for all its sessions. */
  #guests = 0
  #lastChange: Promise<unknown> = Promise.resolve()

  /**
   * @param connection of nobody else: a change that DuckDB refuses would end the transaction of a connection that has one
   */
  static async of(connection: WarehouseConnection, options: LoadLimitsOptions): Promise<LoadLimits> {
    const { rows } = await connection.query("SELECT current_setting('memory_limit'), current_setting('threads')")
    const [memory, threads] = rows[0]!
    return new LoadLimits(connection, options, { memory: String(memory), threads: Number(threads) })
  }

  private constructor(
    connection: WarehouseConnection,
    { columns, configuredMemory, lowersMemory = true, watchCores = () => new IdleCores() }: LoadLimitsOptions,
    { memory, threads }: { readonly memory: string; readonly threads: number },
  ) {
    this.#connection = connection
    this.#configuredMemory = configuredMemory ?? memory
    this.#lowersMemory = lowersMemory
    this.#configuredBytes = bytesOf(memory)
    this.threadsMax = this.#threads = threads
    this.#insertingBytes = Math.max(insertingBytesMin, columns * columnBytes)
    this.#watchCores = watchCores
    this.#idleCores = watchCores()
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
      const threadBytes = threads > 1 ? Math.max(insertingTogetherBytesMin, this.#insertingBytes) : this.#insertingBytes
      const bytes = threadBytes * threads + this.#extraBytes + this.#heldBytes
      if (!this.#isLifted) await this.#lowerMemory(bytes)
    })
  }

  /** A batch this large is on its way: it has rows that DuckDB must hold whole, several times over. */
  expectBatch(bytes: number): void {
    if (bytes > usualBatchBytesMax) this.#extraBytes = Math.max(this.#extraBytes, bytes * copiesOfHugeRow)
  }

  /** For statements that bring inserted rows to where they belong. They spill most of what they cannot keep. */
  async beginMerging(): Promise<void> {
    await this.#mergeWithin(mergingBytesMin)
  }

  /** For statements that put rows into a table in place of up to so many, and look at no more than their keys. */
  async beginReplacing(rows: number): Promise<void> {
    this.#heldBytes += rows * deletedRowBytes
    await this.#mergeWithin(replacingBytesMin)
  }

  /** True while DuckDB may use less memory than was configured. */
  get isMemoryLowered(): boolean {
    return this.#memoryBytes !== undefined
  }

  /** For a statement that cannot spill all that it keeps: what was configured, until the next one. */
  async beginFilling(): Promise<void> {
    await this.#inTurn(async () => await this.#setAll())
  }

  /**
   * For statements of which each has a part of the rows: they keep no more than that, many times over.
   *
   * @param options.vectorBytes what a thread holds of the values that it reads
   */
  async beginFillingPart({ partBytes, vectorBytes }: { partBytes: number; vectorBytes: number }): Promise<void> {
    const readingBytes = vectorBytes * this.threadsMax * copiesOfVector
    await this.#mergeWithin(Math.ceil(partBytes * copiesOfPart + readingBytes))
  }

  /** For writing it all: what was configured, until `lower`. */
  async lift(): Promise<void> {
    this.#isLifted = true
    await this.#inTurn(async () => await this.#setAll())
  }

  /** What is inserted from now on needs no more than usual. */
  lower(): void {
    this.#isLifted = false
    this.#extraBytes = 0
    this.#heldBytes = 0
  }

  /**
   * Lets somebody else work on the database with all that was configured, also in the middle of a load.
   *
   * @returns what ends it.
   */
  async welcome(): Promise<() => void> {
    this.#guests += 1
    let isGone = false
    const leave = () => {
      if (!isGone) this.#guests -= 1
      isGone = true
    }
    try {
      await this.#inTurn(async () => await this.#setAll())
      return leave
    } catch (error) {
      leave()
      throw error
    }
  }

  async #mergeWithin(bytesMin: number): Promise<void> {
    await this.#inTurn(async () => {
      await this.#setThreads(this.threadsMax)
      const bytes = Math.max(bytesMin, this.#insertingBytes * this.threadsMax) + this.#extraBytes + this.#heldBytes
      if (this.#guests > 0) await this.#restoreMemory()
      else await this.#lowerMemory(bytes)
    })
  }

  async #setAll(): Promise<void> {
    await this.#restoreMemory()
    await this.#setThreads(this.threadsMax)
  }

  /** To so many bytes, or to what was configured where that is less. */
  async #lowerMemory(bytes: number): Promise<void> {
    if (!this.#lowersMemory || this.#configuredBytes <= bytes) return await this.#restoreMemory()
    if (this.#memoryBytes === bytes) return
    // DuckDB refuses when more is in use at the moment: then all stays as it is.
    const isLowered = await this.#connection.query(`SET memory_limit = '${bytes} bytes'`).then(
      () => true,
      () => false,
    )
    if (isLowered) this.#memoryBytes = bytes
  }

  async #restoreMemory(): Promise<void> {
    if (this.#memoryBytes === undefined) return
    // Not RESET: in DuckDB 1.5.6 it changes what the setting says, and not what memory may be used.
    await this.#connection.query(`SET memory_limit = '${this.#configuredMemory}'`)
    this.#memoryBytes = undefined
  }

  async #setThreads(count: number): Promise<void> {
    if (this.#threads === count) return
    await this.#connection.query(`SET threads = ${count}`)
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
