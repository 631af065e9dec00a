import type { Comparison } from './comparison.ts'

const headings = [
  'measured',
  'ratio (min … max)',
  'goal',
  'k rows/s',
  'MB/s',
  'CPU us/row',
  'server us/row (: limit)',
  'peak RSS MB',
]

/** A Markdown table, for people and for docs/reference/benchmarks.md. */
export function reportTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map((comparison) => [
    comparison.name,
    `**${comparison.ratio.median.toFixed(2)}** (${comparison.ratio.min.toFixed(2)} … ${comparison.ratio.max.toFixed(2)})`,
    comparison.goal,
    (comparison.rowsPerSecond / 1000).toFixed(0),
    comparison.megabytesPerSecond.toFixed(0),
    comparison.cpuUsPerRow.toFixed(2),
    `${comparison.serverCpuUsPerRow.toFixed(2)} (${comparison.serverCpuRatio.toFixed(2)})`,
    comparison.peakRssMegabytes.toFixed(0),
  ])
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(headings), line(headings.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n')
}
