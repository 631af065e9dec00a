import type { AnyErrorCode } from './error.ts'

/** One thing that was looked at. `failed` makes the check fail; `warning` tells what will bite later. */
export interface CheckFinding {
  readonly status: 'passed' | 'warning' | 'failed'
  /** What was looked at, for a person: `connection`, `TLS`, `SELECT on sales.orders`. */
  readonly subject: string
  readonly message: string
  readonly code?: AnyErrorCode
  /** The SQL or command that mends it. */
  readonly remedy?: string
}

/** What a check looked at, in the order in which it did. */
export interface CheckResult {
  readonly findings: readonly CheckFinding[]
}

/** True when anything failed; warnings do not count. */
export function checkFailed(result: CheckResult): boolean {
  return result.findings.some((finding) => finding.status === 'failed')
}
