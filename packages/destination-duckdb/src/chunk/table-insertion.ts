import { setImmediate } from 'node:timers/promises'
import type { DuckDBDataChunk } from '@duckdb/node-api'
import type { ColumnType } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { DuckDbSession, RelationName } from '@eclusa/warehouse'
import { ChunkWriter, chunkRowsMax } from './chunk-writer.ts'
import type { AppendMethod, SlotValues } from './chunk-writer.ts'
import type { LoadLimits } from './load-limits.ts'
import type { RowFeed, RowSource } from './row-feed.ts'

/** What statements that insert ask of the limits of a load. */
export type InsertionLimits = Pick<LoadLimits, 'threadsMax' | 'threadsAvailable' | 'beginInserting'>

export interface InsertionContext {
  readonly session: DuckDbSession
  readonly feed: RowFeed
  readonly limits: LoadLimits
  readonly method: AppendMethod
}

/** Rows of a batch that DuckDB has not asked for yet. */
interface WaitingRows {
  readonly slots: readonly SlotValues[]
  readonly rowCount: number
  /** Rows before this one are with DuckDB. */
  at: number
  taken(): void
  failed(error: unknown): void
}

/** DuckDB's own size of a row group, which it compresses as a whole. */
const rowGroupRows = 122_880
/** Rows after which it is looked at for the first time how many threads there should be. */
const firstTurnRows = 32_768
/** So many that are there at once come from memory: every core may take part from the first row on. */
const burstRows = 2 * firstTurnRows
/** And later on. Seldom, because DuckDB copies once more what a statement leaves of a row group: a tenth of all its work. */
const turnRows = 4 * rowGroupRows

/**
 * Inserts batches into a table, in the transaction of its session. A statement takes rows for as long as there are any:
 * one thread of DuckDB's as long as the source is the slower side, and as many more as there are idle cores once batches
 * pile up. Rows may come to lie in the table in another order.
 */
export class TableInsertion implements RowSource {
  readonly #context: Omit<InsertionContext, 'limits'> & { readonly limits: InsertionLimits }
  readonly #table: string
  readonly #writer: ChunkWriter
  readonly #waiting: WaitingRows[] = []
  #running: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #isFirstStatement = true
  /** Of the present statement. */
  #threads = 1
  /** Rows that a statement may take before it is looked at again how many threads it should have. */
  #turnRows = firstTurnRows
  /** Of them, in the present statement. */
  #rowsLeft = 0

  /** @param names of the table's columns, where `types` are in another order than they. */
  constructor(
    context: Omit<InsertionContext, 'limits'> & { readonly limits: InsertionLimits },
    table: RelationName,
    types: readonly ColumnType[],
    names: readonly string[] = [],
  ) {
    this.#context = context
    const columns = names.map((name) => duckdbDialect.quoteIdentifier(name)).join(', ')
    this.#table = `${duckdbDialect.formatRelation(table)}${columns === '' ? '' : ` (${columns})`}`
    this.#writer = new ChunkWriter(types, context.method)
  }

  /** One slot for each column of the table. Resolves when the slots are no longer needed. */
  async append(slots: readonly SlotValues[], rowCount: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    if (rowCount === 0) return
    const taken = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ slots, rowCount, at: 0, taken: resolve, failed: reject })
    })
    this.#running ??= this.#run()
    await taken
  }

  /** Resolves when all rows are in the transaction. */
  async finish(): Promise<void> {
    await this.#running
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Forgets the rows that DuckDB has not asked for, and waits for the others. */
  async discard(): Promise<void> {
    for (const rows of this.#waiting.splice(0)) rows.taken()
    await this.#running
  }

  get types(): readonly ColumnType[] {
    return this.#writer.types
  }

  get threads(): number {
    return this.#threads
  }

  fill(chunk: DuckDBDataChunk): void {
    const rows = this.#waiting[0]
    if (rows === undefined || this.#isAtTurn()) {
      chunk.rowCount = 0
      return
    }
    const count = Math.min(chunkRowsMax, rows.rowCount - rows.at)
    this.#writer.write(chunk, rows.slots, rows.at, count)
    rows.at += count
    this.#rowsLeft -= count
    if (rows.at < rows.rowCount) return
    this.#waiting.shift()
    rows.taken()
  }

  /** A statement of one thread ends after a while when batches have piled up, so that the next one may have more. */
  #isAtTurn(): boolean {
    return this.#threads === 1 && this.#rowsLeft <= 0 && this.#waiting.length > 1 && this.#context.limits.threadsMax > 1
  }

  async #run(): Promise<void> {
    try {
      // Batches that are there already come within one turn of the event loop.
      await setImmediate()
      while (this.#waiting.length > 0) await this.#insertWaiting()
    } catch (error) {
      this.#failure = { error }
      for (const rows of this.#waiting.splice(0)) rows.failed(error)
    } finally {
      this.#running = undefined
    }
  }

  async #insertWaiting(): Promise<void> {
    const { session, feed, limits } = this.#context
    this.#threads = this.#threadsForWaiting()
    this.#isFirstStatement = false
    this.#rowsLeft = this.#turnRows
    this.#turnRows = turnRows
    await limits.beginInserting(this.#threads)
    await feed.read(this, (rows) => session.query(`INSERT INTO ${this.#table} SELECT * FROM ${rows}`))
  }

  #threadsForWaiting(): number {
    const { limits } = this.#context
    if (this.#waiting.length < 2) return 1
    const rows = this.#waiting.reduce((sum, { rowCount }) => sum + rowCount, 0)
    // How busy the cores were before says nothing about a source that has only now begun.
    return this.#isFirstStatement && rows >= burstRows ? limits.threadsMax : limits.threadsAvailable()
  }
}
