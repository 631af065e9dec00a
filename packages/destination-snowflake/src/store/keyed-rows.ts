import { arrivesAsChanges } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { nullKey } from '@eclusa/warehouse/load'
import type { TableRules } from '@eclusa/warehouse/load'
import type { Query } from './ledger.ts'

/** Rows of a stream with a key, in whatever table they are: statements that leave one row for each key. */
export class KeyedRows {
  readonly #rules: TableRules
  readonly #configured: ConfiguredStream

  constructor(rules: TableRules, configured: ConfiguredStream) {
    this.#rules = rules
    this.#configured = configured
  }

  /** What a row is ahead by: the log or the cursor, and of equal ones the one that came last. */
  order(alias: string, { isAppended = false } = {}): string {
    const { cursorColumn } = this.#configured
    const ahead = isAppended || cursorColumn === undefined ? [] : [cursorColumn]
    const columns = arrivesAsChanges(this.#configured) ? ['_ab_cdc_lsn', '_ab_cdc_order'] : ahead
    const descending = columns.map((column) => `${alias}.${this.#quote(column)} DESC NULLS LAST`)
    return [...descending, `${alias}.${this.#quote('_airbyte_raw_id')} DESC`].join(', ')
  }

  /** Of versions that were appended without looking at keys, in the order in which they came to be, the last one stays. */
  async mergeAppended(query: Query, table: RelationName): Promise<void> {
    for (const column of this.#configured.primaryKey) {
      const sql = `SELECT 1 FROM ${snowflakeDialect.formatRelation(table)} WHERE ${this.#quote(column)} IS NULL LIMIT 1`
      const { rows } = await query(sql)
      if (rows.length > 0) throw nullKey(this.#configured, column)
    }
    await this.keepLast(query, table, { isAppended: true })
  }

  /** Of rows of one key, the one that is ahead stays. */
  async keepLast(query: Query, table: RelationName, options: { readonly isAppended?: boolean } = {}): Promise<void> {
    const name = snowflakeDialect.formatRelation(table)
    const id = this.#quote('_airbyte_raw_id')
    const key = this.#configured.primaryKey.map((column) => `d.${this.#quote(column)}`).join(', ')
    const number = `ROW_NUMBER() OVER (PARTITION BY ${key} ORDER BY ${this.order('d', options)})`
    await query(`DELETE FROM ${name} WHERE ${id} IN (SELECT d.${id} FROM ${name} AS d QUALIFY ${number} > 1)`)
  }

  /** Rows that changes have marked as deleted go. */
  async removeDeleted(query: Query, table: RelationName): Promise<void> {
    const name = snowflakeDialect.formatRelation(table)
    await query(`DELETE FROM ${name} WHERE ${this.#quote('_ab_cdc_deleted_at')} IS NOT NULL`)
  }

  #quote(column: string): string {
    return snowflakeDialect.quoteIdentifier(this.#rules.nameOf(column))
  }
}
