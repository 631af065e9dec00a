import { checkFailed } from '@eclusa/sdk'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { openProject } from '../open-project.ts'
import { formatFindings } from '../output/findings.ts'
import type { RunCommand } from '../run-command.ts'

export function addCheckCommand(program: Command, run: RunCommand): void {
  program
    .command('check')
    .description('Look at both ends and at the choice of streams; change nothing.')
    .addHelpText(
      'after',
      '\nExamples:\n  eclusa check\n  eclusa check --log-format json | jq -r "select(.status == \\"failed\\").remedy"',
    )
    .action(run(checkProject))
}

async function checkProject(context: CommandContext): Promise<Outcome> {
  await using project = await openProject(context)
  const result = await project.pipeline.check({ signal: context.interruption.stopSignal })
  context.result({
    text: formatFindings(result.findings, context.terminal.paintResult),
    lines: result.findings.map((finding) => ({ type: 'finding', ...finding })),
  })
  return checkFailed(result) ? 'check_failed' : 'ok'
}
