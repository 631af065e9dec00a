import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { openProject } from '../open-project.ts'
import type { RunCommand } from '../run-command.ts'
import { reportRun, watchRun } from './run.ts'

interface BackfillOptions {
  readonly now?: true
}

export function addBackfillCommand(program: Command, run: RunCommand): void {
  program
    .command('backfill')
    .description('Fill columns of a replicated stream in all its rows in the next run, without copying it anew.')
    .argument('<stream>', 'the stream, by its name')
    .argument('<column...>', 'columns that the table got when it had rows already')
    .option('--now', 'run at once')
    .addHelpText(
      'after',
      '\nExamples:\n  eclusa backfill sales.orders vat\n  eclusa backfill sales.orders vat discount --now',
    )
    .action(
      run(
        async (context, stream: string, columns: string[], options: BackfillOptions) =>
          await backfill(context, { stream, columns, isNow: options.now === true }),
      ),
    )
}

async function backfill(
  context: CommandContext,
  { stream, columns, isNow }: { readonly stream: string; readonly columns: readonly string[]; readonly isNow: boolean },
): Promise<Outcome> {
  await using opened = await openProject(context)
  const { pipeline } = opened
  await pipeline.backfill(stream, columns, { signal: context.interruption.stopSignal })
  const names = columns.map((column) => `"${column}"`).join(', ')
  const next = isNow ? 'now' : 'by the next run'
  const text = `In all rows of ${stream}, ${names} will be filled ${next}.`
  context.result({ text, lines: [{ type: 'backfill', stream, columns }] })
  if (!isNow) return 'ok'
  const run = pipeline.run({ signal: context.interruption.abortSignal })
  return reportRun(context, pipeline.name, await watchRun(context, run))
}
