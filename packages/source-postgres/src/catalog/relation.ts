import type { StreamKind } from '@eclusa/sdk'
import type { Session } from '../connection/session.ts'
import type { SourceColumn } from './stream-column.ts'
import { readTypes } from './type-catalog.ts'

/*
 * Tables, views and their columns as PostgreSQL's catalog has them: five queries, however many tables there are. All of
 * them see the same state, because they run in one transaction with one snapshot.
 */

export interface RelationColumn extends SourceColumn {
  readonly number: number
  readonly generated: 'stored' | 'virtual' | undefined
}

export interface Relation {
  readonly oid: number
  readonly schemaName: string
  readonly name: string
  readonly kind: Exclude<StreamKind, 'query'>
  readonly isPartition: boolean
  readonly isUnlogged: boolean
  /**
   * True when its rows have addresses and transaction ids, which pieces of it and the xmin guard need, and the role may
   * read them: heap tables, also where they are partitions of it. See `isAddressReadableSql`.
   */
  readonly isAddressable: boolean
  /** True when it is only for want of a privilege that it is not addressable. */
  readonly isAddressHidden: boolean
  /** In the order of the table, without dropped ones; also those that the role may not read. */
  readonly columns: readonly RelationColumn[]
  /** In key order. */
  readonly primaryKey: readonly string[]
  /** True when policies filter the rows for this role. */
  readonly isRowSecurityActive: boolean
  /** Tables that inherit from it (INHERITS); their rows are not its own. */
  readonly childCount: number
  /** USAGE on the schema. */
  readonly isSchemaUsable: boolean
  readonly rowsEstimated: number | undefined
  readonly bytesEstimated: number | undefined
}

export interface RelationFilter {
  /** Only these schemas. Default: all but the system's. */
  readonly schemas?: readonly string[]
  /** Only these relations, partitions included. Default: all. */
  readonly names?: readonly { readonly schemaName: string; readonly name: string }[]
  /** Also partitions of other tables. Default: false. */
  readonly includePartitions?: boolean
}

/**
 * Reads the relations that can be streams: no system, temporary or extension-owned ones. Ordered by schema and name.
 *
 * @throws POSTGRES_STATEMENT_FAILED, POSTGRES_CONNECTION_LOST, CANCELLED
 */
export async function readRelations(session: Session, filter: RelationFilter): Promise<Relation[]> {
  const attempt = { doing: 'reading the catalog of tables' }
  const rows = await session.query<RelationRow>(relationsSql, {
    attempt,
    parameters: [
      filter.schemas ?? null,
      filter.includePartitions === true || filter.names !== undefined,
      filter.names?.map(({ schemaName }) => schemaName) ?? null,
      filter.names?.map(({ name }) => name) ?? null,
    ],
  })
  const parameters = [rows.map(({ oid }) => oid)]
  const columns = await session.query<ColumnRow>(columnsSql, { attempt, parameters })
  const keys = await session.query<{ oid: number; columns: string[] }>(primaryKeysSql, { attempt, parameters })
  const types = await readTypes(session, new Set(columns.map(({ typeOid }) => typeOid)))
  const columnsOf = Map.groupBy(columns, ({ relationOid }) => relationOid)
  const keyOf = new Map(keys.map(({ oid, columns: names }) => [oid, names]))
  return rows.map(({ relkind, rows: rowsEstimated, bytes, ...row }) => ({
    ...row,
    kind: kinds[relkind],
    rowsEstimated: rowsEstimated ?? undefined,
    bytesEstimated: bytes ?? undefined,
    primaryKey: keyOf.get(row.oid) ?? [],
    columns: (columnsOf.get(row.oid) ?? []).map((column) => ({
      name: column.name,
      number: column.number,
      type: types.describe({ oid: column.typeOid, typmod: column.typmod, formatted: column.formatted }),
      dimensions: column.dimensions,
      nullable: column.nullable,
      generated: generations[column.generated],
      isReadable: column.isReadable,
      isDeterministic: column.isDeterministic,
    })),
  }))
}

const kinds = {
  r: 'table',
  p: 'partitioned_table',
  v: 'view',
  m: 'materialized_view',
  f: 'foreign_table',
} as const

const generations = { '': undefined, s: 'stored', v: 'virtual' } as const

interface RelationRow {
  oid: number
  schemaName: string
  name: string
  relkind: keyof typeof kinds
  isPartition: boolean
  isUnlogged: boolean
  isAddressable: boolean
  isAddressHidden: boolean
  isRowSecurityActive: boolean
  childCount: number
  isSchemaUsable: boolean
  rows: number | null
  bytes: number | null
}

interface ColumnRow {
  relationOid: number
  name: string
  number: number
  typeOid: number
  typmod: number
  formatted: string
  dimensions: number
  nullable: boolean
  generated: keyof typeof generations
  isReadable: boolean
  isDeterministic: boolean
}

/** Oid of the table access method that keeps rows at addresses made of page and line. */
export const heapSql = `(SELECT am.oid FROM pg_am AS am WHERE am.amname = 'heap')`

/**
 * Whether the role may read the system columns ctid (-1) and xmin (-2) of a relation `c`: by a SELECT on the whole of it,
 * or on these columns. A SELECT on other columns does not reach so far.
 */
export const isAddressReadableSql = `coalesce(has_column_privilege(c.oid, (-1)::int2, 'SELECT')
                  AND has_column_privilege(c.oid, (-2)::int2, 'SELECT'), false)`

// Estimates are sums over the table and the partitions below it. reltuples is -1 where nothing was ever analysed;
// where the table has grown since, its density is applied to its present size, as the planner does. Measuring waits for
// whoever holds a table exclusively (ALTER TABLE, TRUNCATE), so of those the size is what statistics remember.
const relationsSql = `
  WITH RECURSIVE chosen AS (
    SELECT c.*, n.nspname, has_schema_privilege(n.oid, 'USAGE') AS "isSchemaUsable",
           c.relkind = 'p' OR c.relam = ${heapSql} AS has_addresses, ${isAddressReadableSql} AS is_address_readable
      FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
       AND c.relpersistence <> 't'
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND ($1::text[] IS NULL OR n.nspname = ANY ($1::text[]))
       AND ($2::boolean OR NOT c.relispartition)
       AND ($3::text[] IS NULL OR (n.nspname, c.relname) IN (SELECT * FROM unnest($3::text[], $4::text[])))
       AND NOT EXISTS (SELECT FROM pg_depend AS d
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ), part (root, oid) AS (
    SELECT oid, oid FROM chosen
    UNION ALL
    SELECT part.root, i.inhrelid
      FROM part
      JOIN pg_inherits AS i ON i.inhparent = part.oid
      JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relispartition
  ), locked AS MATERIALIZED (
    SELECT l.relation AS oid FROM pg_locks AS l WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL
  ), page AS (
    SELECT current_setting('block_size')::int8 AS bytes
  ), size AS (
    SELECT part.root,
           sum(CASE WHEN is_locked THEN c.relpages * page.bytes ELSE pg_table_size(c.oid) END)::float8 AS bytes,
           sum(CASE WHEN c.reltuples < 0 THEN NULL
                    WHEN c.relpages = 0 OR is_locked THEN c.reltuples
                    ELSE c.reltuples / c.relpages * (pg_relation_size(c.oid) / page.bytes) END)::float8 AS rows
      FROM part
      JOIN pg_class AS c ON c.oid = part.oid AND c.relkind IN ('r', 'm', 'f')
      CROSS JOIN page
      CROSS JOIN LATERAL (SELECT c.oid IN (SELECT locked.oid FROM locked) AS is_locked) AS held
     GROUP BY part.root
  )
  SELECT chosen.oid, chosen.nspname AS "schemaName", chosen.relname AS name, chosen.relkind,
         chosen.relispartition AS "isPartition",
         chosen.relpersistence = 'u' AS "isUnlogged",
         chosen.has_addresses AND chosen.is_address_readable AS "isAddressable",
         chosen.has_addresses AND NOT chosen.is_address_readable AS "isAddressHidden",
         coalesce(row_security_active(chosen.oid), false) AS "isRowSecurityActive",
         (SELECT count(*)::int FROM pg_inherits AS i WHERE i.inhparent = chosen.oid AND chosen.relkind <> 'p') AS "childCount",
         chosen."isSchemaUsable", round(size.rows) AS rows, size.bytes
    FROM chosen
    LEFT JOIN size ON size.root = chosen.oid
   ORDER BY chosen.nspname, chosen.relname`

const columnsSql = `
  SELECT a.attrelid AS "relationOid", a.attname AS name, a.attnum::int AS number,
         a.atttypid AS "typeOid", a.atttypmod AS typmod, format_type(a.atttypid, a.atttypmod) AS formatted,
         a.attndims::int AS dimensions, NOT a.attnotnull AS nullable, a.attgenerated AS generated,
         coalesce(has_column_privilege(a.attrelid, a.attnum, 'SELECT'), false) AS "isReadable",
         coalesce(co.collisdeterministic, true) AS "isDeterministic"
    FROM pg_attribute AS a
    LEFT JOIN pg_collation AS co ON co.oid = a.attcollation
   WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
   ORDER BY a.attrelid, a.attnum`

const primaryKeysSql = `
  SELECT i.indrelid AS oid, array_agg(a.attname::text ORDER BY k.position) AS columns
    FROM pg_index AS i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, position)
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
   WHERE i.indrelid = ANY ($1::oid[]) AND i.indisprimary AND k.position <= i.indnkeyatts
   GROUP BY i.indrelid`
