import type { RunResult } from '@eclusa/pipeline'
import { formatBytes, formatCounted, formatDuration, formatRate } from './quantity.ts'
import type { Paint } from './terminal.ts'

const headings = {
  succeeded: ['green', 'succeeded'],
  partial: ['yellow', 'is incomplete'],
  failed: ['red', 'failed'],
  cancelled: ['yellow', 'was stopped'],
} as const

/** What a run came to, in a few lines. */
export function formatRunSummary(
  pipeline: string,
  { result, loadDurationMs }: { readonly result: RunResult; readonly loadDurationMs: number },
  paint: Paint,
): string {
  const [style, verb] = headings[result.status]
  const completed = result.streams.filter(({ status }) => status === 'completed').length
  const rate = formatRate(result, loadDurationMs)
  const isNothingNew = result.status === 'succeeded' && result.rows === 0
  const moved = [
    formatCounted(completed, 'stream'),
    ...(isNothingNew ? ['nothing new'] : [formatCounted(result.rows, 'row'), formatBytes(result.bytes)]),
    ...(rate === undefined ? [] : [formatDuration(loadDurationMs), rate]),
  ]
  return [
    `${paint(['bold', style], `Pipeline ${pipeline} ${verb}`)} after ${formatDuration(result.durationMs)}.`,
    `  ${moved.join(', ')}`,
    ...(result.unrepresentable === 0
      ? []
      : [`  ${formatCounted(result.unrepresentable, 'value')} did not fit; their exact text is in _airbyte_meta`]),
    ...result.warnings.map((warning) => `  ${paint('yellow', '!')} ${warningText(warning)}`),
    ...result.streamFailures.flatMap(({ stream, error }) => [
      `  ${paint('red', '✗')} ${stream}: ${error.code}: ${error.message}`,
      `    ${error.remedy}`,
    ]),
    ...result.steps.map((step) => `  ${stepMark(step.status, paint)} ${step.step}: ${step.summary}`),
    ...(result.status === 'cancelled' ? ['  What was committed stays; the next run goes on from there.'] : []),
  ].join('\n')
}

function warningText({ message, fields: { stream } }: RunResult['warnings'][number]): string {
  return typeof stream !== 'string' || message.includes(stream) ? message : `${stream}: ${message}`
}

function stepMark(status: 'succeeded' | 'warned' | 'failed', paint: Paint): string {
  if (status === 'failed') return paint('red', '✗')
  return status === 'warned' ? paint('yellow', '!') : paint('green', '✓')
}
