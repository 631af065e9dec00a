import type { TestNode } from '../manifest/node.ts'
import type { DraftNode } from './parsed-node.ts'

/**
 * The columns that identify a model's rows, as far as its properties tell: a primary key, else columns that are tested
 * to be unique and not null, else those tested to be unique. Source: dbt-core, contracts/graph/nodes.py.
 */
export function primaryKeyOf(
  { constraints, columns }: DraftNode,
  tests: readonly Pick<TestNode, 'test_metadata'>[],
): string[] {
  const declared = constraints.find(({ type }) => type === 'primary_key')
  if (declared !== undefined) return [...(declared.columns ?? [])]
  for (const column of Object.values(columns))
    if (column.constraints.some(({ type }) => type === 'primary_key')) return [column.name]
  const unique = columnsTested(tests, ['unique', 'unique_combination_of_columns'])
  const notNull = columnsTested(tests, ['not_null'])
  const both = [...unique].filter((column) => notNull.has(column))
  return both.length > 0 ? both : [...unique]
}

function columnsTested(tests: readonly Pick<TestNode, 'test_metadata'>[], names: readonly string[]): Set<string> {
  const columns = tests.flatMap(({ test_metadata: metadata }) => {
    if (metadata === undefined || metadata === null || !names.includes(metadata.name)) return []
    const { column_name: column, combination_of_columns: combination } = metadata.kwargs
    if (typeof column === 'string') return [column]
    return Array.isArray(combination) ? combination.filter((one): one is string => typeof one === 'string') : []
  })
  return new Set(columns)
}
