import { EclusaError } from '@eclusa/sdk'
import { readEarlierArtifacts } from '../artifact/earlier-artifacts.ts'
import type { EarlierResults } from '../artifact/earlier-artifacts.ts'
import type { RunStatus } from '../manifest/run-result.ts'
import { commandNames } from './command-name.ts'
import type { CommandName } from './command-name.ts'
import type { CommandSession } from './command-session.ts'
import { compileAgain } from './compile-command.ts'
import type { NodeCommand } from './command-options.ts'
import { foundLine } from './found-line.ts'
import { runNodes } from './node-command.ts'
import { runRunOperation } from './run-operation-command.ts'
import type { LoadedProject } from '../load-project.ts'
import path from 'node:path'

const retried: readonly RunStatus[] = ['error', 'fail', 'skipped', 'runtime error', 'partial success']

/** Commands whose nodes can be run again; a `compile` that left results has none that failed. */
const retryable = new Set<string>(['build', 'clone', 'compile', 'run', 'seed', 'snapshot', 'test'])

/**
 * `retry`: runs again what failed or was skipped in the run that run_results.json tells of, which is the last command
 * that wrote one, as it was run then: by the same command with the same flags. Only `--vars` and `--threads` can be given anew.
 *
 * @throws RETRY_IMPOSSIBLE when there is no such run, or none that can be run again.
 */
export async function runRetry(session: CommandSession): Promise<number> {
  const state = session.settings.selection.state
  const folder = state === undefined ? session.targetFolder : path.resolve(session.settings.projectDirectory, state)
  const { results: previous } = await readEarlierArtifacts(folder)
  if (previous === undefined || previous.results.length === 0) {
    const reason = previous === undefined ? '' : ` The last command, ${shownCommand(previous)}, found nothing to do.`
    throw new EclusaError('RETRY_IMPOSSIBLE', {
      message: `Could not find previous run in '${folder}' target directory.${reason}`,
    })
  }
  if (previous.args['which'] === 'run-operation') return await callAgain(session, previous)
  const command = commandOf(previous)
  const again = session.withEarlierFlags(command, previous.args)
  const profile = await again.readProfile()
  const project = await again.loadProject(profile)
  again.log.info(foundLine(project.manifest))
  const ids = previous.results
    .filter(({ status, unique_id: id }) => retried.includes(status) && !id.startsWith('operation.'))
    .map(({ unique_id: id }) => id)
    .filter((id) => id in project.manifest.nodes || id in project.manifest.unit_tests)
  const tests = previous.results
    .map(({ unique_id: id }) => id)
    .filter((id) => ids.some((retriedId) => decidesAbout(project, id, retriedId)))
  const selected = new Set([...ids, ...tests])
  return command === 'compile'
    ? await compileAgain(again, { profile, project, ids: selected, isInline: false })
    : await runNodes({ command, session: again, profile, project, ids: selected })
}

/** As in dbt, a macro is called again with its arguments of then also where it had succeeded. */
async function callAgain(session: CommandSession, { args }: EarlierResults): Promise<number> {
  return await runRunOperation(session.withEarlierFlags('run-operation', args, [String(args['macro'])]))
}

/** A node that is published after its tests is built anew: also those must see it that had passed before. */
function decidesAbout({ nodes, graph }: LoadedProject, test: string, id: string): boolean {
  const isTest = nodes.get(test)?.resource_type === 'test'
  return isTest && nodes.get(id)?.config['publish'] === 'after_tests' && graph.parents(test).includes(id)
}

type Retryable = NodeCommand & CommandName

function commandOf(previous: EarlierResults): Retryable {
  const { args } = previous
  const name = commandNames.get(String(args['which']))
  if (name === undefined || !retryable.has(name)) {
    throw new EclusaError('RETRY_IMPOSSIBLE', {
      message: `The last run was of ${shownCommand(previous)}, which cannot be retried.`,
    })
  }
  return name as Retryable
}

/** As it is typed: dbt writes `docs generate` as `generate`. */
function shownCommand({ args }: EarlierResults): string {
  const which = String(args['which'])
  return which === 'generate' ? 'docs generate' : which
}
