import type { PipelinePlan } from '@eclusa/pipeline'
import { streamKey } from '@eclusa/sdk'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { openProject } from '../open-project.ts'
import { formatBytes, formatCount, formatCounted } from '../output/quantity.ts'
import { formatTable } from '../output/table.ts'
import type { Paint } from '../output/terminal.ts'
import type { RunCommand } from '../run-command.ts'

export function addPlanCommand(program: Command, run: RunCommand): void {
  program
    .command('plan')
    .description('Show what a run would do: streams, estimates, statements, steps. Changes nothing.')
    .addHelpText(
      'after',
      '\nExamples:\n  eclusa plan\n  eclusa plan --log-format json | jq -r "select(.type == \\"statement\\").sql"',
    )
    .action(run(planProject))
}

async function planProject(context: CommandContext): Promise<Outcome> {
  await using project = await openProject(context)
  const plan = await project.pipeline.plan({ signal: context.interruption.stopSignal })
  context.result({
    text: formatPlan(plan, context.terminal.paintResult),
    lines: [
      ...plan.catalog.streams.map((stream) => ({ type: 'stream', ...stream })),
      ...plan.statements.map((statement) => ({ type: 'statement', ...statement })),
      ...plan.steps.map((step) => ({ type: 'step', step })),
    ],
  })
  return 'ok'
}

function formatPlan({ catalog, statements, steps }: PipelinePlan, paint: Paint): string {
  const streams = formatTable(
    [
      { name: 'stream' },
      { name: 'to' },
      { name: 'read' },
      { name: 'write' },
      { name: 'rows, about', align: 'right' },
      { name: 'size, about', align: 'right' },
    ],
    catalog.streams.map((stream) => [
      streamKey(stream.stream),
      streamKey(stream.target),
      stream.cursorColumn === undefined ? stream.syncMode : `${stream.syncMode} by ${stream.cursorColumn}`,
      stream.destinationSyncMode,
      stream.rowsEstimated === undefined ? '' : formatCount(stream.rowsEstimated),
      stream.bytesEstimated === undefined ? '' : formatBytes(stream.bytesEstimated),
    ]),
  )
  const ddl = statements.map(
    ({ stream, sql, reason }) => `-- ${streamKey(stream)}: ${reason}\n${sql.replace(/;?\s*$/u, ';')}`,
  )
  return [
    paint('bold', formatCounted(catalog.streams.length, 'stream')),
    streams,
    '',
    paint(
      'bold',
      statements.length === 0
        ? 'No statements: every table is as it should be'
        : formatCounted(statements.length, 'statement'),
    ),
    ...ddl,
    '',
    paint('bold', steps.length === 0 ? 'No steps' : `${formatCounted(steps.length, 'step')}: ${steps.join(', ')}`),
  ].join('\n')
}
