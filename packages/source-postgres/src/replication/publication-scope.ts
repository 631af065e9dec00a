import { EclusaError } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'
import type { RowFilters } from '../copy/row-filter.ts'
import { qualifiedName, quoteIdentifier } from '../sql-text.ts'
import { publishedAs } from './publication.ts'
import type { ChosenTable, Publication, PublishedTable } from './publication.ts'
import type { ReplicatedPart, ReplicatedTable } from './replicated-table.ts'

/*
 * Row filters and lists of columns. The log has of a table what its publication has, so the table copy reads the same: the
 * rows for which the filter holds, and the columns of the list. Partitions that come as themselves have filters and lists of
 * their own; of lists that differ, a stream has the columns that all of them name.
 */

/** What a publication has of a table that is in it. */
export interface PublicationScope {
  readonly rowFilters: RowFilters
  /** Undefined where no columns are listed, and so all are published. */
  readonly columns: readonly string[] | undefined
}

export function publicationScope(publication: Publication, table: ReplicatedTable): PublicationScope {
  const published = publishedAs(publication, table)
  const lists = published.flatMap(({ columns }) => (columns === undefined ? [] : [columns]))
  const filters = published.flatMap(({ oid, rowFilter }) =>
    rowFilter === undefined ? [] : [[oid, rowFilter] as const],
  )
  return {
    rowFilters: new Map(filters),
    columns: lists.length === 0 ? undefined : lists[0]!.filter((name) => lists.every((list) => list.includes(name))),
  }
}

/** The chosen columns that the publication leaves out. */
export function unpublishedColumns({ columns }: PublicationScope, { schema }: ConfiguredStream): string[] {
  if (columns === undefined) return []
  return schema.columns.flatMap(({ name }) => (columns.includes(name) ? [] : [name]))
}

/** The stream without the columns that the publication leaves out. */
export function withoutUnpublished(configured: ConfiguredStream, scope: PublicationScope): ConfiguredStream {
  const left = unpublishedColumns(scope, configured)
  if (left.length === 0) return configured
  const { schema } = configured
  return { ...configured, schema: { ...schema, columns: schema.columns.filter(({ name }) => !left.includes(name)) } }
}

/** SQL that adds the chosen columns that are left out to the lists. */
export function publishColumnsSql(publication: Publication, { table, configured }: ChosenTable): string {
  const chosen = configured.schema.columns.map(({ name }) => name)
  return listed(publication, table)
    .map((published) => republishSql(publication, published, { columns: [...published.columns, ...chosen] }))
    .join(' ')
}

/**
 * Why the filter or the list of a published table makes UPDATE and DELETE fail there for everybody: it has to agree with the
 * replica identity. The server says so only when somebody changes a row.
 */
export function scopeFault(publication: Publication, table: ReplicatedTable): EclusaError | undefined {
  for (const published of publishedAs(publication, table)) {
    const parts = table.oid === published.oid ? table.parts : table.parts.filter(({ oid }) => oid === published.oid)
    for (const part of parts) {
      const fault = filterFault(publication, published, part) ?? listFault(publication, published, part)
      if (fault !== undefined) return identityError(table, part, fault)
    }
  }
  return undefined
}

interface Fault {
  readonly what: string
  readonly remedy: string
}

function filterFault(publication: Publication, published: PublishedTable, part: ReplicatedPart): Fault | undefined {
  if (part.identity === 'full') return undefined
  const foreign = published.filterColumns.filter((name) => !part.identityColumns.includes(name))
  if (foreign.length === 0) return undefined
  const remedy =
    published.columns === undefined
      ? `ALTER TABLE ${qualifiedName(part)} REPLICA IDENTITY FULL; (or filter by columns of the replica identity alone)`
      : republishSql(publication, { ...published, rowFilter: undefined })
  return { what: `its row filter looks at ${quoted(foreign)}, which the replica identity does not have`, remedy }
}

function listFault(publication: Publication, published: PublishedTable, part: ReplicatedPart): Fault | undefined {
  const { columns } = published
  if (columns === undefined) return undefined
  if (part.identity === 'full') {
    return {
      what: 'it has a list of columns, and the replica identity is FULL',
      remedy: republishSql(publication, { ...published, columns: undefined }),
    }
  }
  const missing = part.identityColumns.filter((name) => !columns.includes(name))
  if (missing.length === 0) return undefined
  return {
    what: `its list of columns leaves out ${quoted(missing)} of the replica identity`,
    remedy: republishSql(publication, published, { columns: [...columns, ...missing] }),
  }
}

function identityError(table: ReplicatedTable, part: ReplicatedPart, { what, remedy }: Fault): EclusaError {
  return new EclusaError('REPLICATION_IDENTITY_UNSUITABLE', {
    message: `As ${part.schemaName}.${part.name} is published, every UPDATE and DELETE there fails, for all applications: ${what}.`,
    remedy,
    details: { stream: table.key },
  })
}

function listed(publication: Publication, table: ReplicatedTable) {
  return publishedAs(publication, table).flatMap((published) =>
    published.columns === undefined ? [] : [{ ...published, columns: published.columns }],
  )
}

/** A table that is in a publication cannot be altered there, but taken out and added again. */
function republishSql(
  { name }: Publication,
  { schemaName, name: tableName, isPartitioned, columns, rowFilter }: PublishedTable,
  changed: { readonly columns?: readonly string[] } = {},
): string {
  const table = `${isPartitioned ? '' : 'ONLY '}${qualifiedName({ schemaName, name: tableName })}`
  const names = changed.columns ?? columns
  const list = names === undefined ? '' : ` (${[...new Set(names)].map(quoteIdentifier).join(', ')})`
  const where = rowFilter === undefined ? '' : ` WHERE (${rowFilter})`
  const publication = quoteIdentifier(name)
  return `ALTER PUBLICATION ${publication} DROP TABLE ${table}; ALTER PUBLICATION ${publication} ADD TABLE ${table}${list}${where};`
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}
