import { EclusaError } from '@eclusa/sdk'
import { cursorKind } from '../catalog/stream-column.ts'
import type { CursorKind, SourceColumn } from '../catalog/stream-column.ts'
import type { PostgresConfig } from '../config.ts'
import type { PostgresType } from '../postgres-type.ts'
import type { Guard } from '../read-run.ts'
import type { SourceStream } from '../source-stream.ts'
import { quoteIdentifier, quoteLiteral } from '../sql-text.ts'

/** The cursor column of a stream, as SQL. Values travel as PostgreSQL's own text and are cast back: nothing is lost. */
export interface Cursor {
  readonly column: string
  readonly kind: CursorKind
  /** The quoted column. */
  readonly sql: string
  /** Its value as a text that is the same for equal values. */
  readonly textSql: string
  /** True for values that are a position: not NULL, NaN or infinite. */
  readonly isPositionSql: string
  /** True when equal values have one text, so that a change of text is a step to a greater value. */
  readonly hasExactText: boolean
  readonly nullable: boolean
  /** pg_type.typname below all domains. */
  readonly baseName: string
  /** The same as SQL, to cast texts to. */
  readonly typeName: string
}

/**
 * The cursor of a stream that is read with this guard.
 *
 * @throws POSTGRES_CURSOR_UNSUITABLE when there is no cursor column, or its type has no order to follow or to look back in.
 */
export function cursorOf({ configured, columns, key }: SourceStream, guard: Guard): Cursor {
  const name = configured.cursorColumn
  const column = columns.find((candidate) => candidate.name === name)
  if (name === undefined || column === undefined) {
    throw unsuitable(
      key,
      name === undefined ? 'has no cursor column' : `does not have its cursor column "${name}" selected`,
    )
  }
  const kind = cursorKind(column.type)
  if (kind === undefined)
    throw unsuitable(key, `has the cursor "${name}" of type ${column.type.formatted}, which has no order to follow`)
  if (guard === 'lookback' && kind === 'other') {
    throw unsuitable(
      key,
      `has the cursor "${name}" of type ${column.type.formatted}, below which one cannot look back`,
      'Choose a cursor of a date, time or number type, or cursor_guard: none.',
    )
  }
  return describeCursor(column, kind)
}

function describeCursor(column: SourceColumn, kind: CursorKind): Cursor {
  const sql = quoteIdentifier(column.name)
  const base = baseOf(column.type)
  const isNumeric = base.name === 'numeric'
  return {
    column: column.name,
    kind,
    sql,
    // 1.0 and 1.00 are equal; without trailing zeros they are written alike.
    textSql: isNumeric ? `trim_scale(${sql})::text` : `${sql}::text`,
    isPositionSql: positionSql(sql, kind, isNumeric),
    hasExactText: kind !== 'other' || column.isDeterministic,
    nullable: column.nullable,
    baseName: base.name,
    typeName: `pg_catalog.${quoteIdentifier(base.name)}`,
  }
}

function positionSql(sql: string, kind: CursorKind, isNumeric: boolean): string {
  if (kind === 'instant') return `isfinite(${sql})`
  // NaN is greater than Infinity in PostgreSQL's order.
  if (isNumeric) return `${sql} > '-Infinity' AND ${sql} < 'Infinity'`
  return `${sql} IS NOT NULL`
}

function baseOf(type: PostgresType): PostgresType {
  return type.base === undefined ? type : baseOf(type.base)
}

/**
 * The condition for what came after `value`. Without a guard that is everything greater; looking back, it is also a
 * stretch below, where rows may have been committed late.
 */
export function afterCursor(
  cursor: Cursor,
  value: string | null,
  { guard, config }: { guard: Guard; config: PostgresConfig },
): string {
  if (value === null) return cursor.isPositionSql
  const bound = guard === 'none' ? `> ${constant(cursor, value)}` : `>= ${lookBack(cursor, value, config)}`
  return `${cursor.sql} ${bound} AND ${cursor.isPositionSql}`
}

function constant({ typeName }: Cursor, value: string): string {
  return `${quoteLiteral(value)}::${typeName}`
}

/** Below these an integer column has no values, and a constant would be out of its type's range. */
const integerMin: Readonly<Record<string, bigint>> = { int2: -(2n ** 15n), int4: -(2n ** 31n), int8: -(2n ** 63n) }

function lookBack(cursor: Cursor, value: string, config: PostgresConfig): string {
  if (cursor.kind === 'instant')
    return `${constant(cursor, value)} - interval ${quoteLiteral(config.lookback_interval)}`
  const min = integerMin[cursor.baseName]
  if (min === undefined) return `${constant(cursor, value)} - ${config.lookback_distance}`
  // Subtracted here, so that the constant has the column's own type: compared with another type, an index is no use.
  const from = BigInt(value) - BigInt(config.lookback_distance)
  return constant(cursor, String(from < min ? min : from))
}

function unsuitable(key: string, what: string, remedy?: string): EclusaError {
  return new EclusaError('POSTGRES_CURSOR_UNSUITABLE', {
    message: `${key} ${what}.`,
    ...(remedy !== undefined && { remedy }),
    details: { stream: key },
  })
}
