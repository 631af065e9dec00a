import { createHash } from 'node:crypto'
import { EclusaError, formatColumnType, streamKey } from '@eclusa/sdk'
import type { Column, ConfiguredStream } from '@eclusa/sdk'
import { readRelations } from './catalog/relation.ts'
import type { Relation } from './catalog/relation.ts'
import { codecOf, typePolicy } from './catalog/stream-column.ts'
import type { SourceColumn, TypePolicy } from './catalog/stream-column.ts'
import type { ColumnCodec } from './codec/column-codec.ts'
import type { PostgresConfig } from './config.ts'
import { statementError } from './connection/server-error.ts'
import type { ServerFacts } from './connection/server-facts.ts'
import type { Session } from './connection/session.ts'
import { describeQuery } from './query-stream/user-query.ts'
import { qualifiedName, quoteIdentifier } from './sql-text.ts'

/** A configured stream, resolved against the tables and queries that are there now. */
export interface SourceStream {
  readonly configured: ConfiguredStream
  readonly key: string
  /** The table or view that it is read from; undefined for a query. */
  readonly relation: Relation | undefined
  /** Stands after FROM: `ONLY "sales"."orders"`, `"sales"."report"`, `(SELECT …) AS "q"`. */
  readonly fromSql: string
  /** One per column of the configured schema, in order. */
  readonly columns: readonly SourceColumn[]
  readonly codecs: readonly ColumnCodec[]
  /** Names of the columns whose values are copied; NULL stands for all others. Default: all. */
  readonly read?: ReadonlySet<string>
  /** Differs whenever rows read earlier might have other columns or other values than rows read now. */
  readonly fingerprint: string
}

export interface ResolveOptions {
  readonly config: PostgresConfig
  readonly facts: ServerFacts
  readonly username: string
}

/**
 * Finds what each configured stream is read from, in the state that the session's transaction sees.
 *
 * @throws POSTGRES_TABLE_MISSING, POSTGRES_TABLE_CHANGED, POSTGRES_PRIVILEGE_MISSING, POSTGRES_ROWS_HIDDEN,
 *   POSTGRES_QUERY_REFUSED, each with the stream in `details`; CONFIG_INVALID for a column type that cannot be had.
 */
export async function resolveStreams(
  session: Session,
  streams: readonly ConfiguredStream[],
  options: ResolveOptions,
): Promise<SourceStream[]> {
  const resolve = await streamResolver(session, streams, options)
  const resolved: SourceStream[] = []
  for (const configured of streams) resolved.push(await resolve(configured))
  return resolved
}

/** Looks at the catalog once for all of them, and gives what then resolves each: see `resolveStreams`. */
export async function streamResolver(
  session: Session,
  streams: readonly ConfiguredStream[],
  options: ResolveOptions,
): Promise<(configured: ConfiguredStream) => Promise<SourceStream>> {
  const names = streams.flatMap(({ kind, stream }) =>
    kind === 'query' ? [] : [{ schemaName: stream.namespace ?? '', name: stream.name }],
  )
  const relations = names.length === 0 ? [] : await readRelations(session, { names })
  const byKey = new Map(relations.map((relation) => [`${relation.schemaName}.${relation.name}`, relation]))
  return async (configured) =>
    configured.kind === 'query'
      ? await resolveQuery(session, configured, options)
      : resolveRelation(configured, byKey.get(streamKey(configured.stream)), options)
}

async function resolveQuery(
  session: Session,
  configured: ConfiguredStream,
  options: ResolveOptions,
): Promise<SourceStream> {
  const { name } = configured.stream
  const config = options.config.queries[name]
  if (config === undefined) {
    throw new EclusaError('POSTGRES_TABLE_MISSING', {
      message: `There is no query "${name}" in the configuration.`,
      remedy: 'Add it under `queries`, or remove the stream.',
      details: { stream: name },
    })
  }
  const query = await describeQuery(session, name, config)
  return {
    configured,
    key: name,
    relation: undefined,
    fromSql: `${query.fromSql} AS "q"`,
    ...matchColumns(configured, query.columns, typePolicy(options.config, options.facts)),
  }
}

function resolveRelation(
  configured: ConfiguredStream,
  relation: Relation | undefined,
  { config, facts, username }: ResolveOptions,
): SourceStream {
  const key = streamKey(configured.stream)
  if (relation === undefined) {
    throw new EclusaError('POSTGRES_TABLE_MISSING', {
      message: `There is no table or view ${key} in the database.`,
      details: { stream: key },
    })
  }
  assertRowsVisible(relation, key, { config, username })
  const isOne = relation.kind === 'table' && !config.include_inherited
  const matched = matchColumns(configured, relation.columns, typePolicy(config, facts))
  assertColumnsReadable(relation, matched.columns, { key, username })
  return {
    configured,
    key,
    relation,
    fromSql: `${isOne ? 'ONLY ' : ''}${qualifiedName(relation)}`,
    ...matched,
  }
}

/** With policies on a partitioned table, reading its partitions one by one would go around them. */
function assertRowsVisible(
  relation: Relation,
  key: string,
  { config, username }: Pick<ResolveOptions, 'config' | 'username'>,
): void {
  if (!relation.isRowSecurityActive || config.row_level_security === 'apply') return
  throw new EclusaError('POSTGRES_ROWS_HIDDEN', {
    message: `Row level security would hide rows of ${key} from role "${username}".`,
    remedy: `ALTER ROLE ${quoteIdentifier(username)} BYPASSRLS, or set row_level_security: apply to read only the visible rows.`,
    details: { stream: key },
  })
}

function assertColumnsReadable(
  relation: Relation,
  columns: readonly SourceColumn[],
  { key, username }: { key: string; username: string },
): void {
  const role = quoteIdentifier(username)
  const refuse = (what: string, remedy: string) => {
    throw new EclusaError('POSTGRES_PRIVILEGE_MISSING', {
      message: `Role "${username}" may not read ${what}.`,
      remedy,
      details: { stream: key },
    })
  }
  if (!relation.isSchemaUsable) {
    refuse(
      `schema "${relation.schemaName}"`,
      `GRANT USAGE ON SCHEMA ${quoteIdentifier(relation.schemaName)} TO ${role}`,
    )
  }
  const hidden = columns.filter((column) => !column.isReadable).map(({ name }) => name)
  if (hidden.length === 0) return
  const list = hidden.length === relation.columns.length ? '' : ` (${hidden.map(quoteIdentifier).join(', ')})`
  refuse(
    list === '' ? key : `the columns ${hidden.map((name) => `"${name}"`).join(', ')} of ${key}`,
    `GRANT SELECT${list} ON ${qualifiedName(relation)} TO ${role}`,
  )
}

function matchColumns(
  configured: ConfiguredStream,
  available: readonly SourceColumn[],
  policy: TypePolicy,
): Pick<SourceStream, 'columns' | 'codecs' | 'fingerprint'> {
  const byName = new Map(available.map((column) => [column.name, column]))
  const columns = configured.schema.columns.map((column) => {
    const found = byName.get(column.name)
    if (found === undefined) throw changed(configured, `has no column "${column.name}"`)
    if (column.sourceType !== undefined && column.sourceType !== found.type.formatted) {
      throw changed(configured, `has column "${column.name}" as ${found.type.formatted}, not ${column.sourceType}`)
    }
    return found
  })
  const codecs = planCodecs(configured, columns, policy)
  return { columns, codecs, fingerprint: fingerprintOf(columns, codecs) }
}

function changed(configured: ConfiguredStream, what: string): EclusaError {
  const key = streamKey(configured.stream)
  return new EclusaError('POSTGRES_TABLE_CHANGED', {
    message: `${key} ${what} any longer: it was altered after it was discovered.`,
    details: { stream: key },
  })
}

function planCodecs(configured: ConfiguredStream, columns: readonly SourceColumn[], policy: TypePolicy): ColumnCodec[] {
  const key = streamKey(configured.stream)
  try {
    return configured.schema.columns.map((column, index) => configuredCodec(column, columns[index]!, policy))
  } catch (error) {
    throw statementError(error, { doing: `planning the columns of ${key}`, stream: key })
  }
}

/** The configured type is either the natural one or what the author asked for in its place. */
function configuredCodec(column: Column, found: SourceColumn, policy: TypePolicy): ColumnCodec {
  const natural = codecOf(found, policy)
  if (formatColumnType(natural.columnType) === formatColumnType(column.type)) return natural
  return codecOf(found, policy, column.type)
}

function fingerprintOf(columns: readonly SourceColumn[], codecs: readonly ColumnCodec[]): string {
  const facts = columns.map((column, index) => [
    column.name,
    column.number ?? null,
    column.type.oid,
    column.type.typmod,
    formatColumnType(codecs[index]!.columnType),
  ])
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32)
}
