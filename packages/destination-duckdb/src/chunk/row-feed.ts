import { DuckDBTableFunction, INTEGER } from '@duckdb/node-api'
import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api'
import type { ColumnType } from '@eclusa/sdk'
import { duckdbTypeOf } from './duckdb-type.ts'
import { withExitGuard } from './exit-guard.ts'

/** Where the rows of a statement come from. */
export interface RowSource {
  readonly types: readonly ColumnType[]
  /** How many of DuckDB's threads may ask at once. */
  readonly threads: number
  /** Puts the next rows into the chunk; leaves it empty when there are none. */
  fill(chunk: DuckDBDataChunk): void
}

const functionName = '_eclusa_rows'

/**
 * A table function whose rows come from this thread: `INSERT INTO … SELECT * FROM _eclusa_rows(1)`. DuckDB's threads ask
 * for a chunk when they have room for one, wait until this thread has filled it, and go on to compress and write while
 * this thread does other things.
 */
export class RowFeed {
  readonly #sources = new Map<number, RowSource>()
  #lastId = 0

  /** At most once for each database that is open. */
  static register(connection: DuckDBConnection): RowFeed {
    const feed = new RowFeed()
    connection.registerTableFunction(
      DuckDBTableFunction.create({
        name: functionName,
        parameterTypes: [INTEGER],
        bindFunction(info) {
          const source = feed.#sources.get(Number(info.getParameter(0)))
          if (source === undefined) throw new Error(`${functionName} has rows only while a load inserts them`)
          for (const [index, type] of source.types.entries()) info.addResultColumn(`c${index}`, duckdbTypeOf(type))
          info.setBindData(source)
        },
        initFunction: (info) => info.setMaxThreads((info.bindData as RowSource).threads),
        mainFunction: (info, chunk) => (info.bindData as RowSource).fill(chunk),
      }),
    )
    return feed
  }

  /** Runs a statement that reads these rows by the name it is given for them. */
  async read<Result>(source: RowSource, run: (relation: string) => Promise<Result>): Promise<Result> {
    const id = ++this.#lastId
    this.#sources.set(id, source)
    try {
      return await withExitGuard(() => run(`${functionName}(${id})`))
    } finally {
      this.#sources.delete(id)
    }
  }
}
