import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { rawIdText } from '@eclusa/warehouse/load'
import type { RawIdSalt } from '@eclusa/warehouse/load'
import { timestampLiteral } from '../table/timestamp-literal.ts'

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
    const prefix = duckdbDialect.quoteLiteral(rawIdText(this.#salt, this.sequence))
    return `(${prefix} || lpad(to_hex(${this.#next}::BIGINT + ${ordinal} - 1), 10, '0'))::UUID`
  }

  add(count: number): void {
    this.#next += count
  }
}

export interface MadeDeletions {
  readonly history: RelationName
  /** Not empty. */
  readonly key: readonly string[]
  /** Where in the log they stand. */
  readonly at: { readonly position: bigint; readonly order: number; readonly committedAtUs: bigint }
  readonly generationId: number
  /** Keys in this table are there still. Default: none are. */
  readonly remaining?: RelationName
}

/** The statement that adds the deletions. */
export function madeDeletions({ history, key, at, generationId, remaining }: MadeDeletions, made: MadeRows): string {
  const target = duckdbDialect.formatRelation(history)
  const names = key.map((column) => duckdbDialect.quoteIdentifier(column))
  const time = timestampLiteral(at.committedAtUs)
  const values: Readonly<Record<string, string>> = {
    _airbyte_raw_id: made.rawIdsSql('row_number() OVER ()'),
    _airbyte_extracted_at: 'now()',
    _airbyte_meta: duckdbDialect.quoteLiteral(made.meta),
    _airbyte_generation_id: String(generationId),
    _ab_cdc_lsn: String(at.position),
    _ab_cdc_order: String(at.order),
    _ab_cdc_updated_at: time,
    _ab_cdc_deleted_at: time,
  }
  // Another server may number its log from the start: generations come first.
  const newest = '_airbyte_generation_id DESC, _ab_cdc_lsn DESC NULLS LAST, _ab_cdc_order DESC'
  const isSame = names.map((name) => `"here".${name} IS NOT DISTINCT FROM "last".${name}`).join(' AND ')
  const isGone =
    remaining === undefined
      ? ''
      : ` AND NOT EXISTS (SELECT 1 FROM ${duckdbDialect.formatRelation(remaining)} AS "here" WHERE ${isSame})`
  return `INSERT INTO ${target} (${[...names, ...Object.keys(values)].join(', ')})
    SELECT ${[...names, ...Object.values(values)].join(', ')}
      FROM (SELECT ${names.join(', ')}, _ab_cdc_deleted_at FROM ${target}
             QUALIFY row_number() OVER (PARTITION BY ${names.join(', ')} ORDER BY ${newest}) = 1) AS "last"
     WHERE "last"._ab_cdc_deleted_at IS NULL${isGone}`
}
