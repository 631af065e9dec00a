import { EclusaError } from '@eclusa/sdk'
import type { ByteBudget, ChangeBatch, StreamName, StreamSchema } from '@eclusa/sdk'
import type { Client } from 'pg'
import type { BufferPool } from '../codec/buffer-pool.ts'
import type { ColumnCodec } from '../codec/column-codec.ts'

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
}

/**
 * Runs the query as `COPY (...) TO STDOUT (FORMAT binary)` and yields its rows as Arrow batches, in the server's order.
 *
 * @throws CANCELLED when the signal is aborted.
 * @throws POSTGRES_CONNECTION_LOST, POSTGRES_PRIVILEGE_MISSING, POSTGRES_TABLE_MISSING, POSTGRES_STATEMENT_CANCELLED,
 *   POSTGRES_COPY_FAILED by the server's SQLSTATE, which is in `details.sqlState`.
 * @throws POSTGRES_VALUE_MALFORMED when the bytes are not what the codecs expect: loud, never guessed.
 * @throws POSTGRES_TEXT_NOT_UTF8 when a text column holds bytes that are no UTF-8 (server encoding SQL_ASCII).
 */
export async function* readCopy(options: ReadCopyOptions): AsyncGenerator<ChangeBatch, void, undefined> {
  throw new EclusaError('INTERNAL', { message: `${options.stream.name} cannot be copied yet.` })
}
