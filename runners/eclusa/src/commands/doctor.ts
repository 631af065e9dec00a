import type { CheckFinding } from '@eclusa/sdk'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { readProject } from '../open-project.ts'
import { formatFindings } from '../output/findings.ts'
import type { RunCommand } from '../run-command.ts'

export function addDoctorCommand(program: Command, run: RunCommand): void {
  program
    .command('doctor')
    .description('Look at this machine and at the configuration: can everything run here?')
    .addHelpText('after', '\nExample:\n  eclusa doctor')
    .action(run(examine))
}

async function examine(context: CommandContext): Promise<Outcome> {
  const { examineMachine } = await import('../doctor.ts')
  const findings = [
    ...(await examineMachine(context.directory, context.interruption.stopSignal)),
    ...(await configFindings(context)),
  ]
  context.result({
    text: formatFindings(findings, context.terminal.paintResult),
    lines: findings.map((finding) => ({ type: 'finding', ...finding })),
  })
  return findings.some(({ status }) => status === 'failed') ? 'check_failed' : 'ok'
}

async function configFindings(context: CommandContext): Promise<CheckFinding[]> {
  const { findingOf } = await import('../doctor.ts')
  let variables: readonly string[] = []
  const finding = await findingOf('configuration', async () => {
    const loaded = await readProject(context, ['source', 'destination', 'steps'])
    variables = loaded.variables
    return `pipeline ${loaded.project.name}: ${loaded.project.source.connector} to ${loaded.project.destination.connector}`
  })
  if (finding.code === 'CONFIG_NOT_FOUND') return [{ ...finding, status: 'warning' }]
  if (variables.length === 0) return [finding]
  return [finding, { status: 'passed', subject: 'environment variables', message: `${variables.join(', ')} set` }]
}
