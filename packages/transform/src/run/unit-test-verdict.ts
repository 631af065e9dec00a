import { textOf } from '../jinja/python-text.ts'
import type { StatementResult } from '../compile/statement-results.ts'
import type { TestVerdict } from './test-verdict.ts'
import { differenceTable } from './unit-test-difference.ts'

/** Compares the rows that a model gave with those that its unit test expects, whatever their order. */
export function judgeUnitTest(main: StatementResult | undefined): TestVerdict {
  const names = main === undefined ? [] : [...main.table.column_names].map(textOf)
  const side = names.findIndex((name) => name.toLowerCase() === 'actual_or_expected')
  const rowsOf = (wanted: string) =>
    (main?.data ?? [])
      .filter((row) => textOf((row as unknown[])[side]) === wanted)
      .map((row) => (row as unknown[]).filter((_, index) => index !== side).map(shownValue))
  const columns = names.filter((_, index) => index !== side)
  const table = differenceTable(columns, { actual: rowsOf('actual'), expected: rowsOf('expected') })
  if (table === undefined) return { status: 'pass', failures: 0, message: null }
  return { status: 'fail', failures: 1, message: `\n\nactual differs from expected:\n\n${table}\n` }
}

function shownValue(value: unknown): string {
  return value === null || value === undefined ? 'NULL' : textOf(value)
}
