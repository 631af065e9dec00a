import type { PipelineStatus } from '@eclusa/pipeline'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { openLoaded, readProject } from '../open-project.ts'
import { formatStatus, statusDocument } from '../output/status-view.ts'
import type { RunCommand } from '../run-command.ts'
import type { FollowStatus } from '../socket/socket-message.ts'
import { findHolder } from '../warehouse-holder.ts'

interface StatusOptions {
  readonly json?: true
}

export function addStatusCommand(program: Command, run: RunCommand): void {
  program
    .command('status')
    .description('Show how the pipeline stands: who follows it, position, lag, what the server keeps, every stream.')
    .option('--json', 'as one JSON document')
    .addHelpText('after', '\nExamples:\n  eclusa status\n  eclusa status --json | jq .lag\n  watch eclusa status')
    .action(run(async (context, options: StatusOptions) => await showStatus(context, options)))
}

async function showStatus(context: CommandContext, { json }: StatusOptions): Promise<Outcome> {
  const loaded = await readProject(context, ['source', 'destination'])
  const { name } = loaded.project
  const signal = context.interruption.stopSignal
  const held = await (await findHolder(context, loaded.project))?.status(name, signal)
  await using opened = await openLoaded(context, { ...loaded, project: { ...loaded.project, steps: [] } })
  const status = await opened.pipeline.status({ signal, ...(held === undefined ? {} : { stored: held.stored }) })
  // Another pipeline may hold the same file.
  const follow = held?.follow.pipeline === name ? held.follow : undefined
  tell(context, { status, follow }, json === true)
  return status.sourceError === undefined ? 'ok' : 'failure'
}

interface Told {
  readonly status: PipelineStatus
  readonly follow: FollowStatus | undefined
}

function tell(context: CommandContext, { status, follow }: Told, json: boolean): void {
  const nowMs = Date.now()
  const document = statusDocument({ status, follow, nowMs })
  if (json && !context.isJson) context.data(context.redact(JSON.stringify(document, null, 2)))
  else {
    context.result({
      text: formatStatus({ status, follow, nowMs }, context.terminal.paintResult),
      lines: [{ type: 'status', ...document }],
    })
  }
  if (status.sourceError !== undefined && !json && !context.isJson) context.fail(status.sourceError)
}
