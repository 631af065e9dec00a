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

/** An open warehouse: sessions for steps that run side by side. Disposing closes every session. */
export interface Warehouse extends AsyncDisposable {
  readonly type: 'duckdb' | 'postgres' | 'snowflake'
  /** The database that unqualified names belong to. */
  readonly database: string
  connect(): Promise<WarehouseConnection>
}
