import { arrivesAsChanges } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { DuckDbSession, RelationName } from '@eclusa/warehouse'
import { nullKey } from '@eclusa/warehouse/load'

const quote = (name: string) => duckdbDialect.quoteIdentifier(name)
const rawId = quote('_airbyte_raw_id')

/** Rows of a stream with a key, in whatever table they are: statements that leave one row for each key. */
export class KeyedRows {
  readonly #session: DuckDbSession
  readonly #configured: ConfiguredStream

  constructor(session: DuckDbSession, configured: ConfiguredStream) {
    this.#session = session
    this.#configured = configured
  }

  /** Moves the rows of a table of the same columns into the target, in place of those with their keys. */
  async merge(delta: RelationName, target: RelationName): Promise<void> {
    const columns = (await duckdbDialect.listColumns(this.#session, delta))!.map(({ name }) => name)
    await this.keepLast(delta)
    // Not MERGE: it updates, and DuckDB (1.5.6) keeps the values before an update in memory until the commit.
    const { primaryKey: key } = this.#configured
    const merge = duckdbDialect.deleteInsert({ target, source: delta, key, columns })
    for (const statement of [...merge, duckdbDialect.truncate(delta)]) await this.#session.query(statement)
  }

  /** Of versions that were appended without looking at keys, in the order in which they came to be, the last one stays. */
  async mergeAppended(table: RelationName): Promise<void> {
    for (const column of this.#configured.primaryKey) {
      const sql = `SELECT 1 FROM ${duckdbDialect.formatRelation(table)} WHERE ${quote(column)} IS NULL LIMIT 1`
      const { rows } = await this.#session.query(sql)
      if (rows.length > 0) throw nullKey(this.#configured, column)
    }
    await this.keepLast(table, {})
  }

  /** Of rows of one key, the one that is ahead by the cursor stays, and of equal ones the one that came last. */
  async keepLast(
    table: RelationName,
    { cursorColumn }: Pick<ConfiguredStream, 'cursorColumn'> = this.#configured,
  ): Promise<void> {
    const key = this.#configured.primaryKey.map(quote).join(', ')
    const name = duckdbDialect.formatRelation(table)
    const { rows } = await this.#session.query(`SELECT 1 FROM ${name} GROUP BY ${key} HAVING count(*) > 1 LIMIT 1`)
    if (rows.length === 0) return
    const ahead = arrivesAsChanges(this.#configured)
      ? ['_ab_cdc_lsn', '_ab_cdc_order']
      : cursorColumn === undefined
        ? []
        : [cursorColumn]
    const order = [...ahead.map((column) => `${quote(column)} DESC NULLS LAST`), `${rawId} DESC`]
    // By its id and not by `rowid`, which means a column of the stream where it has one of that name.
    await this.#session.query(
      `DELETE FROM ${name} WHERE ${rawId} IN (
         SELECT ${rawId} FROM ${name} QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY ${order.join(', ')}) > 1)`,
    )
  }

  /** Rows that changes have marked as deleted go. */
  async removeDeleted(table: RelationName): Promise<void> {
    await this.#session.query(`DELETE FROM ${duckdbDialect.formatRelation(table)} WHERE _ab_cdc_deleted_at IS NOT NULL`)
  }
}
