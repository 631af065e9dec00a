import { heapSql, isAddressReadableSql } from '../catalog/relation.ts'
import type { PostgresConfig } from '../config.ts'
import type { Session } from '../connection/session.ts'
import type { SourceStream } from '../source-stream.ts'
import { qualifiedName } from '../sql-text.ts'
import { rowFilterOf, rowFilterOfWhole } from './row-filter.ts'
import type { RowFilters } from './row-filter.ts'

/**
 * One thing with storage of its own that rows of a stream are copied from: a table, one partition, a child table; or
 * something without, such as a view or a query, which is copied as a whole.
 */
export interface CopyPart {
  /** 0 for a query. */
  readonly oid: number
  /** Quoted and with its schema; empty for a query. */
  readonly qualifiedName: string
  /** Stands after FROM. */
  readonly fromSql: string
  /** pg_class.relfilenode in the snapshot: another one means that rows have moved. Null where rows have no addresses. */
  readonly filenode: number | null
  /** True when the role may read the addresses of rows and their transaction ids: else the part is copied in one piece. */
  readonly isAddressable: boolean
  /** Heap pages at the time of planning; rows that the snapshot shows lie on no later one. 0 where there are none. */
  readonly pages: number
  /** Heap and its TOAST together, so that pieces are of equal size in what is sent. */
  readonly bytes: number
  /** pg_attribute.attnum of each column of the stream; empty where columns have none. */
  readonly columnNumbers: readonly number[]
  /** SQL condition: only these rows are copied. Undefined: all. */
  readonly rowFilter: string | undefined
}

interface PartRow {
  oid: number
  schemaName: string
  name: string
  filenode: number
  isHeap: boolean
  isAddressReadable: boolean
  isTable: boolean
  pages: number
  bytes: number
  columnNumbers: number[]
  isReadable: boolean
}

// pg_partition_tree would show partitions that were attached or detached after the snapshot; pg_inherits, read as a
// table, shows those that the rows of the snapshot lie in.
const partsSql = `
  WITH RECURSIVE part (oid) AS (
    SELECT $1::oid
    UNION
    SELECT i.inhrelid
      FROM part
      JOIN pg_inherits AS i ON i.inhparent = part.oid AND NOT i.inhdetachpending
      JOIN pg_class AS c ON c.oid = i.inhrelid
     WHERE $2::boolean OR c.relispartition
  )
  SELECT c.oid, n.nspname AS "schemaName", c.relname AS name, c.relfilenode::int8::float8 AS filenode,
         c.relkind IN ('r', 'm') AND c.relam = ${heapSql} AS "isHeap",
         ${isAddressReadableSql} AS "isAddressReadable",
         c.relkind = 'r' AS "isTable",
         CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) / current_setting('block_size')::int ELSE 0 END::float8 AS pages,
         CASE WHEN c.relkind IN ('r', 'm') THEN pg_table_size(c.oid) ELSE 0 END::float8 AS bytes,
         ARRAY(SELECT a.attnum::int
                 FROM unnest($3::text[]) WITH ORDINALITY AS wanted (name, position)
                 JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = wanted.name
                ORDER BY wanted.position) AS "columnNumbers",
         has_schema_privilege(n.oid, 'USAGE')
           AND NOT (c.oid <> $1::oid AND row_security_active(c.oid))
           AND (has_table_privilege(c.oid, 'SELECT')
                OR coalesce((SELECT bool_and(has_column_privilege(c.oid, a.attnum, 'SELECT'))
                               FROM pg_attribute AS a
                              WHERE a.attrelid = c.oid AND a.attname = ANY ($3::text[])), false)) AS "isReadable"
    FROM part
    JOIN pg_class AS c ON c.oid = part.oid AND c.relkind <> 'p'
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
   ORDER BY c.oid`

/**
 * Finds what the stream is copied from, as the session's snapshot has it. Partitions are read one by one where the role
 * may do that; otherwise the whole is one part. Policies decide too: through the whole table those of the whole apply
 * and those of partitions do not, so a partition is not read by itself where either has any for this role.
 */
export async function readParts(
  session: Session,
  stream: SourceStream,
  { config, rowFilters = new Map() }: { readonly config: PostgresConfig; readonly rowFilters?: RowFilters },
): Promise<CopyPart[]> {
  const { relation } = stream
  if (relation === undefined) return [wholePart(stream, undefined)]
  const rows = await session.query<PartRow>(partsSql, {
    attempt: { doing: `planning the copy of ${stream.key}`, stream: stream.key },
    parameters: [relation.oid, config.include_inherited, stream.columns.map(({ name }) => name)],
  })
  const isItself = rows.length === 1 && rows[0]!.oid === relation.oid
  const isDivisible = rows.every((row) => row.isReadable) && !relation.isRowSecurityActive
  return isItself || isDivisible
    ? rows.map((row) => partOf(row, rowFilterOf(rowFilters, { part: row.oid, whole: relation.oid })))
    : [wholePart(stream, rowFilterOfWhole(rowFilters, relation.oid))]
}

function partOf(row: PartRow, rowFilter: string | undefined): CopyPart {
  return {
    oid: row.oid,
    qualifiedName: qualifiedName(row),
    fromSql: `${row.isTable ? 'ONLY ' : ''}${qualifiedName(row)}`,
    filenode: row.isHeap ? row.filenode : null,
    isAddressable: row.isHeap && row.isAddressReadable,
    pages: row.pages,
    bytes: row.bytes,
    columnNumbers: row.columnNumbers,
    rowFilter,
  }
}

function wholePart({ relation, fromSql, columns }: SourceStream, rowFilter: string | undefined): CopyPart {
  return {
    oid: relation?.oid ?? 0,
    qualifiedName: relation === undefined ? '' : qualifiedName(relation),
    fromSql,
    filenode: null,
    isAddressable: false,
    pages: 0,
    bytes: relation?.bytesEstimated ?? 0,
    columnNumbers: columns.flatMap(({ number }) => (number === undefined ? [] : [number])),
    rowFilter,
  }
}
