import { EclusaError, streamKey } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'
import type { Session } from '../connection/session.ts'
import { qualifiedName, quoteIdentifier } from '../sql-text.ts'

/** A table that rows are stored in: the stream's own, or a partition of it. */
export interface ReplicatedPart {
  readonly oid: number
  readonly schemaName: string
  readonly name: string
  readonly isUnlogged: boolean
  readonly identity: 'default' | 'nothing' | 'full' | 'index'
  /** Columns by which the log names a row that was changed or deleted; empty where there are none, or all. */
  readonly identityColumns: readonly string[]
}

/** What replication has to know of the table of a stream. */
export interface ReplicatedTable {
  readonly key: string
  readonly oid: number
  readonly schemaName: string
  readonly name: string
  readonly isPartitioned: boolean
  /** Columns that the log has only where the publication says so, from 18 on. */
  readonly generatedColumns: readonly string[]
  /** Partitioned tables that it is a partition of, the nearest first: `sales.orders`. */
  readonly ancestors: readonly string[]
  /** Policies hide rows from the role. */
  readonly isRowSecurityActive: boolean
  readonly parts: readonly ReplicatedPart[]
}

interface PartRow {
  rootOid: number
  rootSchema: string
  rootName: string
  isPartitioned: boolean
  generatedColumns: string[]
  ancestors: string[]
  isRowSecurityActive: boolean
  /** Null for a partitioned table without partitions. */
  oid: number | null
  schemaName: string
  name: string
  isUnlogged: boolean
  identity: 'd' | 'n' | 'f' | 'i'
  identityColumns: string[]
}

const identities = { d: 'default', n: 'nothing', f: 'full', i: 'index' } as const

// A deferrable key is none for the log. Columns that an index only includes are not of its key.
const tablesSql = `
  WITH RECURSIVE root AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind
      FROM unnest($1::text[], $2::text[]) AS wanted (schema_name, name)
      JOIN pg_namespace AS n ON n.nspname = wanted.schema_name
      JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted.name
     WHERE c.relkind IN ('r', 'p')
  ), part (root, oid) AS (
    SELECT oid, oid FROM root
    UNION ALL
    SELECT part.root, i.inhrelid
      FROM part
      JOIN pg_inherits AS i ON i.inhparent = part.oid
      JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relispartition
  )
  SELECT root.oid AS "rootOid", root.nspname AS "rootSchema", root.relname AS "rootName",
         root.relkind = 'p' AS "isPartitioned",
         ARRAY(SELECT a.attname::text FROM pg_attribute AS a
                WHERE a.attrelid = root.oid AND a.attnum > 0 AND a.attgenerated <> '' ORDER BY a.attnum) AS "generatedColumns",
         ARRAY(SELECT an.nspname || '.' || ac.relname
                 FROM pg_partition_ancestors(root.oid) WITH ORDINALITY AS a (oid, distance)
                 JOIN pg_class AS ac ON ac.oid = a.oid AND ac.oid <> root.oid
                 JOIN pg_namespace AS an ON an.oid = ac.relnamespace
                ORDER BY a.distance) AS ancestors,
         coalesce(row_security_active(root.oid), false) AS "isRowSecurityActive",
         c.oid, n.nspname AS "schemaName", c.relname AS name,
         c.relpersistence = 'u' AS "isUnlogged", c.relreplident AS identity,
         ARRAY(SELECT a.attname::text
                 FROM pg_index AS i
                 CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, position)
                 JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
                WHERE i.indrelid = c.oid AND k.position <= i.indnkeyatts AND i.indisvalid AND i.indimmediate
                  AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
                ORDER BY k.position) AS "identityColumns"
    FROM root
    LEFT JOIN part ON part.root = root.oid AND NOT EXISTS (SELECT FROM pg_class AS p WHERE p.oid = part.oid AND p.relkind <> 'r')
    LEFT JOIN pg_class AS c ON c.oid = part.oid
    LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
   ORDER BY root.oid, c.oid`

/** The tables of these streams, as they are now; one that is not there is left out. */
export async function readReplicatedTables(
  session: Session,
  streams: readonly Pick<ConfiguredStream, 'stream'>[],
): Promise<ReplicatedTable[]> {
  const rows = await session.query<PartRow>(tablesSql, {
    attempt: { doing: 'looking at the tables that are replicated' },
    parameters: [streams.map(({ stream }) => stream.namespace ?? ''), streams.map(({ stream }) => stream.name)],
  })
  return [...Map.groupBy(rows, ({ rootOid }) => rootOid).values()].map((parts) => {
    const { rootOid, rootSchema, rootName, isPartitioned, generatedColumns, ancestors, isRowSecurityActive } = parts[0]!
    return {
      key: streamKey({ namespace: rootSchema, name: rootName }),
      oid: rootOid,
      schemaName: rootSchema,
      name: rootName,
      isPartitioned,
      generatedColumns,
      ancestors,
      isRowSecurityActive,
      parts: parts.flatMap(({ oid, schemaName, name, isUnlogged, identity, identityColumns }) =>
        oid === null ? [] : [{ oid, schemaName, name, isUnlogged, identity: identities[identity], identityColumns }],
      ),
    }
  })
}

/**
 * Why a table is not to be published, or its changes could not be applied: without a replica identity PostgreSQL refuses
 * UPDATE and DELETE of a published table to everybody. Undefined when nothing speaks against it.
 */
export function replicaIdentityFault(
  table: ReplicatedTable,
  { primaryKey, destinationSyncMode }: Pick<ConfiguredStream, 'primaryKey' | 'destinationSyncMode'>,
): EclusaError | undefined {
  const details = { stream: table.key }
  const unlogged = table.parts.find((part) => part.isUnlogged)
  if (unlogged !== undefined) {
    return new EclusaError('REPLICATION_PUBLICATION_UNSUITABLE', {
      message: `${nameOf(unlogged)} is unlogged: its changes are not in the log.`,
      remedy: `ALTER TABLE ${qualifiedName(unlogged)} SET LOGGED; or read it by full refresh.`,
      details,
    })
  }
  const without = table.parts.filter(
    ({ identity, identityColumns }) => identity !== 'full' && identityColumns.length === 0,
  )
  if (without.length > 0) {
    return new EclusaError('REPLICATION_IDENTITY_MISSING', {
      message: `${without.map(nameOf).join(', ')} ${without.length === 1 ? 'has' : 'have'} no replica identity: once published, every UPDATE and DELETE there would fail, for all applications.`,
      remedy: `Add a primary key; or ${without.map((part) => `ALTER TABLE ${qualifiedName(part)} REPLICA IDENTITY FULL;`).join(' ')} Or read the stream by cursor or full refresh.`,
      details,
    })
  }
  const lacking =
    destinationSyncMode === 'append_dedup' ? table.parts.find((part) => lacksKey(part, primaryKey)) : undefined
  if (lacking === undefined) return undefined
  return new EclusaError('REPLICATION_IDENTITY_UNSUITABLE', {
    message: `The replica identity of ${nameOf(lacking)} is (${lacking.identityColumns.join(', ')}): a delete would not tell the key (${primaryKey.join(', ')}).`,
    remedy: `ALTER TABLE ${qualifiedName(lacking)} REPLICA IDENTITY DEFAULT; (or FULL, where that is not its primary key)`,
    details,
  })
}

/** The log knows no policies: it has the rows that a copy would leave out. Undefined where no rows are hidden. */
export function hiddenRowsFault(
  { key, isRowSecurityActive }: ReplicatedTable,
  username: string,
): EclusaError | undefined {
  if (!isRowSecurityActive) return undefined
  return new EclusaError('POSTGRES_ROWS_HIDDEN', {
    message: `Policies on ${key} hide rows from role "${username}", and the log has their changes all the same.`,
    remedy: `ALTER ROLE ${quoteIdentifier(username)} BYPASSRLS; or read the stream by cursor or full refresh.`,
    details: { stream: key },
  })
}

function lacksKey({ identity, identityColumns }: ReplicatedPart, primaryKey: readonly string[]): boolean {
  return identity !== 'full' && !primaryKey.every((name) => identityColumns.includes(name))
}

function nameOf({ schemaName, name }: Pick<ReplicatedPart, 'schemaName' | 'name'>): string {
  return `${schemaName}.${name}`
}
