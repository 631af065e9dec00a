import type { CheckFinding } from '@eclusa/sdk'
import type { Paint } from './terminal.ts'

/** One line per finding, with what mends it below. */
export function formatFindings(findings: readonly CheckFinding[], paint: Paint): string {
  const marks = { passed: paint('green', 'ok  '), warning: paint('yellow', 'warn'), failed: paint('red', 'fail') }
  return findings
    .flatMap(({ status, subject, message, remedy }) => [
      `${marks[status]}  ${paint('bold', subject)}: ${message}`,
      ...(remedy === undefined || status === 'passed' ? [] : remedy.split('\n').map((line) => `      ${line}`)),
    ])
    .join('\n')
}
