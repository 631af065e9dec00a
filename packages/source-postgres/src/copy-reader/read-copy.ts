import { EclusaError, streamKey } from '@eclusa/sdk'
import type { ByteBudget, ChangeBatch, StreamName, StreamSchema } from '@eclusa/sdk'
import type { Client } from 'pg'
import { BatchBuilder } from '../codec/batch-builder.ts'
import { createBufferPool } from '../codec/buffer-pool.ts'
import type { BufferPool } from '../codec/buffer-pool.ts'
import type { ColumnCodec } from '../codec/column-codec.ts'
import { localSettingsSql } from '../codec/session-settings.ts'
import { sentAsText } from '../codec/textual.ts'
import { CopyReader } from './copy-reader.ts'
import { generatedGroups } from './generated-group.ts'
import { TupleDecoder, interpretedGroup } from './tuple-decoder.ts'

export interface ReadCopyOptions {
  /**
   * Connected and idle (inside a transaction or not), and the reader's alone until the iteration ends. After an
   * iteration that ran to its end, or failed with an error of the server, it is idle again; ended early, its
   * connection is closed.
   */
  readonly client: Client
  /** A SELECT whose columns are those of `schema`, each written by `selectExpression`. No parameters. */
  readonly query: string
  readonly stream: StreamName
  readonly schema: StreamSchema
  /** One per column of `schema`, in order. */
  readonly codecs: readonly ColumnCodec[]
  /** `bytesMax` bounds finished batches that nobody has taken yet: beyond it the socket is paused. */
  readonly budget: ByteBudget
  /** Default: a pool of its own. */
  readonly pool?: BufferPool
  readonly signal: AbortSignal
  /** `interpreted` decodes without generating code. Default: generated where the runtime permits it. */
  readonly decoder?: 'generated' | 'interpreted'
}

/**
 * Runs the query as `COPY (...) TO STDOUT (FORMAT binary)` and yields its rows as Arrow batches, in the server's order.
 * Batches hold at most `budget.batchRowsMax` rows and `budget.batchBytesMax` bytes; a larger row travels alone.
 *
 * `sessionSettings` apply until the transaction ends. The next batches are decoded while the consumer works.
 *
 * @throws CANCELLED when the signal is aborted.
 * @throws POSTGRES_CONNECTION_LOST, POSTGRES_PRIVILEGE_MISSING, POSTGRES_TABLE_MISSING, POSTGRES_STATEMENT_CANCELLED,
 *   POSTGRES_STATEMENT_FAILED and others by the server's SQLSTATE, which is in `details.sqlState`.
 * @throws POSTGRES_VALUE_MALFORMED when the bytes are not what the codecs expect: loud, never guessed.
 * @throws POSTGRES_VALUE_TOO_LARGE when a value exceeds what a batch, or a text of JavaScript, can hold.
 * @throws POSTGRES_TEXT_NOT_UTF8 when a text column holds bytes that are no UTF-8 (server encoding SQL_ASCII).
 *
 * @example
 * for await (const batch of readCopy({ client, query: 'SELECT "id"  FROM "sales"."orders"', ...plan, signal })) {
 *   await session.write(batch)
 * }
 */
export async function* readCopy(options: ReadCopyOptions): AsyncGenerator<ChangeBatch, void, undefined> {
  const { client, stream, schema, signal } = options
  if (signal.aborted) throw cancelled(signal)
  const reader = new CopyReader({
    client,
    stream,
    schema,
    sql: `${localSettingsSql}; COPY (\n${options.query}\n) TO STDOUT (FORMAT binary)`,
    bytesMax: options.budget.bytesMax,
    ...createDecoder(options),
  })
  const onAbort = () => reader.fail(cancelled(signal))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      const batch = await reader.next()
      if (batch === undefined) return
      yield batch
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    await reader.close()
  }

  function cancelled({ reason }: AbortSignal): EclusaError {
    if (EclusaError.isInstance(reason)) return reason
    return new EclusaError('CANCELLED', { message: `Reading ${streamKey(stream)} was cancelled.`, cause: reason })
  }
}

function createDecoder({ stream, schema, codecs, budget, pool, decoder: kind }: ReadCopyOptions) {
  const builder = new BatchBuilder({
    stream,
    schema,
    budget,
    pool: pool ?? createBufferPool({ bytesMax: budget.bytesMax + budget.batchBytesMax }),
  })
  const values = codecs.map(({ selectAsText, value }) => (selectAsText ? sentAsText(value) : value))
  const generated = kind === 'interpreted' ? undefined : generatedGroups(values, builder)
  const decoder = new TupleDecoder({ builder, groups: generated ?? [interpretedGroup(values, builder)] })
  return { builder, decoder }
}
