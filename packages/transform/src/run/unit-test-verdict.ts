import { textOf } from '../jinja/python-text.ts'
import type { StatementResult } from '../compile/statement-results.ts'
import type { TestVerdict } from './test-verdict.ts'

/** Compares the rows that a model gave with those that its unit test expects, whatever their order. */
export function judgeUnitTest(main: StatementResult | undefined): TestVerdict {
  const names = main === undefined ? [] : [...main.table.column_names].map(textOf)
  const side = names.findIndex((name) => name.toLowerCase() === 'actual_or_expected')
  const rowsOf = (wanted: string) =>
    (main?.data ?? [])
      .filter((row) => textOf((row as unknown[])[side]) === wanted)
      .map((row) => (row as unknown[]).filter((_, index) => index !== side).map(shownValue))
  const [actual, expected] = [rowsOf('actual'), rowsOf('expected')]
  const [surplus, missing] = [without(actual, expected), without(expected, actual)]
  if (surplus.length === 0 && missing.length === 0) return { status: 'pass', failures: 0, message: null }
  const header = names.filter((_, index) => index !== side)
  const table = [['@@', ...header], ...surplus.map((row) => ['+++', ...row]), ...missing.map((row) => ['---', ...row])]
  return {
    status: 'fail',
    failures: 1,
    message: `\n\nactual differs from expected:\n\n${aligned(table)}\n`,
  }
}

function shownValue(value: unknown): string {
  return value === null || value === undefined ? 'NULL' : textOf(value)
}

/** The rows of `left` that have no equal among those of `right`, each of which can stand for one only. */
function without(left: readonly string[][], right: readonly string[][]): string[][] {
  const open = new Map<string, number>()
  for (const row of right) open.set(JSON.stringify(row), (open.get(JSON.stringify(row)) ?? 0) + 1)
  return left.filter((row) => {
    const key = JSON.stringify(row)
    const count = open.get(key) ?? 0
    if (count > 0) open.set(key, count - 1)
    return count === 0
  })
}

function aligned(table: readonly (readonly string[])[]): string {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join(','),
    )
    .join('\n')
}
