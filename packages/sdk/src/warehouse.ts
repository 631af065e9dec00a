/**
 * A value as a warehouse query returns it, without loss: integers up to 32 bits as number, wider ones as bigint, floats
 * as number, bytes as Uint8Array; everything else (decimals, dates, times, timestamps, uuid, json, lists, structs) as
 * the warehouse's own text.
 */
export type SqlValue = null | boolean | number | bigint | string | Uint8Array

/** A column of a query's result. */
export interface ResultColumn {
  readonly name: string
  /** The warehouse's own name of the type: `DECIMAL(12,2)`. */
  readonly type: string
}

/** What a statement gave: no columns and no rows unless it is a query. */
export interface QueryResult {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly (readonly SqlValue[])[]
  /** Rows inserted, updated or deleted; 0 for a query. */
  readonly rowsChanged: number
  /** What the warehouse says was done, where it says so: `INSERT 0 3`, `CREATE VIEW` in PostgreSQL. */
  readonly commandTag?: string
}

/** What a statement is run with. */
export interface QueryOptions {
  /** Bound to `$1`, `$2`, … in order. */
  readonly parameters?: readonly SqlValue[]
  readonly signal?: AbortSignal
}

/**
 * One session at the warehouse. Statements run one after the other; `begin`, `commit` and `rollback` are statements.
 *
 * @throws WAREHOUSE_STATEMENT_FAILED with the warehouse's message, its error code and position in `details`.
 */
export interface WarehouseConnection extends AsyncDisposable {
  query(sql: string, options?: QueryOptions): Promise<QueryResult>
}

/** A part of what a statement reads: first its columns, then its rows, some at a time. */
export type ReadPart =
  | { readonly type: 'columns'; readonly columns: readonly ResultColumn[] }
  | { readonly type: 'rows'; readonly rows: readonly (readonly SqlValue[])[] }

/** An open warehouse: sessions for steps that run side by side. Disposing closes every session. */
export interface Warehouse extends AsyncDisposable {
  readonly type: 'duckdb' | 'postgres' | 'snowflake'
  /** The database that unqualified names belong to. */
  readonly database: string
  connect(): Promise<WarehouseConnection>
  /**
   * Runs one statement that can change nothing, in a session of its own; its rows come as they are asked for, all of one
   * state of the warehouse. Absent where that is not offered.
   *
   * @throws WAREHOUSE_READ_ONLY for anything else; WAREHOUSE_STATEMENT_FAILED; CANCELLED.
   */
  read?(sql: string, options?: Pick<QueryOptions, 'signal'>): AsyncIterable<ReadPart>
}
