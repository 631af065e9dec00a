import { EclusaError, streamKey } from '@eclusa/sdk'
import type { CheckContext, CheckFinding } from '@eclusa/sdk'
import { readRelations } from '../catalog/relation.ts'
import type { PostgresConfig } from '../config.ts'
import { beginRead } from '../connection/read-transaction.ts'
import type { ServerFacts } from '../connection/server-facts.ts'
import type { Session } from '../connection/session.ts'
import { isReadable } from '../discover.ts'
import { assertReadable } from '../readable-stream.ts'
import { streamResolver } from '../source-stream.ts'
import type { SourceStream } from '../source-stream.ts'
import { qualifiedName, quoteIdentifier } from '../sql-text.ts'
import { failed, passed } from './finding.ts'
import { relationFindings } from './relation-finding.ts'

export interface StreamCheckOptions {
  readonly config: PostgresConfig
  readonly facts: ServerFacts
  readonly username: string
  readonly chosen: Required<Pick<CheckContext, 'catalog' | 'missing'>>
}

/** Looks at the streams that were chosen, and at nothing else: whether each can be read in the way it is configured. */
export async function* examineStreams(
  session: Session,
  options: StreamCheckOptions,
): AsyncGenerator<CheckFinding, void, undefined> {
  const { config, facts, username } = options
  const { streams } = options.chosen.catalog
  for (const key of options.chosen.missing) yield await missingFinding(session, key, username)
  const resolve = await streamResolver(session, streams, { config, facts, username })
  let readable = 0
  for (const configured of streams) {
    const subject = `stream ${streamKey(configured.stream)}`
    try {
      const stream = await resolve(configured)
      await assertReadable({ coordinator: session, config, facts, username }, stream)
      assertCursorAndKey(stream)
      if (stream.relation !== undefined) yield* relationFindings(stream.relation, { config, username })
      readable++
    } catch (error) {
      if (!EclusaError.isInstance(error) || error.code === 'CANCELLED') throw error
      yield failed(subject, error)
      // A statement that fails spoils its transaction.
      await beginRead(session, { config, attempt: { doing: 'beginning to check a stream' } })
    }
  }
  if (readable > 0) yield passed('tables', `${readable} of the chosen tables, views and queries can be read.`)
}

/** What reading does not need, and the destination does: the columns that say which row is the last of its key. */
function assertCursorAndKey({ configured, key, columns }: SourceStream): void {
  const has = (name: string) => columns.some((column) => column.name === name)
  const { cursorColumn } = configured
  if (cursorColumn !== undefined && !has(cursorColumn)) {
    throw new EclusaError('POSTGRES_CURSOR_UNSUITABLE', {
      message: `${key} has no column "${cursorColumn}", which is named as its cursor.`,
      details: { stream: key },
    })
  }
  if (configured.destinationSyncMode !== 'append_dedup') return
  const missing = configured.primaryKey.filter((name) => !has(name))
  if (configured.primaryKey.length > 0 && missing.length === 0) return
  const what =
    missing.length === 0
      ? 'has no primary key, by which append_dedup tells rows apart'
      : `has no column ${missing.map((name) => `"${name}"`).join(', ')} of its primary key`
  throw new EclusaError('STREAM_SELECTION_INVALID', {
    message: `${key} ${what}.`,
    remedy: 'Name the columns as primary_key of the stream, or append without dedup.',
    details: { stream: key },
  })
}

/** Why discover does not show a stream: it is not there, or the role may not read any of it. */
async function missingFinding(session: Session, key: string, username: string): Promise<CheckFinding> {
  const relations = await readRelations(session, { names: namesOf(key) })
  const hidden = relations.find((relation) => !isReadable(relation))
  const subject = `stream ${key}`
  if (hidden === undefined) {
    const message =
      relations.length === 0
        ? `There is no table, view or query ${key}.`
        : `${key} is there, and is no stream: see \`schemas\` and \`discover_partitions\`.`
    return failed(subject, new EclusaError('POSTGRES_TABLE_MISSING', { message }))
  }
  const role = quoteIdentifier(username)
  const usage = hidden.isSchemaUsable ? '' : `GRANT USAGE ON SCHEMA ${quoteIdentifier(hidden.schemaName)} TO ${role}; `
  return failed(
    subject,
    new EclusaError('POSTGRES_PRIVILEGE_MISSING', {
      message: `Role "${username}" may not read ${key}.`,
      remedy: `${usage}GRANT SELECT ON ${qualifiedName(hidden)} TO ${role};`,
    }),
  )
}

/** A key does not tell where the schema ends, where names have dots. */
function namesOf(key: string): { schemaName: string; name: string }[] {
  const dots = [...key.matchAll(/\./gu)].map(({ index }) => index)
  return dots.map((dot) => ({ schemaName: key.slice(0, dot), name: key.slice(dot + 1) }))
}
