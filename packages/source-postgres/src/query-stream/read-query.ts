import type { ByteBudget, ChangeBatch } from '@eclusa/sdk'
import type { BufferPool } from '../codec/buffer-pool.ts'
import { createTextBatchBuilder } from '../codec/text-rows.ts'
import type { Attempt } from '../connection/server-error.ts'
import type { Session } from '../connection/session.ts'
import type { SourceStream } from '../source-stream.ts'
import { RowStream } from './row-stream.ts'
import type { TextRow } from './row-stream.ts'

export interface ReadRowsOptions {
  readonly session: Session
  readonly sql: string
  readonly parameters?: readonly (string | null)[]
  readonly attempt: Attempt
  /** Two runs of rows, each about a quarter of a batch or a single larger row, are in memory at a time. */
  readonly budget: ByteBudget
}

/**
 * Yields the rows of a query as texts, in runs that are emptied when the next one is asked for. The session's
 * transaction fixes how values print. Ended early, the session's connection is closed: what the server has not sent yet
 * has no other end.
 */
export async function* readRows({
  session,
  sql,
  parameters = [],
  attempt,
  budget,
}: ReadRowsOptions): AsyncGenerator<readonly TextRow[], void, undefined> {
  let isComplete = false
  try {
    const charactersMax = budget.batchBytesMax / 4
    const stream = await session.use(attempt, async (client) => {
      return client.query(new RowStream({ sql, parameters, charactersMax }))
    })
    for await (const rows of stream as AsyncIterable<TextRow[]>) {
      yield rows
      rows.length = 0
      stream.goOn()
    }
    isComplete = true
  } catch (error) {
    throw session.explain(error, attempt)
  } finally {
    if (!isComplete) await session.abandon()
  }
}

export interface ReadQueryOptions extends ReadRowsOptions {
  readonly stream: SourceStream
  readonly pool: BufferPool
}

/** Yields the rows of a query, whose columns are those of the stream, as batches. */
export async function* readQuery(options: ReadQueryOptions): AsyncGenerator<ChangeBatch, void, undefined> {
  const builder = batchBuilder(options)
  for await (const rows of readRows(options)) {
    for (const row of rows) yield* builder.append(row)
  }
  const last = builder.finish()
  if (last !== undefined) yield last
}

export function batchBuilder({ stream, budget, pool }: Pick<ReadQueryOptions, 'stream' | 'budget' | 'pool'>) {
  const { stream: name, schema } = stream.configured
  return createTextBatchBuilder({ stream: name, schema, codecs: stream.codecs, budget, pool })
}
