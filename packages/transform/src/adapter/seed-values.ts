import type { Dialect } from '@eclusa/warehouse'
import type { Target } from '../context/scope.ts'
import { isNumeric } from '../jinja/python-number.ts'
import { textOf } from '../jinja/python-text.ts'
import type { AgateTable } from '../python/agate-table.ts'
import { PyDecimal } from '../python/decimal.ts'

/** The SQL type that dbt gives to a column of a seed. */
export function seedType(table: AgateTable, index: number, _warehouse: Target['type']): string {
  const column = table.columns.items[index]!
  switch (column.data_type.name) {
    case 'Integer':
      return 'integer'
    case 'Number':
      return hasDecimals([...column]) ? 'float8' : 'integer'
    case 'Boolean':
      return 'boolean'
    case 'Date':
      return 'date'
    case 'DateTime':
    case 'ISODateTime':
      return 'timestamp without time zone'
    default:
      return 'text'
  }
}

function hasDecimals(values: readonly unknown[]): boolean {
  return values.some((value) => value != null && /[.]\d*[1-9]|[eE]-/u.test(textOf(value)))
}

/** The rows as what stands behind VALUES, at most `size` rows at a time: literals that the column's type reads. */
export function valueLists(table: AgateTable, size: number, dialect: Dialect): string[] {
  const rows = [...table].map((row) => `(${[...row].map((value) => literalOf(value, dialect)).join(',')})`)
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, batch) =>
    rows.slice(batch * size, (batch + 1) * size).join(',\n'),
  )
}

function literalOf(value: unknown, dialect: Dialect): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (isNumeric(value) || value instanceof PyDecimal) return textOf(value)
  return dialect.quoteLiteral(textOf(value))
}
