import { snowflakeDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { rawIdText } from '@eclusa/warehouse/load'
import type { RawIdSalt, TableRules } from '@eclusa/warehouse/load'
import { timestampSql } from '../changes/merge-sql.ts'

/*
 * A history shows that a row is gone by a deletion. The log has none where a table was truncated, and none that anybody
 * read between the last change and a fresh copy of the stream: they are made here, of rows that are current by the history.
 */

/** Numbers rows of a commit that are made in the warehouse. */
export class MadeRows {
  readonly sequence: number
  /** Text of `_airbyte_meta`. */
  readonly meta: string
  readonly #salt: RawIdSalt
  #next: number

  /** @param first number of the first of them in the commit */
  constructor({ salt, sequence, first, meta }: { salt: RawIdSalt; sequence: number; first: number; meta: string }) {
    this.#salt = salt
    this.sequence = sequence
    this.#next = first
    this.meta = meta
  }

  /** The id of the next row and those after it, by an expression that counts from 1. */
  rawIdsSql(ordinal: string): string {
    const prefix = snowflakeDialect.quoteLiteral(rawIdText(this.#salt, this.sequence))
    return `${prefix} || LPAD(TRIM(TO_CHAR(${this.#next} + ${ordinal} - 1, 'xxxxxxxxxx')), 10, '0')`
  }

  add(count: number): void {
    this.#next += count
  }
}

export interface MadeDeletions {
  readonly rules: TableRules
  readonly history: RelationName
  /** Names in the table; not empty. */
  readonly key: readonly string[]
  /** Where in the log they stand. */
  readonly at: { readonly position: bigint; readonly order: number; readonly committedAtUs: bigint }
  readonly generationId: number
  /** Keys in this table are there still. Default: none are. */
  readonly remaining?: RelationName
}

/** The statement that adds the deletions. */
export function madeDeletions(
  { rules, history, key, at, generationId, remaining }: MadeDeletions,
  made: MadeRows,
): string {
  const quote = (name: string) => snowflakeDialect.quoteIdentifier(name)
  const own = (name: string) => quote(rules.nameOf(name))
  const target = snowflakeDialect.formatRelation(history)
  const names = key.map(quote)
  const time = timestampSql(at.committedAtUs)
  const values: readonly (readonly [string, string])[] = [
    ['_airbyte_raw_id', made.rawIdsSql('ROW_NUMBER() OVER (ORDER BY 1)')],
    ['_airbyte_extracted_at', 'CURRENT_TIMESTAMP()::TIMESTAMP_TZ(6)'],
    ['_airbyte_meta', `PARSE_JSON(${snowflakeDialect.quoteLiteral(made.meta)})`],
    ['_airbyte_generation_id', String(generationId)],
    ['_ab_cdc_lsn', String(at.position)],
    ['_ab_cdc_order', String(at.order)],
    ['_ab_cdc_updated_at', time],
    ['_ab_cdc_deleted_at', time],
  ]
  const deletedAt = own('_ab_cdc_deleted_at')
  // Another server may number its log from the start: generations come first.
  const newest = `${own('_airbyte_generation_id')} DESC, ${own('_ab_cdc_lsn')} DESC NULLS LAST, ${own('_ab_cdc_order')} DESC`
  const isSame = names.map((name) => `h.${name} IS NOT DISTINCT FROM l.${name}`).join(' AND ')
  // A join, because Snowflake compares by nothing but = in a subquery of that kind.
  const join =
    remaining === undefined ? '' : ` LEFT JOIN ${snowflakeDialect.formatRelation(remaining)} AS h ON ${isSame}`
  const isGone = remaining === undefined ? '' : ` AND h.${own('_airbyte_raw_id')} IS NULL`
  return `INSERT INTO ${target} (${[...names, ...values.map(([name]) => own(name))].join(', ')})
SELECT ${[...names.map((name) => `l.${name}`), ...values.map(([, value]) => value)].join(', ')}
FROM (SELECT ${names.join(', ')}, ${deletedAt} FROM ${target}
  QUALIFY ROW_NUMBER() OVER (PARTITION BY ${names.join(', ')} ORDER BY ${newest}) = 1) AS l${join}
WHERE l.${deletedAt} IS NULL${isGone}`
}
