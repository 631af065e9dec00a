import { formatConfigIssue } from '@eclusa/sdk'
import type { ConfigIssue } from '@eclusa/sdk'
import type { TextPosition } from './config-text.ts'

export interface LocatedIssue extends ConfigIssue {
  /** Absent where the configuration is a program and has no positions. */
  readonly position?: TextPosition
}

export interface FaultReport {
  /** The file as the user knows it: `eclusa.yaml`. */
  readonly file: string
  /** Lines of the file; empty where issues have no position. */
  readonly lines: readonly string[]
  readonly issues: readonly LocatedIssue[]
}

/** Lists the faults of a configuration in the order of the file, each with its line and carets below what is wrong. */
export function formatFaults({ file, lines, issues }: FaultReport): string {
  const count = issues.length === 1 ? '1 fault' : `${issues.length} faults`
  const blocks = issues.toSorted(byPosition).map((issue) => formatFault(file, lines, issue))
  return `${file} has ${count}.\n\n${blocks.join('\n\n')}`
}

function byPosition({ position: left }: LocatedIssue, { position: right }: LocatedIssue): number {
  if (left === undefined || right === undefined) return 0
  return left.line - right.line || left.column - right.column
}

function formatFault(file: string, lines: readonly string[], issue: LocatedIssue): string {
  const { position } = issue
  if (position === undefined) return `${file}: ${formatConfigIssue(issue)}`
  const heading = `${file}:${position.line}:${position.column}: ${formatConfigIssue(issue)}`
  const line = lines[position.line - 1]
  if (line === undefined || line.trim() === '') return heading
  const number = String(position.line)
  const carets = `${' '.repeat(position.column - 1)}${'^'.repeat(position.length)}`
  return `${heading}\n${number} | ${withoutSecrets(line)}\n${' '.repeat(number.length)} | ${carets}`
}

const secretKeys =
  /((?:password|passphrase|secret|token|credentials?|(?:api|private|access)_?key)["']?\s*:\s*)(?!\s*\$\{)("[^"]*"?|'[^']*'?|[^,}#]*[^,}#\s])/giu
const urlPasswords = /(:\/\/[^/\s:@]*:)(?!\$\{)[^@\s]+@/gu

/**
 * A line that is shown because of a fault may hold a secret that somebody wrote down, also where the file is so
 * broken that nobody can tell keys from values. The stars keep the length, so that carets stay true.
 */
export function withoutSecrets(line: string): string {
  return line
    .replaceAll(secretKeys, (_, key: string, value: string) => `${key}${'*'.repeat(value.length)}`)
    .replaceAll(urlPasswords, (match: string, head: string) => `${head}${'*'.repeat(match.length - head.length - 1)}@`)
}
