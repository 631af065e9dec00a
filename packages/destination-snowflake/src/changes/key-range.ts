import type { ColumnType, SqlValue } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import type { Query } from '../store/ledger.ts'
import type { WrittenColumn } from '../store/table-columns.ts'
import { quote } from './merge.ts'
import type { KeyBounds } from './merge.ts'

/** Types whose values come back from a query as they were, and are compared as Snowflake orders them. */
const boundedTypes = new Set<ColumnType['type']>(['int16', 'int32', 'int64', 'text', 'uuid', 'date'])
const boundCharactersMax = 256

/** Between which values the keys of the staging table lie. */
export async function keyRangeOf(
  query: Query,
  { staging, key, columns }: { staging: string; key: readonly string[]; columns: readonly WrittenColumn[] },
): Promise<KeyBounds[]> {
  const bounded = columns.filter(({ name, type }) => key.includes(name) && boundedTypes.has(type.type))
  if (bounded.length === 0) return []
  const bounds = bounded.flatMap(({ name }) => [`MIN(${quote(name)})`, `MAX(${quote(name)})`])
  const { rows } = await query(`SELECT ${bounds.join(', ')} FROM ${staging}`)
  return bounded.flatMap(({ name, sqlType }, index) => {
    const [min, max] = [rows[0]?.[index * 2], rows[0]?.[index * 2 + 1]]
    if (!isBound(min) || !isBound(max)) return []
    return [{ column: name, min: boundSql(min, sqlType), max: boundSql(max, sqlType) }]
  })
}

function isBound(value: SqlValue | undefined): value is NonNullable<SqlValue> {
  return value !== null && value !== undefined && String(value).length <= boundCharactersMax
}

function boundSql(value: NonNullable<SqlValue>, sqlType: string): string {
  const literal = snowflakeDialect.quoteLiteral(value)
  return sqlType === 'DATE' ? `${literal}::DATE` : literal
}
