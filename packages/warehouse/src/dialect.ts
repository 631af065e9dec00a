import type { ColumnType, SqlValue, Warehouse, WarehouseConnection } from '@eclusa/sdk'
import type { ColumnDefinition, Relation, RelationColumn, RelationKind, RelationName } from './relation.ts'

/** Columns of the one row that every key of `source` has in `target`, and what to do with it. */
export interface KeyedWrite {
  readonly target: RelationName
  /** At most one row per key. */
  readonly source: RelationName
  readonly key: readonly string[]
  /**
   * NULL in a key column equals NULL. Default: false, as in `=`: such rows match nothing and are inserted again. True
   * costs PostgreSQL its hash joins and indexes.
   */
  readonly nullsMatch?: boolean
  /** All columns to write, the key's among them. */
  readonly columns: readonly string[]
}

export interface MergeWrite extends KeyedWrite {
  /** Columns to overwrite in rows that exist. Default: all columns outside the key. */
  readonly updateColumns?: readonly string[]
}

/** What a warehouse said about a statement that failed. */
export interface StatementFailure {
  /** The warehouse's own code: SQLSTATE (`42P01`) in PostgreSQL, the class (`Catalog Error`) in DuckDB. */
  readonly code: string | undefined
  readonly message: string
  /** 1-based index into the statement as a JavaScript string; undefined when the warehouse does not say. */
  readonly position: number | undefined
  /**
   * `statement`: the same statement fails again. `conflict`: another transaction was in the way, so that running the
   * transaction again may help. `memory`: it needed more than the warehouse may use. `connection`: the session is gone.
   * `cancelled`: it was interrupted on purpose.
   */
  readonly kind: 'statement' | 'conflict' | 'memory' | 'connection' | 'cancelled'
}

/**
 * What differs between warehouses, and nothing else. Members that return SQL are pure; each returned string is one
 * statement without a semicolon. Where several are returned they run in that order, in one transaction when
 * `supportsTransactionalDdl`. Every identifier given is a plain name: quoting happens here, and only here.
 */
export interface Dialect {
  readonly type: Warehouse['type']

  /**
   * CREATE, ALTER and DROP take part in transactions. True in DuckDB and PostgreSQL. Where false, `replaceTable` must
   * be one statement that is atomic by itself, and a half-done change can be met after a crash.
   */
  readonly supportsTransactionalDdl: boolean
  /** MERGE INTO exists. True in DuckDB and in PostgreSQL 15 and later. Where false, `merge` returns delete + insert. */
  readonly supportsMerge: boolean
  /** CREATE OR REPLACE TABLE exists. True in DuckDB, false in PostgreSQL, where a table must be built aside and renamed. */
  readonly supportsCreateOrReplaceTable: boolean
  /**
   * Dropping a table takes its views with it (or is refused without `cascade`). True in PostgreSQL, whose views are
   * bound to the table; false in DuckDB, whose views are text and bind to whatever has the name when they are read.
   */
  readonly viewsDependOnTables: boolean
  /** `"a"` and `"A"` are two names. True in PostgreSQL; false in DuckDB, where even quoted names differ in case only for show. */
  readonly identifiersAreCaseSensitive: boolean
  /** The longest identifier in UTF-8 bytes; longer ones would be cut silently. 63 in PostgreSQL, undefined (no limit) in DuckDB. */
  readonly identifierBytesMax: number | undefined
  /** The expression for the transaction's time with time zone: the same value throughout one transaction. */
  readonly currentTimestamp: string

  /** Always quoted, so that case, spaces and reserved words survive. @throws IDENTIFIER_INVALID for what no quoting can carry. */
  quoteIdentifier(name: string): string
  /** A literal that reads back as the same value; bigint and number stay exact, NaN and infinities become casts. */
  quoteLiteral(value: SqlValue): string
  /** `"database"."schema"."identifier"`, or without the database where none is given. */
  formatRelation(relation: RelationName): string

  /** The SQL type that holds every value of the column type. `decimal` and `list` keep their parameters. */
  sqlTypeOf(type: ColumnType): string
  /**
   * The column type that the SQL type is the home of: `columnTypeOf(sqlTypeOf(t))` equals t. Undefined for all others
   * (HUGEINT, STRUCT, geometry): not a fault, only nothing we would have created.
   */
  columnTypeOf(sqlType: string): ColumnType | undefined

  /** Does nothing when it exists. */
  createSchema(schema: string, database?: string): string
  /** Does nothing when it is missing. `cascade` drops what is inside; without it, a schema in use is an error. Default: false. */
  dropSchema(schema: string, options?: { readonly database?: string; readonly cascade?: boolean }): string
  /** Fails when it exists, unless `ifNotExists`. A `temporary` table belongs to the session, and its schema is ignored. Both default to false. */
  createTable(
    relation: RelationName,
    columns: readonly ColumnDefinition[],
    options?: { readonly ifNotExists?: boolean; readonly temporary?: boolean },
  ): string
  /** Fails when it exists; types and order of columns are the query's. Default of `temporary`: false. */
  createTableAs(relation: RelationName, select: string, options?: { readonly temporary?: boolean }): string
  /**
   * Fails when it exists. `replace` replaces a view of that name: DuckDB takes any query, PostgreSQL only one that adds
   * columns at the end and keeps the others, else drop the view first. Default: false.
   */
  createView(relation: RelationName, select: string, options?: { readonly replace?: boolean }): string
  /** Does nothing when it is missing. `cascade` also drops views over it where `viewsDependOnTables`. Default: false. */
  dropRelation(relation: RelationName, kind: RelationKind, options?: { readonly cascade?: boolean }): string
  /** Removes all rows. */
  truncate(relation: RelationName): string
  /** Within its schema. Fails when the new name is taken. */
  rename(relation: RelationName, kind: RelationKind, identifier: string): string
  /**
   * Puts table `source` in the place of `target`, which may be missing; both in one schema. Readers see the old rows
   * or the new ones. Where `viewsDependOnTables`, views over the old table are dropped with `cascade`, else the
   * replacement is refused by the warehouse; elsewhere they read the new table from then on. Privileges granted on
   * the old table are not carried over.
   */
  replaceTable(target: RelationName, source: RelationName, options?: { readonly cascade?: boolean }): readonly string[]

  /** Deletes target rows that have a key in `source`, then inserts `source`. Not atomic outside a transaction. */
  deleteInsert(write: KeyedWrite): readonly string[]
  /** Overwrites rows of equal key, inserts the others. One statement where `supportsMerge`. */
  merge(write: MergeWrite): readonly string[]

  /** Adds at the end; existing rows get NULL. */
  addColumn(relation: RelationName, column: ColumnDefinition): string
  /** Fails when a view or an index still needs it, where the warehouse knows. */
  dropColumn(relation: RelationName, column: string): string
  renameColumn(relation: RelationName, column: string, name: string): string
  /** Changes the type and converts every row; the statement fails when one row cannot be converted. See `isWidening`. */
  alterColumnType(relation: RelationName, column: string, sqlType: string): string

  /** Names in order, without those of the warehouse itself. Default of `database`: the current one. */
  listSchemas(connection: WarehouseConnection, database?: string): Promise<readonly string[]>
  /** Relations of one schema by name; empty when the schema is missing. Temporary ones are not listed. */
  listRelations(connection: WarehouseConnection, schema: string, database?: string): Promise<readonly Relation[]>
  /** Columns in order; undefined when the relation is missing. Finds temporary tables too, when the schema is theirs. */
  listColumns(connection: WarehouseConnection, relation: RelationName): Promise<readonly RelationColumn[] | undefined>

  /** Views and materialized views that go with the relation when it is dropped with `cascade`, over however many others. */
  listDependents(connection: WarehouseConnection, relation: RelationName): Promise<readonly RelationName[]>

  /** Turns what the driver threw for `sql` into facts. Pure: the decision to retry is the caller's, by `kind`. */
  classifyError(error: unknown, sql: string): StatementFailure
}
