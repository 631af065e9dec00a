import { makeFloat } from '../jinja/python-number.ts'
import { textOf } from '../jinja/python-text.ts'
import type { AgateTable } from '../python/agate-table.ts'
import { agateTypes } from '../python/agate-type.ts'
import { PyDecimal } from '../python/decimal.ts'

/**
 * The rows as agate's `to_json` writes them: whole numbers as such, all others as floats (`3.0`), times in ISO 8601, anything
 * else as text. Numbers are those of the template engine, which knows the one from the other.
 */
export function tableJson(table: AgateTable): readonly Readonly<Record<string, unknown>>[] {
  const columns = table.columns.items
  return table.values.map((row) =>
    Object.fromEntries(
      columns.map((column, index) => {
        const value = jsonValue(row[index] ?? null)
        const isTime = column.data_type === agateTypes.DateTime && typeof value === 'string'
        return [column.name, isTime ? value.replace(' ', 'T') : value]
      }),
    ),
  )
}

function jsonValue(value: unknown): unknown {
  if (value instanceof PyDecimal) return makeFloat(Number(textOf(value)))
  const isPlain = value === null || ['boolean', 'string', 'number', 'bigint'].includes(typeof value)
  return isPlain ? value : textOf(value)
}
