import { EclusaError, streamKey } from '@eclusa/sdk'
import type { ConnectorContext, DiscoveredCatalog, DiscoveredStream } from '@eclusa/sdk'
import { readRelations } from './catalog/relation.ts'
import type { Relation } from './catalog/relation.ts'
import { cursorKind, streamColumn, typePolicy } from './catalog/stream-column.ts'
import type { SourceColumn, TypePolicy } from './catalog/stream-column.ts'
import type { PostgresConfig } from './config.ts'
import { connectionSettings } from './connection/connection-settings.ts'
import { beginRead } from './connection/read-transaction.ts'
import { readServerFacts } from './connection/server-facts.ts'
import { openSession } from './connection/session.ts'
import type { Session } from './connection/session.ts'
import { replicationSettings } from './replication/replication-settings.ts'
import { describeQuery } from './query-stream/user-query.ts'
import type { UserQuery } from './query-stream/user-query.ts'

/**
 * Lists what can be read: tables, partitioned tables, views, materialized views and foreign tables that the role may
 * select from, ordered by schema and name, then the queries of the configuration. Columns that it may not read are left
 * out and noted; relations that it may not read at all are left out and logged.
 *
 * @throws POSTGRES_SCHEMA_MISSING, POSTGRES_VERSION_UNSUPPORTED, POSTGRES_QUERY_REFUSED, and whatever connecting throws.
 */
export async function discover(config: PostgresConfig, { signal, log }: ConnectorContext): Promise<DiscoveredCatalog> {
  await using session = await openSession(connectionSettings(config), signal)
  const facts = await readServerFacts(session)
  await beginRead(session, { config, attempt: { doing: 'beginning to discover' } })
  await assertSchemasExist(session, config)
  const policy = typePolicy(config, facts)
  const relations = await readRelations(session, {
    ...(config.schemas !== undefined && { schemas: config.schemas }),
    includePartitions: config.discover_partitions,
  })
  const readable = relations.filter(isReadable)
  if (readable.length < relations.length) {
    log.warn('Left out tables and views that the role may not read; `check` lists them with the GRANT they need.', {
      count: relations.length - readable.length,
    })
  }
  const streams = readable.map((relation) => relationStream(relation, config, policy))
  for (const [name, query] of Object.entries(config.queries)) {
    streams.push(queryStream(await describeQuery(session, name, query), policy))
  }
  return { streams: withoutAmbiguity(streams, log) }
}

/** USAGE on the schema and SELECT on at least one column, or on a table without columns. */
export function isReadable(relation: Relation): boolean {
  return (
    relation.isSchemaUsable && (relation.columns.length === 0 || relation.columns.some((column) => column.isReadable))
  )
}

/** Schemas of the configuration that do not exist. */
export async function findMissingSchemas(session: Session, schemas: readonly string[]): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT name FROM unnest($1::text[]) AS wanted (name)
      WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = name)`,
    { attempt: { doing: 'looking for the configured schemas' }, parameters: [schemas] },
  )
  return rows.map(({ name }) => name)
}

async function assertSchemasExist(session: Session, { schemas = [] }: PostgresConfig): Promise<void> {
  const missing = await findMissingSchemas(session, schemas)
  if (missing.length === 0) return
  throw new EclusaError('POSTGRES_SCHEMA_MISSING', {
    message: `There is no schema ${missing.map((name) => `"${name}"`).join(', ')} in the database.`,
    details: { schemas: missing },
  })
}

function relationStream(relation: Relation, config: PostgresConfig, policy: TypePolicy): DiscoveredStream {
  const columns = relation.columns.filter((column) => column.isReadable)
  const isKeyReadable = relation.primaryKey.every((name) => columns.some((column) => column.name === name))
  const cursorCandidates = findCursorCandidates(columns)
  const hasTransactionIds = relation.kind === 'table' || relation.kind === 'partitioned_table'
  const isByTransactionId = hasTransactionIds && !relation.isAddressHidden && config.cursor_guard === 'xmin'
  const isReplicated = replicationSettings(config) !== undefined && isReplicable(relation, config)
  const isIncremental = cursorCandidates.length > 0 || isByTransactionId || isReplicated
  return {
    stream: { namespace: relation.schemaName, name: relation.name },
    kind: relation.kind,
    schema: { version: 1, columns: columns.map((column) => streamColumn(column, policy)) },
    syncModes: isIncremental ? ['full_refresh', 'incremental'] : ['full_refresh'],
    primaryKey: isKeyReadable ? relation.primaryKey : [],
    cursorCandidates,
    cursorChoice: isByTransactionId || isReplicated ? 'optional' : 'required',
    ...(isReplicated && { isReplicated }),
    isResumable: relation.isAddressable,
    ...(relation.rowsEstimated !== undefined && { rowsEstimated: relation.rowsEstimated }),
    ...(relation.bytesEstimated !== undefined && { bytesEstimated: relation.bytesEstimated }),
    notes: [...notesOf(relation, config)],
  }
}

/** Tables whose changes are in the log, under their own name or that of the partitioned table they belong to. */
function isReplicable({ kind, isUnlogged, childCount }: Relation, config: PostgresConfig): boolean {
  if (kind === 'partitioned_table') return true
  return kind === 'table' && !isUnlogged && (childCount === 0 || !config.include_inherited)
}

function queryStream(query: UserQuery, policy: TypePolicy): DiscoveredStream {
  return {
    stream: { name: query.name },
    kind: 'query',
    schema: { version: 1, columns: query.columns.map((column) => streamColumn(column, policy)) },
    syncModes: query.cursor === undefined ? ['full_refresh'] : ['full_refresh', 'incremental'],
    primaryKey: query.primaryKey,
    cursorCandidates: query.cursor === undefined ? [] : [query.cursor],
    ...(query.cursor !== undefined && { defaultCursor: query.cursor }),
    isResumable: false,
    notes: [],
  }
}

function findCursorCandidates(columns: readonly SourceColumn[]): string[] {
  return columns.filter(({ type }) => cursorKind(type) !== undefined).map(({ name }) => name)
}

function* notesOf(relation: Relation, config: PostgresConfig): Generator<string> {
  const hidden = relation.columns.filter((column) => !column.isReadable).map(({ name }) => `"${name}"`)
  if (hidden.length > 0) yield `columns left out, no SELECT privilege: ${hidden.join(', ')}`
  if (relation.isAddressHidden) {
    yield 'SELECT on columns only: copied in one piece, from the start after an interruption, and not by cursor_guard xmin'
  }
  if (relation.isRowSecurityActive) {
    yield config.row_level_security === 'apply'
      ? 'row level security: only the rows that policies show to this role are read'
      : 'row level security would hide rows from this role: reading it is refused'
  }
  if (relation.childCount > 0 && !config.include_inherited) {
    yield `rows of its ${relation.childCount} child tables (INHERITS) are not part of it; include_inherited adds them`
  }
  if (relation.isUnlogged) yield 'unlogged: empty after a crash of the server, and invisible to replication'
  if (relation.kind === 'foreign_table') yield 'foreign table: read from another server, outside the common snapshot'
  if (replicationSettings(config) !== undefined && !isReplicable(relation, config)) {
    yield 'not replicated: its rows are not in the log as rows of its own'
  }
  const computed = relation.columns.filter((column) => column.generated === 'virtual').map(({ name }) => `"${name}"`)
  if (computed.length > 0) yield `virtual generated columns, computed when read: ${computed.join(', ')}`
}

/** Two names such as a."b.c" and "a.b".c have one key; the second cannot be told from the first. */
function withoutAmbiguity(streams: readonly DiscoveredStream[], log: ConnectorContext['log']): DiscoveredStream[] {
  const seen = new Set<string>()
  return streams.filter(({ stream }) => {
    const key = streamKey(stream)
    if (!seen.has(key)) {
      seen.add(key)
      return true
    }
    log.warn('Left out a stream whose schema and name read like those of another: rename one of them.', { stream: key })
    return false
  })
}
