import type { RunStore, RunSummary } from '@eclusa/pipeline'
import { EclusaError, streamKey } from '@eclusa/sdk'
import type { RunEvent } from '@eclusa/sdk'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { readProject } from '../open-project.ts'
import { formatBytes, formatCount, formatCounted, formatDuration, formatRate } from '../output/quantity.ts'
import { formatTable } from '../output/table.ts'
import { parseCount } from '../parse-count.ts'
import type { RunCommand } from '../run-command.ts'

interface RunsOptions {
  readonly limit: number
}

export function addRunsCommand(program: Command, run: RunCommand): void {
  program
    .command('runs')
    .description('Show the history of runs, or one run in detail.')
    .argument('[run]', 'the run to show: the beginning of its id will do')
    .option('-n, --limit <count>', 'how many runs', parseCount, 20)
    .addHelpText('after', '\nExamples:\n  eclusa runs\n  eclusa runs 3f2a --log-format json')
    .action(run(async (context, id: string | undefined, options: RunsOptions) => await showRuns(context, id, options)))
}

async function showRuns(context: CommandContext, id: string | undefined, { limit }: RunsOptions): Promise<Outcome> {
  const loaded = await readProject(context, [])
  const { openHistory } = await import('../composition.ts')
  const history = openHistory(loaded)
  if (id !== undefined) return await showRun(context, history, id)
  const runs = await history.list({ pipeline: loaded.project.name, limit })
  if (runs.length === 0) context.note('There is no run yet: start one with `eclusa run`.')
  context.result({
    text: runs.length === 0 ? '' : runsTable(runs),
    lines: runs.map((summary) => ({ type: 'run', ...summary })),
  })
  return 'ok'
}

function runsTable(runs: readonly RunSummary[]): string {
  return formatTable(
    [
      { name: 'run' },
      { name: 'started (UTC)' },
      { name: 'status' },
      { name: 'rows', align: 'right' },
      { name: 'size', align: 'right' },
      { name: 'took', align: 'right' },
      { name: 'failure' },
    ],
    runs.map((run) => [
      run.runId.slice(0, 8),
      run.startedAt.replace('T', ' ').slice(0, 19),
      run.status,
      formatCount(run.rows),
      formatBytes(run.bytes),
      formatDuration(run.durationMs),
      run.failure?.code ?? '',
    ]),
  )
}

async function showRun(context: CommandContext, history: RunStore, id: string): Promise<Outcome> {
  const runs = (await history.list({ limit: Number.MAX_SAFE_INTEGER })).filter(({ runId }) => runId.startsWith(id))
  if (runs.length !== 1) {
    const message = runs.length === 0 ? `There is no run "${id}".` : `"${id}" begins the id of ${runs.length} runs.`
    throw new EclusaError('RUN_NOT_FOUND', { message, remedy: 'List the runs with `eclusa runs`.' })
  }
  const events = await history.events(runs[0]!.runId)
  context.result({ text: formatRun(runs[0]!, events), lines: events })
  return 'ok'
}

function formatRun(run: RunSummary, events: readonly RunEvent[]): string {
  const streams = events.filter((event) => event.type === 'stream_completed')
  const steps = events.filter((event) => event.type === 'step_completed')
  const remarks = events.filter((event) => event.type === 'log')
  return [
    `Run ${run.runId} of ${run.pipeline}: ${run.status}`,
    `  started ${run.startedAt}, took ${formatDuration(run.durationMs)}`,
    `  ${formatCounted(run.rows, 'row')}, ${formatBytes(run.bytes)}`,
    ...(run.unrepresentable === 0
      ? []
      : [`  ${formatCounted(run.unrepresentable, 'value')} did not fit; their exact text is in _airbyte_meta`]),
    ...(run.failure === undefined ? [] : [`  ${run.failure.code}: ${run.failure.message}`]),
    '',
    formatTable(
      [
        { name: 'stream' },
        { name: 'rows', align: 'right' },
        { name: 'took', align: 'right' },
        { name: 'rate', align: 'right' },
      ],
      streams.map((event) => [
        streamKey(event.stream),
        formatCount(event.rows),
        formatDuration(event.durationMs),
        formatRate(event, event.durationMs) ?? '',
      ]),
    ),
    ...steps.map((event) => `${event.step}: ${event.status}, ${event.summary}, ${formatDuration(event.durationMs)}`),
    ...remarks.map((event) => `${event.level}: ${event.message}`),
  ].join('\n')
}
