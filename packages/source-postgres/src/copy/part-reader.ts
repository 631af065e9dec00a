import { EclusaError } from '@eclusa/sdk'
import type { ByteBudget, ChangeBatch } from '@eclusa/sdk'
import type { FieldDef } from 'pg'
import type { BufferPool } from '../codec/buffer-pool.ts'
import { selectExpression } from '../codec/column-codec.ts'
import type { PostgresConfig } from '../config.ts'
import { beginRead, endRead } from '../connection/read-transaction.ts'
import type { Attempt } from '../connection/server-error.ts'
import type { Session } from '../connection/session.ts'
import { readCopy } from '../copy-reader/read-copy.ts'
import { readQuery } from '../query-stream/read-query.ts'
import type { PostgresType } from '../postgres-type.ts'
import type { SourceStream } from '../source-stream.ts'
import { quoteIdentifier, qualifiedName } from '../sql-text.ts'
import { writtenSince } from '../transaction-ids.ts'
import { chunkConditions, newSince, rowConditions } from './copy-chunk.ts'
import type { CopyChunk } from './copy-chunk.ts'
import type { CopyPart } from './copy-part.ts'
import type { ExportedSnapshot } from './exported-snapshot.ts'

/** What all readers of a run share. */
export interface ReaderOptions {
  readonly config: PostgresConfig
  readonly username: string
  readonly snapshot: ExportedSnapshot
  /** This reader's share. */
  readonly budget: ByteBudget
  readonly pool: BufferPool
  readonly signal: AbortSignal
}

/**
 * One session that reads rows, in the exported snapshot. From the first row of a part to the last, its transaction
 * holds the lock that every SELECT takes (ACCESS SHARE): the table can be written to, but neither altered, truncated,
 * rewritten nor dropped. A transaction per part, so that no lock is held longer than that.
 *
 * On a standby the session is the one whose transaction has the snapshot, and all is read in that transaction.
 */
export class PartReader {
  readonly session: Session
  readonly #options: ReaderOptions
  #part: CopyPart | undefined

  constructor(session: Session, options: ReaderOptions) {
    this.session = session
    this.#options = options
  }

  /** Begins a transaction in the snapshot, for statements about the stream as a whole. */
  async begin(stream: SourceStream, lockTimeoutMs = this.#options.config.lock_timeout_ms): Promise<void> {
    const { snapshot } = this.#options
    const config = { ...this.#options.config, lock_timeout_ms: lockTimeoutMs }
    this.#part = undefined
    if (snapshot.id === undefined) return
    await beginRead(this.session, { config, snapshotId: snapshot.id, attempt: this.attempt(stream) })
  }

  hasOpen(part: CopyPart): boolean {
    return this.#part !== undefined && this.#part.oid === part.oid
  }

  /**
   * Locks the part and makes sure that it still is what was planned. A query for the catalog's tables would not do: the
   * transaction would show them as the snapshot has them, whatever has become of the table since.
   *
   * @param options.lockTimeoutMs Default: lock_timeout_ms of the configuration.
   * @throws POSTGRES_TABLE_CHANGED, POSTGRES_TABLE_MISSING, POSTGRES_PRIVILEGE_MISSING, POSTGRES_ROWS_HIDDEN,
   *   POSTGRES_LOCK_TIMEOUT, POSTGRES_SNAPSHOT_UNAVAILABLE
   */
  async open(stream: SourceStream, part: CopyPart, { lockTimeoutMs }: { lockTimeoutMs?: number } = {}): Promise<void> {
    if (part.oid !== 0 && this.hasOpen(part)) return
    await this.begin(stream, lockTimeoutMs)
    if (part.oid !== 0) await this.#lock(stream, part)
    this.#part = part
  }

  async #lock(stream: SourceStream, part: CopyPart): Promise<void> {
    const attempt = this.attempt(stream)
    const names = stream.columns.map(({ name }) => quoteIdentifier(name)).join(', ')
    const fields = await this.session.use(attempt, async (client) => {
      return (await client.query({ text: `SELECT ${names} FROM ${part.fromSql} LIMIT 0`, rowMode: 'array' })).fields
    })
    assertSameColumns(stream, part, fields)
    await this.#assertSameStorage(stream, part)
  }

  /** Yields the rows of a chunk. The part must be open. */
  async *readChunk(stream: SourceStream, chunk: CopyChunk): AsyncGenerator<ChangeBatch, void, undefined> {
    const attempt = this.attempt(stream)
    if (stream.relation === undefined) {
      yield* readQuery({ session: this.session, stream, attempt, sql: selectTexts(stream), ...this.#share() })
      return
    }
    try {
      yield* readCopy({
        client: this.session.client,
        query: selectRows(stream, chunk),
        stream: stream.configured.stream,
        schema: stream.configured.schema,
        codecs: stream.codecs,
        ...this.#share(),
      })
    } catch (error) {
      throw this.session.explain(error, attempt)
    }
  }

  /** The transactions from the snapshot's xmin on that wrote rows of this chunk. The part must be open. */
  async readRecentXids(stream: SourceStream, chunk: CopyChunk): Promise<string[]> {
    const { xmin, xmax } = this.#options.snapshot
    // While nobody was writing when the snapshot was taken, every visible row is older than its xmin.
    if (xmin === xmax || !chunk.part.isAddressable) return []
    const conditions = [...chunkConditions(chunk), writtenSince(xmin)].join(' AND ')
    const rows = await this.session.query<{ xid: string }>(
      `SELECT DISTINCT xmin::text AS xid FROM ${chunk.part.fromSql} WHERE ${conditions}`,
      { attempt: this.attempt(stream) },
    )
    return rows.map(({ xid }) => xid)
  }

  /** Ends the transaction if its part is one of these. */
  async releaseOneOf(parts: ReadonlySet<CopyPart>): Promise<void> {
    if (this.#part !== undefined && parts.has(this.#part)) await this.release()
  }

  /** Ends the transaction; the next part begins another. */
  async release(): Promise<void> {
    this.#part = undefined
    if (this.#options.snapshot.id === undefined) return
    await endRead(this.session, { doing: 'ending a read' })
  }

  attempt(stream: SourceStream): Attempt {
    const { username } = this.#options
    const role = quoteIdentifier(username)
    return {
      doing: `reading ${stream.key}`,
      stream: stream.key,
      remedies: {
        POSTGRES_ROWS_HIDDEN: `ALTER ROLE ${role} BYPASSRLS, or set row_level_security: apply to read only the visible rows.`,
        ...(stream.relation !== undefined && {
          POSTGRES_PRIVILEGE_MISSING: `GRANT SELECT ON ${qualifiedName(stream.relation)} TO ${role}`,
        }),
      },
    }
  }

  #share() {
    const { budget, pool, signal } = this.#options
    return { budget, pool, signal }
  }

  async #assertSameStorage(stream: SourceStream, part: CopyPart): Promise<void> {
    if (part.filenode === null) return
    // Unlike a query for pg_class, the function tells the present state: the snapshot does not apply to it.
    const [row] = await this.session.query<{ filenode: number | null }>(
      'SELECT pg_relation_filenode($1::oid)::int8::float8 AS filenode',
      { attempt: this.attempt(stream), parameters: [part.oid] },
    )
    if (row?.filenode !== part.filenode) throw changed(stream, 'was truncated or rewritten')
  }
}

function selectRows(stream: SourceStream, chunk: CopyChunk): string {
  const columns = stream.columns.map(({ name }, index) =>
    selectExpression(stream.codecs[index]!, valueSql(stream, name)),
  )
  const conditions = [
    ...chunkConditions(chunk),
    ...(chunk.since === undefined ? [] : [newSince(chunk.since)]),
    ...rowConditions(chunk.part),
  ]
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  return `SELECT ${columns.join(', ')} FROM ${chunk.part.fromSql}${where}`
}

/** A NULL of the column's own type, whatever that is called, where the value is not wanted. */
function valueSql({ read }: SourceStream, name: string): string {
  const identifier = quoteIdentifier(name)
  return read === undefined || read.has(name) ? identifier : `(CASE WHEN false THEN ${identifier} END)`
}

/** The same as texts, which pg-query-stream reads: PostgreSQL prints them itself, nothing is cast. */
function selectTexts({ columns, fromSql }: SourceStream): string {
  return `SELECT ${columns.map(({ name }) => quoteIdentifier(name)).join(', ')} FROM ${fromSql}`
}

function assertSameColumns(stream: SourceStream, part: CopyPart, fields: readonly FieldDef[]): void {
  for (const [index, field] of fields.entries()) {
    const { name, type: declared } = stream.columns[index]!
    const type = withoutDomain(declared)
    if (field.tableID !== part.oid) throw changed(stream, 'was replaced by another of its name')
    const isSame =
      field.columnID === part.columnNumbers[index] &&
      field.dataTypeID === type.oid &&
      field.dataTypeModifier === type.typmod
    if (!isSame) throw changed(stream, `has another column "${name}" now`)
  }
}

/** The protocol describes a column of a domain as one of the domain's base type. */
function withoutDomain(type: PostgresType): PostgresType {
  return type.base === undefined ? type : withoutDomain(type.base)
}

function changed(stream: SourceStream, what: string): EclusaError {
  return new EclusaError('POSTGRES_TABLE_CHANGED', {
    message: `${stream.key} ${what} after its copy was planned.`,
    details: { stream: stream.key },
  })
}
