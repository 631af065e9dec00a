import { countOf } from './fancy-line.ts'
import type { Paint } from './fancy-line.ts'
import type { GraphEntry } from '../manifest/manifest.ts'
import type { RunResult } from '../manifest/run-result.ts'
import { isIdle } from '../run/run-entry.ts'

export type LineLevel = 'debug' | 'info' | 'warn' | 'error'

/** A line of output with its level; one without text is an empty line. */
export interface SummaryLine {
  readonly level: LineLevel
  readonly text: string
}

export interface RunOutcome {
  readonly entry: GraphEntry
  readonly result: RunResult
}

/** `Finished running 1 seed, 5 view models in 0 hours 0 minutes and 1.72 seconds (1.72s).` */
export function finishedLine(entries: readonly GraphEntry[], seconds: number): string {
  const counts = new Map<string, number>()
  for (const entry of entries) {
    const kind = summaryKind(entry)
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const kinds = [...counts.keys()].toSorted()
  const list = kinds.map((kind) => countOf(counts.get(kind)!, kind)).join(', ')
  const minutes = Math.floor(seconds / 60)
  const rest = (seconds - minutes * 60).toFixed(2)
  const duration = `${Math.floor(minutes / 60)} hours ${minutes % 60} minutes and ${rest} seconds`
  return `Finished running ${list} in ${duration} (${seconds.toFixed(2)}s).`
}

function summaryKind(entry: GraphEntry): string {
  if (entry.resource_type === 'operation') return 'project hook'
  if (entry.resource_type !== 'model' || !('config' in entry)) return entry.resource_type
  return `${String((entry.config as Readonly<Record<string, unknown>>)['materialized'])} model`
}

/** What failed and what warned, each with its reason and the compiled file, then the counts. */
export function endLines(outcomes: readonly RunOutcome[], paint: Paint): SummaryLine[] {
  const errors = outcomes.filter(({ entry, result }) => isError(entry, result))
  const warnings = outcomes.filter(({ result }) => result.status === 'warn')
  const partial = outcomes.filter(({ result }) => result.status === 'partial success')
  return [
    empty,
    completedLine({ errors: errors.length, warnings: warnings.length, partial: partial.length }, paint),
    ...errors.flatMap((outcome) => problemLines(outcome, 'error', paint)),
    ...warnings.flatMap((outcome) => problemLines(outcome, 'warn', paint)),
    empty,
    { level: 'info', text: countsLine(outcomes.map(({ result }) => result)) },
  ]
}

const empty: SummaryLine = { level: 'info', text: '' }

function isError(entry: GraphEntry, { status, message }: RunResult): boolean {
  if (status === 'skipped') return message !== null && message !== '' && !isIdle(entry)
  return status === 'error' || status === 'fail' || status === 'runtime error'
}

function completedLine(
  { errors, warnings, partial }: Readonly<Record<'errors' | 'warnings' | 'partial', number>>,
  paint: Paint,
): SummaryLine {
  const partialText = `${partial} partial ${partial === 1 ? 'success' : 'successes'}`
  const warningText = countOf(warnings, 'warning')
  if (errors > 0) {
    return info(paint('red', `Completed with ${countOf(errors, 'error')}, ${partialText}, and ${warningText}:`))
  }
  if (partial > 0) return info(paint('yellow', `Completed with ${partialText} and ${warningText}`))
  if (warnings > 0) return info(paint('yellow', `Completed with ${warningText}:`))
  return info(paint('green', 'Completed successfully'))
}

function problemLines({ entry, result }: RunOutcome, level: 'error' | 'warn', paint: Paint): SummaryLine[] {
  // Why something was skipped stands with what failed.
  if (result.status === 'skipped') return [{ level: 'debug', text: `  ${result.message ?? ''}` }]
  const what = `in ${entry.resource_type} ${entry.name} (${entry.original_file_path})`
  const title = level === 'error' ? paint('red', `Failure ${what}`) : paint('yellow', `Warning ${what}`)
  const lines: SummaryLine[] = [empty, { level, text: title }]
  if (result.message === null || result.message === '')
    lines.push({ level: 'error', text: `  Status: ${result.status}` })
  else lines.push({ level, text: level === 'error' ? `  ${result.message}` : result.message })
  const compiledPath = 'compiled_path' in entry ? entry.compiled_path : null
  if (typeof compiledPath === 'string') lines.push(empty, info(`  compiled code at ${compiledPath}`))
  if (storesFailures(entry) && result.relation_name !== null) {
    const statement = `select * from ${result.relation_name}`
    const border = '-'.repeat(statement.length)
    lines.push(empty, info(`  See test failures:\n  ${border}\n  ${statement}\n  ${border}`))
  }
  return lines
}

function storesFailures(entry: GraphEntry): boolean {
  return (
    entry.resource_type === 'test' &&
    'config' in entry &&
    Boolean((entry.config as Readonly<Record<string, unknown>>)['store_failures'])
  )
}

function info(text: string): SummaryLine {
  return { level: 'info', text }
}

/** `Done. PASS=5 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=5` */
export function countsLine(results: readonly RunResult[]): string {
  const count = (...statuses: readonly RunResult['status'][]) =>
    results.filter(({ status }) => statuses.includes(status)).length
  const pass = count('success', 'pass')
  const error = count('error', 'fail', 'partial success', 'runtime error')
  const counts = [pass, count('warn'), error, count('skipped'), count('no-op'), results.length]
  const labels = ['PASS', 'WARN', 'ERROR', 'SKIP', 'NO-OP', 'TOTAL']
  return `Done. ${labels.map((label, index) => `${label}=${counts[index]}`).join(' ')}`
}

/** dbt's verdict: 1 as soon as anything failed or was skipped for it. */
export function exitCodeOf(outcomes: readonly RunOutcome[]): 0 | 1 {
  const isBad = ({ entry, result: { status } }: RunOutcome) =>
    ['error', 'fail', 'runtime error', 'partial success'].includes(status) || (status === 'skipped' && !isIdle(entry))
  return outcomes.some(isBad) ? 1 : 0
}
