import { textOf } from '../jinja/python-text.ts'
import type { AgateTable } from '../python/agate-table.ts'
import { agateTypes } from '../python/agate-type.ts'
import { PyDecimal } from '../python/decimal.ts'

/** The rows as agate's `to_json` writes them: numbers as numbers, times in ISO 8601, anything else as text. */
export function tableJson(table: AgateTable): readonly Readonly<Record<string, unknown>>[] {
  const columns = table.columns.items
  return table.values.map((row) =>
    Object.fromEntries(
      columns.map((column, index) => {
        const text = jsonValue(row[index] ?? null)
        const isTime = column.data_type === agateTypes.DateTime && typeof text === 'string'
        return [column.name, isTime ? text.replace(' ', 'T') : text]
      }),
    ),
  )
}

function jsonValue(value: unknown): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof PyDecimal) return Number(textOf(value))
  return textOf(value)
}
