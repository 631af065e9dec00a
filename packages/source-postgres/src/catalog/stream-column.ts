import type { Column } from '@eclusa/sdk'
import { planColumn } from '../codec/column-codec.ts'
import type { ColumnCodec, ColumnOptions } from '../codec/column-codec.ts'
import { unconstrainedNumericType } from '../config.ts'
import type { PostgresConfig } from '../config.ts'
import type { ServerFacts } from '../connection/server-facts.ts'
import type { PostgresType } from '../postgres-type.ts'

/** What a column looks like wherever it comes from: a table, a view or a query. */
export interface SourceColumn {
  readonly name: string
  readonly type: PostgresType
  /** pg_attribute.attndims; 1 where it is not known. */
  readonly dimensions: number
  readonly nullable: boolean
  /** pg_attribute.attnum: stays with the column when it is renamed, is not used again after a drop. None in a query. */
  readonly number?: number
  /** False when the role has no SELECT on it. */
  readonly isReadable: boolean
  /** False when texts that differ may be equal, so that a value is no exact position in an order. */
  readonly isDeterministic: boolean
}

/** What the column types of a run have in common. */
export type TypePolicy = Pick<ColumnOptions, 'moneyScale' | 'unconstrainedNumeric'>

export function typePolicy(config: PostgresConfig, facts: Pick<ServerFacts, 'moneyScale'>): TypePolicy {
  return { moneyScale: facts.moneyScale, unconstrainedNumeric: unconstrainedNumericType(config) }
}

/** The codec of a column with the type that is natural for it, or with the one asked for. */
export function codecOf(column: SourceColumn, policy: TypePolicy, override?: Column['type']): ColumnCodec {
  return planColumn(column.type, {
    ...policy,
    dimensions: column.dimensions,
    ...(override !== undefined && { override }),
  })
}

/** The column as streams describe it. */
export function streamColumn(column: SourceColumn, policy: TypePolicy): Column {
  const codec = codecOf(column, policy)
  return { name: column.name, type: codec.columnType, nullable: column.nullable, sourceType: codec.sourceType }
}

/**
 * How values of a cursor column are compared with a remembered one.
 *
 * | kind    | types                        | looks back by     | excluded as no position  |
 * |---------|------------------------------|-------------------|--------------------------|
 * | instant | date, timestamp, timestamptz | lookback_interval | NULL, infinity           |
 * | number  | int2, int4, int8, numeric    | lookback_distance | NULL, NaN, infinity      |
 * | other   | text, varchar, char, uuid    | cannot            | NULL                     |
 */
export type CursorKind = 'instant' | 'number' | 'other'

const cursorKinds: Readonly<Record<string, CursorKind>> = {
  date: 'instant',
  timestamp: 'instant',
  timestamptz: 'instant',
  int2: 'number',
  int4: 'number',
  int8: 'number',
  numeric: 'number',
  text: 'other',
  varchar: 'other',
  bpchar: 'other',
  uuid: 'other',
}

/** Undefined when the type has no order that grows with changes. Floats are out: their order has no exact positions. */
export function cursorKind(type: PostgresType): CursorKind | undefined {
  if (type.base !== undefined) return cursorKind(type.base)
  return type.schema === 'pg_catalog' && type.kind === 'base' ? cursorKinds[type.name] : undefined
}
