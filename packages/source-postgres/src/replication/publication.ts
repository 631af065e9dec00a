import { createHash } from 'node:crypto'
import { EclusaError } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'
import type { Session } from '../connection/session.ts'
import { qualifiedName, quoteIdentifier } from '../sql-text.ts'
import type { ReplicatedTable } from './replicated-table.ts'

/** A publication as the server has it, but for what it publishes. */
export interface PublicationEntries {
  readonly oid: number
  readonly name: string
  readonly owner: string
  readonly publishes: Readonly<Record<'insert' | 'update' | 'delete' | 'truncate', boolean>>
  readonly isViaRoot: boolean
  readonly isForAllTables: boolean
  /** Values of stored generated columns are sent: 18 and later. */
  readonly hasGenerated: boolean
  /**
   * By oid of a table that it names, the oid of the entry: another one when the table is taken out and added again. Tables
   * that it has as those of a schema, of the database or of a partitioned table have none.
   */
  readonly entries: ReadonlyMap<number, number>
  /** Those of them that have a row filter or a list of columns. */
  readonly scopedTables: ReadonlySet<number>
}

export interface Publication extends PublicationEntries {
  /** What it publishes now, under these names; partitions under that of their root where it publishes via the root. */
  readonly tables: readonly PublishedTable[]
}

export interface PublishedTable {
  readonly oid: number
  readonly isPartitioned: boolean
  readonly schemaName: string
  readonly name: string
  /** Undefined where no list of columns was given, and so all are published: generated ones where the publication says so. */
  readonly columns: readonly string[] | undefined
  readonly rowFilter: string | undefined
  /** Columns that the row filter looks at. */
  readonly filterColumns: readonly string[]
}

interface PublicationRow {
  oid: number
  name: string
  owner: string
  insert: boolean
  update: boolean
  delete: boolean
  truncate: boolean
  isViaRoot: boolean
  isForAllTables: boolean
  hasGenerated: boolean
}

interface TableRow {
  published: {
    readonly schemaname: string
    readonly tablename: string
    readonly attnames?: readonly string[] | null
    readonly rowfilter?: string | null
  }
  oid: number
  isPartitioned: boolean
  hasColumnList: boolean
  filterColumns: string[]
}

// Without a list, the names that the view gives are those of this moment, and a column may have been added since others
// were read. 14 has neither lists nor filters. Which columns a filter looks at is said by its stored tree alone.
const publishedTablesSql = `
  SELECT to_jsonb(t) AS published, c.oid, c.relkind = 'p' AS "isPartitioned",
         coalesce(jsonb_typeof(to_jsonb(r) -> 'prattrs'), 'null') <> 'null' AS "hasColumnList",
         ARRAY(SELECT a.attname::text FROM pg_attribute AS a
                WHERE a.attrelid = c.oid
                  AND a.attnum IN (SELECT v.found[1]::int2
                                     FROM regexp_matches(to_jsonb(r) ->> 'prqual', ':varattno (\\d+)', 'g') AS v (found))
                ORDER BY a.attnum) AS "filterColumns"
    FROM pg_publication_tables AS t
    JOIN pg_namespace AS n ON n.nspname = t.schemaname
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.tablename
    LEFT JOIN pg_publication_rel AS r ON r.prrelid = c.oid AND r.prpubid = $1
   WHERE t.pubname = $2`

const attempt = { doing: 'looking at the publication' }

/**
 * Reads the publication, all of it: from 16 on the server waits for whoever has locked a published table exclusively.
 *
 * @throws POSTGRES_LOCK_TIMEOUT where the session has a lock_timeout.
 */
export async function readPublication(session: Session, name: string): Promise<Publication | undefined> {
  const publication = await readPublicationEntries(session, name)
  if (publication === undefined) return undefined
  const tables = await session.query<TableRow>(publishedTablesSql, { attempt, parameters: [publication.oid, name] })
  return {
    ...publication,
    tables: tables.map(({ oid, isPartitioned, published, hasColumnList, filterColumns }) => ({
      oid,
      isPartitioned,
      schemaName: published.schemaname,
      name: published.tablename,
      columns: hasColumnList ? (published.attnames ?? undefined) : undefined,
      rowFilter: published.rowfilter ?? undefined,
      filterColumns,
    })),
  }
}

interface EntryRow {
  table: number
  entry: number
  hasScope: boolean
}

/** Reads what can be read without waiting for anybody. */
export async function readPublicationEntries(session: Session, name: string): Promise<PublicationEntries | undefined> {
  const [row] = await session.query<PublicationRow>(
    `SELECT p.oid, p.pubname AS name, pg_get_userbyid(p.pubowner) AS owner, p.pubinsert AS insert, p.pubupdate AS update,
            p.pubdelete AS delete, p.pubtruncate AS truncate, p.pubviaroot AS "isViaRoot",
            p.puballtables AS "isForAllTables", coalesce(to_jsonb(p) ->> 'pubgencols', 'n') = 's' AS "hasGenerated"
       FROM pg_publication AS p WHERE p.pubname = $1`,
    { attempt, parameters: [name] },
  )
  if (row === undefined) return undefined
  const entries = await session.query<EntryRow>(
    `SELECT r.prrelid AS table, r.oid AS entry,
            coalesce(to_jsonb(r) ->> 'prattrs', to_jsonb(r) ->> 'prqual') IS NOT NULL AS "hasScope"
       FROM pg_publication_rel AS r WHERE r.prpubid = $1`,
    { attempt, parameters: [row.oid] },
  )
  const { oid, owner, insert, update, truncate, isViaRoot, isForAllTables, hasGenerated } = row
  return {
    oid,
    name,
    owner,
    publishes: { insert, update, delete: row.delete, truncate },
    isViaRoot,
    isForAllTables,
    hasGenerated,
    entries: new Map(entries.map(({ table, entry }) => [table, entry])),
    scopedTables: new Set(entries.flatMap(({ table, hasScope }) => (hasScope ? [table] : []))),
  }
}

/** A table that is replicated, as it is chosen. */
export interface ChosenTable {
  readonly table: ReplicatedTable
  readonly configured: ConfiguredStream
}

/**
 * As what rows of the table come: as its own, or as those of its partitions. Empty when it is not published, or would not
 * be with a partition that is made later, as where each partition is named.
 */
export function publishedAs(publication: Publication, table: ReplicatedTable): readonly PublishedTable[] {
  const find = ({ schemaName, name }: { schemaName: string; name: string }) =>
    publication.tables.find((published) => published.schemaName === schemaName && published.name === name)
  const itself = find(table)
  if (itself !== undefined) return [itself]
  const parts = table.parts.map(find).filter((part) => part !== undefined)
  const isNamed = publication.entries.has(table.oid) || !table.parts.some(({ oid }) => publication.entries.has(oid))
  return table.isPartitioned && isNamed && parts.length === table.parts.length ? parts : []
}

/**
 * Identifies since when the table is published as it is: other text after it was taken out and added again, or after the
 * publication was made anew, between which its changes are lost; and after a row filter or list of columns, its own or that
 * of a partition, was altered, which makes the entry in the publication anew, or began to count by another option.
 */
export function publishedSince(publication: PublicationEntries, table: ReplicatedTable): string {
  const { oid, entries, scopedTables, isViaRoot } = publication
  const since = `${oid}/${entries.get(table.oid) ?? 0}`
  const scoped = [...new Set([table, ...table.parts].map((part) => part.oid))].filter((part) => scopedTables.has(part))
  if (scoped.length === 0) return since
  const facts = [isViaRoot, ...scoped.toSorted((left, right) => left - right).map((part) => [part, entries.get(part)])]
  return `${since}/${createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 16)}`
}

/** Whether the text is of a table of which the publication has not all rows or columns. */
export function isScoped(since: string): boolean {
  return since.split('/').length > 2
}

/** The partitioned table as whose the rows of this one come; undefined where they come as its own. */
function publishedRoot(publication: Publication, { ancestors }: ReplicatedTable): string | undefined {
  if (!publication.isViaRoot) return undefined
  return ancestors.find((key) => publication.tables.some(({ schemaName, name }) => `${schemaName}.${name}` === key))
}

const publishAll = "publish = 'insert, update, delete, truncate'"
const viaRoot = 'publish_via_partition_root = true'
const withGenerated = 'publish_generated_columns = stored'
/** The first version that can publish generated columns. */
const generatedVersionMin = 180_000

export interface PublicationNeeds {
  readonly name: string
  readonly tables: readonly ReplicatedTable[]
  /** server_version_num. */
  readonly versionNumber: number
}

/** Statements that make the publication what the chosen tables need; none when it is. */
export function publicationStatements(
  publication: Publication | undefined,
  { name, tables, versionNumber }: PublicationNeeds,
): string[] {
  const quoted = quoteIdentifier(name)
  const canGenerate = versionNumber >= generatedVersionMin
  if (publication === undefined) {
    const options = [publishAll, viaRoot, ...(canGenerate ? [withGenerated] : [])].join(', ')
    return [`CREATE PUBLICATION ${quoted} FOR TABLE ${list(tables)} WITH (${options})`]
  }
  const missing = tables.filter(
    (table) => publishedAs(publication, table).length === 0 && publishedRoot(publication, table) === undefined,
  )
  const hasGenerated = tables.some((table) => {
    const isListed = publishedAs(publication, table).some(({ columns }) => columns !== undefined)
    return table.generatedColumns.length > 0 && !isListed
  })
  const options = [
    ...(isWhole(publication) ? [] : [publishAll]),
    // Through partitions rows arrive too, but a partition that is truncated would look like the whole.
    ...(missing.some(({ isPartitioned }) => isPartitioned) && !publication.isViaRoot ? [viaRoot] : []),
    ...(canGenerate && hasGenerated && !publication.hasGenerated ? [withGenerated] : []),
  ]
  return [
    ...(options.length === 0 ? [] : [`ALTER PUBLICATION ${quoted} SET (${options.join(', ')})`]),
    ...(missing.length === 0 ? [] : [`ALTER PUBLICATION ${quoted} ADD TABLE ${list(missing)}`]),
  ]
}

function list(tables: readonly ReplicatedTable[]): string {
  return tables.map((table) => `${table.isPartitioned ? '' : 'ONLY '}${qualifiedName(table)}`).join(', ')
}

/** Whether all kinds of changes are published. */
export function isWhole({ publishes }: PublicationEntries): boolean {
  return Object.values(publishes).every(Boolean)
}

/** Why the changes of the table do not come as its own, although the publication has them. */
export function publicationFault(publication: Publication, table: ReplicatedTable): EclusaError | undefined {
  const quoted = quoteIdentifier(publication.name)
  const root = publishedRoot(publication, table)
  if (root !== undefined) {
    return new EclusaError('REPLICATION_PUBLICATION_UNSUITABLE', {
      message: `The publication has the rows of ${table.key} as those of ${root}.`,
      remedy: `Choose ${root} as stream; or ALTER PUBLICATION ${quoted} SET (publish_via_partition_root = false);`,
      details: { stream: table.key },
    })
  }
  return undefined
}

/** The statements have to be run by somebody else. */
export function publicationForbidden(
  name: string,
  publication: Publication | undefined,
  {
    statements,
    why,
    cause,
  }: { readonly statements: readonly string[]; readonly why: string; readonly cause?: unknown },
): EclusaError {
  const sql = statements.map((statement) => `${statement};`).join(' ')
  const facts = { remedy: sql, details: { publication: name, ...(publication && { owner: publication.owner }) }, cause }
  return publication === undefined
    ? new EclusaError('REPLICATION_PUBLICATION_MISSING', {
        message: `There is no publication "${name}", and ${why}.`,
        ...facts,
      })
    : new EclusaError('REPLICATION_PUBLICATION_FORBIDDEN', {
        message: `The publication "${name}" of "${publication.owner}" lacks what the chosen streams need, and ${why}.`,
        ...facts,
      })
}

export interface EnsuredPublication {
  /** As it is now. */
  readonly publication: Publication
  /** True when it did not publish all kinds of changes before: some that were made meanwhile may be missing. */
  readonly wasPartial: boolean
}

/** By SQLSTATE, why the statements have to be run by somebody else or elsewhere. */
const reasonsAgainst: ReadonlyMap<unknown, string> = new Map([
  ['42501', 'this role may not do that'],
  ['25006', 'a standby cannot be changed: it is done on the primary'],
])

/**
 * Creates or alters the publication where need be. It must be complete before a slot, or a snapshot to copy in, is made: a
 * slot reads the log with the publications of that time.
 *
 * @throws REPLICATION_PUBLICATION_MISSING, REPLICATION_PUBLICATION_FORBIDDEN with the SQL to run in its remedy.
 */
export async function ensurePublication(
  session: Session,
  {
    isManaged,
    lockTimeoutMs,
    ...needs
  }: PublicationNeeds & { readonly isManaged: boolean; readonly lockTimeoutMs: number },
): Promise<EnsuredPublication> {
  const { name } = needs
  const publication = await readPublication(session, name)
  const wasPartial = publication !== undefined && !isWhole(publication)
  const statements = publicationStatements(publication, needs)
  if (statements.length === 0 && publication !== undefined) return { publication, wasPartial }
  if (!isManaged) throw publicationForbidden(name, publication, { statements, why: '`manage` is false' })
  // Several statements in one message are one transaction.
  const sql = [`SELECT set_config('lock_timeout', '${lockTimeoutMs}', true)`, ...statements].join(';\n')
  try {
    await session.execute(sql, {
      doing: `${publication === undefined ? 'creating' : 'altering'} the publication "${name}"`,
    })
  } catch (error) {
    const state = EclusaError.isInstance(error) ? error.details['sqlState'] : undefined
    const why = reasonsAgainst.get(state)
    if (why === undefined) throw error
    throw publicationForbidden(name, publication, { statements, why, cause: error })
  }
  const made = await readPublication(session, name)
  if (made !== undefined) return { publication: made, wasPartial }
  throw publicationForbidden(name, undefined, { statements, why: 'it was dropped at once' })
}
