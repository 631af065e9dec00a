import { EclusaError } from '@eclusa/sdk'
import { textOf } from '../jinja/python-text.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { RunStatus } from '../manifest/run-result.ts'
import type { StatementResult } from '../compile/statement-results.ts'

export interface TestVerdict {
  readonly status: RunStatus
  readonly failures: number
  readonly message: string | null
}

/** Judges what a data test has counted, by its severity and thresholds. */
export function judgeTest(
  node: ManifestNode,
  main: StatementResult | undefined,
  { warnError }: { readonly warnError: boolean },
): TestVerdict {
  const { failures, shouldWarn, shouldError } = countsOf(node, main)
  const severity = textOf(node.config['severity'] ?? 'ERROR').toUpperCase()
  const found = `Got ${failures} ${failures === 1 ? 'result' : 'results'}`
  const because = (key: 'warn_if' | 'error_if') => textOf(node.config[key] ?? '!= 0')
  if (severity === 'ERROR' && shouldError)
    return { status: 'fail', failures, message: `${found}, configured to fail if ${because('error_if')}` }
  if (shouldWarn && warnError)
    return { status: 'fail', failures, message: `${found}, configured to fail if ${because('warn_if')}` }
  if (shouldWarn) return { status: 'warn', failures, message: `${found}, configured to warn if ${because('warn_if')}` }
  // What was counted is told only where it is a fault.
  return { status: 'pass', failures: 0, message: null }
}

/** The one row of the test's query. No rows to count from, as in `sum(n)` of nothing, are no failures. */
function countsOf(node: ManifestNode, main: StatementResult | undefined) {
  const [row, ...others] = main?.data ?? []
  if (!Array.isArray(row) || others.length > 0 || row.length !== 3) {
    throw new EclusaError('MODEL_FAILED', {
      message: `Test ${node.name} (${node.original_file_path}): its query must return one row of three columns: failures, should_warn, should_error.`,
    })
  }
  const [failures, shouldWarn, shouldError] = row as unknown[]
  return {
    failures: failures == null ? 0 : Number(textOf(failures)),
    shouldWarn: isYes(shouldWarn),
    shouldError: isYes(shouldError),
  }
}

function isYes(value: unknown): boolean {
  return (
    value === true || value === 1 || value === 1n || (typeof value === 'string' && /^(?:t|true|1|y|yes)$/iu.test(value))
  )
}
