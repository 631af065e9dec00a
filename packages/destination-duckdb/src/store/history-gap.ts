import type { CopiedAt } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { rawIdText } from '../table/raw-id.ts'
import type { RawIdSalt } from '../table/raw-id.ts'

/*
 * A history whose stream is copied anew has a gap: nobody has read which rows were deleted between its last change and the
 * copy. Rows that are current by the history, and that the copy does not have, were; they get a deletion where the copy
 * stands in the log.
 */

/** What the rows of a commit that are made in the warehouse have in common. */
export interface MadeRows {
  readonly salt: RawIdSalt
  readonly sequence: number
  /** Number of the first of them in the commit. */
  readonly first: number
  /** Text of `_airbyte_meta`. */
  readonly meta: string
}

export interface HistoryGap {
  readonly history: RelationName
  /** The table that the copy was loaded into. */
  readonly copy: RelationName
  readonly key: readonly string[]
  readonly at: CopiedAt
  readonly generationId: number
}

/** The statement that notes the deletions; to be run before rows of the copy join the history. */
export function gapDeletions({ history, copy, key, at, generationId }: HistoryGap, made: MadeRows): string {
  const [target, source] = [history, copy].map((relation) => duckdbDialect.formatRelation(relation))
  const names = key.map((column) => duckdbDialect.quoteIdentifier(column))
  const isSame = names.map((name) => `"copy".${name} IS NOT DISTINCT FROM "last".${name}`).join(' AND ')
  const time = `${timestampLiteral(at.atUs)}::TIMESTAMPTZ`
  const ordinal = `${made.first}::BIGINT + row_number() OVER () - 1`
  const rawId = `${duckdbDialect.quoteLiteral(rawIdText(made.salt, made.sequence))} || lpad(to_hex(${ordinal}), 10, '0')`
  const values: Readonly<Record<string, string>> = {
    _airbyte_raw_id: `(${rawId})::UUID`,
    _airbyte_extracted_at: 'now()',
    _airbyte_meta: duckdbDialect.quoteLiteral(made.meta),
    _airbyte_generation_id: String(generationId),
    _ab_cdc_lsn: String(at.position),
    _ab_cdc_order: '-1',
    _ab_cdc_updated_at: time,
    _ab_cdc_deleted_at: time,
  }
  // Another server may number its log from the start: generations come first.
  const newest = '_airbyte_generation_id DESC, _ab_cdc_lsn DESC NULLS LAST, _ab_cdc_order DESC'
  return `INSERT INTO ${target} (${[...names, ...Object.keys(values)].join(', ')})
    SELECT ${[...names, ...Object.values(values)].join(', ')}
      FROM (SELECT ${names.join(', ')}, _ab_cdc_deleted_at FROM ${target}
             QUALIFY row_number() OVER (PARTITION BY ${names.join(', ')} ORDER BY ${newest}) = 1) AS "last"
     WHERE "last"._ab_cdc_deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM ${source} AS "copy" WHERE ${isSame})`
}

function timestampLiteral(us: bigint): string {
  const second = new Date(Number(us / 1_000_000n) * 1000).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)
  return duckdbDialect.quoteLiteral(`${second}.${String(us % 1_000_000n).padStart(6, '0')}+00`)
}
