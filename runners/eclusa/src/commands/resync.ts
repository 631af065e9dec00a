import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { openProject } from '../open-project.ts'
import { formatCounted } from '../output/quantity.ts'
import type { RunCommand } from '../run-command.ts'
import { reportRun, watchRun } from './run.ts'

interface ResyncOptions {
  readonly now?: true
}

export function addResyncCommand(program: Command, run: RunCommand): void {
  program
    .command('resync')
    .description('Copy streams anew in the next run, in place of reading on; all others keep their place.')
    .argument(
      '[stream...]',
      'names or patterns; default: all that are replicated, and with them the position in the log',
    )
    .option('--now', 'run at once')
    .addHelpText('after', '\nExamples:\n  eclusa resync sales.orders\n  eclusa resync --now')
    .action(run(async (context, streams: string[], options: ResyncOptions) => await resync(context, streams, options)))
}

async function resync(context: CommandContext, streams: string[], { now }: ResyncOptions): Promise<Outcome> {
  await using opened = await openProject(context)
  const { pipeline } = opened
  const signal = context.interruption.stopSignal
  const marked = await pipeline.resync({ signal, ...(streams.length === 0 ? {} : { streams }) })
  context.result({ text: markedText(marked, now === true), lines: [{ type: 'resync', streams: marked }] })
  if (now !== true) return 'ok'
  const run = pipeline.run({ signal: context.interruption.abortSignal })
  return reportRun(context, pipeline.name, await watchRun(context, run))
}

function markedText(marked: readonly string[], isNow: boolean): string {
  if (marked.length === 0) return 'No replicated stream has been read yet: the next run copies all of them.'
  const next = isNow ? 'now' : 'by the next run'
  return [
    `${formatCounted(marked.length, 'stream')} will be copied anew ${next}:`,
    ...marked.map((key) => `  ${key}`),
  ].join('\n')
}
