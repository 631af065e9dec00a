import { EclusaError } from '@eclusa/sdk'
import type { ColumnType } from '@eclusa/sdk'
import type { PostgresType } from '../postgres-type.ts'

export interface ColumnOptions {
  /** pg_attribute.attndims; above 1 the column becomes json, nested as deep as its values are. Default: 1. */
  readonly dimensions?: number
  /** Digits after the point of `money`, which lc_monetary of the source's database decides. Default: 2. */
  readonly moneyScale?: number
  /** What `numeric` without precision becomes. Default: text, which alone keeps every value and its scale. */
  readonly unconstrainedNumeric?: Extract<ColumnType, { type: 'text' | 'decimal' }>
  /** The column type the user asked for instead of the natural one. Default: none. */
  readonly override?: ColumnType
}

/** How the values of one column travel from PostgreSQL into Arrow. */
export interface ColumnCodec {
  /** Its Arrow form is fixed by the SDK's arrow-type.ts. */
  readonly columnType: ColumnType
  /** format_type of the column, for messages and documentation. */
  readonly sourceType: string
  /** True: the query must select the column as `"name"::text`, since its binary form is not decoded here. */
  readonly selectAsText: boolean
}

/**
 * Chooses the column type of a PostgreSQL type and how its values are decoded.
 *
 * @throws CONFIG_INVALID when `override` is a type that values of this column cannot be turned into.
 */
export function planColumn(type: PostgresType, options: ColumnOptions = {}): ColumnCodec {
  void options
  throw new EclusaError('INTERNAL', { message: `Columns of type ${type.formatted} cannot be planned yet.` })
}

/**
 * How a column is written in the select list of a COPY: plain, or cast to text.
 * @param identifier the column's name, quoted and qualified as the query needs it.
 */
export function selectExpression(codec: ColumnCodec, identifier: string): string {
  return codec.selectAsText ? `${identifier}::text` : identifier
}
