import { EclusaError, arrivesAsChanges } from '@eclusa/sdk'
import type { PostgresConfig } from './config.ts'
import type { ServerFacts } from './connection/server-facts.ts'
import type { Session } from './connection/session.ts'
import { readParts } from './copy/copy-part.ts'
import { cursorOf } from './incremental/cursor.ts'
import { assertHaveTransactionIds } from './incremental/xmin-pass.ts'
import { guardOf } from './read-run.ts'
import type { SourceStream } from './source-stream.ts'

export interface Reading {
  /** In a transaction. */
  readonly coordinator: Session
  readonly config: PostgresConfig
  readonly facts: Pick<ServerFacts, 'encoding'>
  readonly username: string
}

/**
 * Makes sure, before anything is read, that a stream can be read as it is configured: a copy that nothing could follow
 * would be for nothing.
 *
 * @throws POSTGRES_TEXT_NOT_UTF8, POSTGRES_CURSOR_UNSUITABLE, POSTGRES_PRIVILEGE_MISSING
 */
export async function assertReadable(
  { coordinator, config, facts, username }: Reading,
  stream: SourceStream,
): Promise<void> {
  const isIncremental = stream.configured.syncMode === 'incremental'
  if (facts.encoding === 'SQL_ASCII' && (isIncremental || stream.relation === undefined)) {
    throw new EclusaError('POSTGRES_TEXT_NOT_UTF8', {
      message: `${stream.key} cannot be read row by row: the database has the encoding SQL_ASCII, and texts that are no UTF-8 would go unnoticed.`,
      remedy: 'Read tables and views with full refresh, which checks every text.',
      details: { stream: stream.key },
    })
  }
  if (!isIncremental || arrivesAsChanges(stream.configured)) return
  const guard = guardOf(stream, config)
  if (guard === 'xmin') assertHaveTransactionIds(stream, await readParts(coordinator, stream, { config }), username)
  else cursorOf(stream, guard)
}
