/* Prints the closing line of a CI run from the test runner's own report: `N passed, N failed, N skipped`. */
import { readFile } from 'node:fs/promises'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

const report = JSON.parse(await readFile('.vitest-report.json', 'utf8')) as Report
// A file that could not even be loaded has no assertion to count as failed.
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
)
const failed = report.numFailedTests + brokenFiles.length
console.log(`${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests} skipped`)
