import type { EventEmitter } from 'node:events'
import type { ByteBudget, ChangeBatch } from '@eclusa/sdk'
import QueryStream from 'pg-query-stream'
import type { BufferPool } from '../codec/buffer-pool.ts'
import { createTextBatchBuilder } from '../codec/text-rows.ts'
import type { Attempt } from '../connection/server-error.ts'
import type { Session } from '../connection/session.ts'
import type { SourceStream } from '../source-stream.ts'

/** A row as PostgreSQL prints it, one text per column. */
export type TextRow = (string | null)[]

export interface ReadRowsOptions {
  readonly session: Session
  readonly sql: string
  readonly parameters?: readonly (string | null)[]
  readonly attempt: Attempt
  /** Rows fetched at a time; up to twice as many are in memory. */
  readonly fetchRows: number
}

/** Enough to hide the round trips. */
const fetchRowsMax = 1000
const fetchRowsMin = 10

/** Rows to fetch at a time so that they fit the memory of half a batch, as far as statistics tell how large they are. */
export function fetchRowsFor({ relation }: SourceStream, budget: ByteBudget): number {
  const { bytesEstimated, rowsEstimated } = relation ?? {}
  if (bytesEstimated === undefined || rowsEstimated === undefined || rowsEstimated === 0) return fetchRowsMax
  const rows = Math.floor((budget.batchBytesMax / 4) * (rowsEstimated / Math.max(1, bytesEstimated)))
  return Math.min(fetchRowsMax, Math.max(fetchRowsMin, rows))
}

/**
 * Yields the rows of a query as texts. The session's transaction fixes how values print. Ended early, the session's
 * connection is closed: what the server has not sent yet has no other end.
 */
export async function* readRows({
  session,
  sql,
  parameters = [],
  attempt,
  fetchRows,
}: ReadRowsOptions): AsyncGenerator<TextRow, void, undefined> {
  let isComplete = false
  try {
    const rows = await session.use(attempt, async (client) => {
      const config = { rowMode: 'array', batchSize: fetchRows, types: { getTypeParser: () => asText } } as const
      return client.query(new RowStream(sql, [...parameters], config))
    })
    for await (const row of rows as AsyncIterable<TextRow>) yield row
    isComplete = true
  } catch (error) {
    throw session.explain(error, attempt)
  } finally {
    if (!isComplete) await session.abandon()
  }
}

/** What pg-query-stream keeps of the connection once it was submitted, and does not declare. */
interface SubmittedCursor {
  readonly connection: (EventEmitter & { readonly stream: { readonly destroyed: boolean } }) | null
}

/**
 * When a stream of pg-query-stream 4.17 ends early or fails, it waits for the server to be ready again. After the
 * connection is lost that never comes, and whoever iterates would wait for ever.
 */
class RowStream extends QueryStream {
  override _destroy(error: Error, callback: (error?: Error | null) => void): void {
    const { connection } = this.cursor as SubmittedCursor
    if (connection === null || connection.stream.destroyed) return callback(error)
    let isDone = false
    const finish = (reason?: Error | null) => {
      if (isDone) return
      isDone = true
      callback(reason)
    }
    connection.once('end', () => finish(error))
    super._destroy(error, finish)
  }
}

function asText(text: string): string {
  return text
}

export interface ReadQueryOptions extends Omit<ReadRowsOptions, 'fetchRows'> {
  readonly stream: SourceStream
  readonly budget: ByteBudget
  readonly pool: BufferPool
}

/** Yields the rows of a query, whose columns are those of the stream, as batches. */
export async function* readQuery(options: ReadQueryOptions): AsyncGenerator<ChangeBatch, void, undefined> {
  const builder = batchBuilder(options)
  for await (const row of readRows({ ...options, fetchRows: fetchRowsFor(options.stream, options.budget) })) {
    const batch = builder.append(row)
    if (batch !== undefined) yield batch
  }
  const last = builder.finish()
  if (last !== undefined) yield last
}

export function batchBuilder({ stream, budget, pool }: Pick<ReadQueryOptions, 'stream' | 'budget' | 'pool'>) {
  const { stream: name, schema } = stream.configured
  return createTextBatchBuilder({ stream: name, schema, codecs: stream.codecs, budget, pool })
}
