import { EclusaError } from '@eclusa/sdk'
import { readEarlierArtifacts } from '../artifact/earlier-artifacts.ts'
import type { EarlierResults } from '../artifact/earlier-artifacts.ts'
import type { RunStatus } from '../manifest/run-result.ts'
import { commandNames } from './command-name.ts'
import type { CommandSession } from './command-session.ts'
import type { NodeCommand } from './command-options.ts'
import { foundLine } from './found-line.ts'
import { runNodes } from './node-command.ts'
import { runRunOperation } from './run-operation-command.ts'
import type { LoadedProject } from '../load-project.ts'
import path from 'node:path'

const retried: readonly RunStatus[] = ['error', 'fail', 'skipped', 'runtime error', 'partial success']

/** Commands whose nodes can be run again. */
const retryable = new Set<string>(['build', 'clone', 'run', 'seed', 'snapshot', 'test'])

/**
 * `retry`: runs again what failed or was skipped in the run that run_results.json tells of, as it was run then: by the
 * same command with the same flags. Only `--vars` and `--threads` can be given anew.
 *
 * @throws RETRY_IMPOSSIBLE when there is no such run, or none that can be run again.
 */
export async function runRetry(session: CommandSession): Promise<number> {
  const state = session.settings.selection.state
  const folder = state === undefined ? session.targetFolder : path.resolve(session.settings.projectDirectory, state)
  const { results: previous } = await readEarlierArtifacts(folder)
  if (previous === undefined) {
    throw new EclusaError('RETRY_IMPOSSIBLE', {
      message: `Could not find previous run in '${folder}' target directory.`,
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
  return await runNodes({ command, session: again, profile, project, ids: new Set([...ids, ...tests]) })
}

/** `run-operation` is called again with its arguments of then, where it had failed. */
async function callAgain(session: CommandSession, { args, results }: EarlierResults): Promise<number> {
  if (!results.some(({ status }) => retried.includes(status))) {
    session.log.warn('Nothing to do. Try checking your model configs and model specification args')
    return 0
  }
  return await runRunOperation(session.withEarlierFlags('run-operation', args, [String(args['macro'])]))
}

/** A node that is published after its tests is built anew: also those must see it that had passed before. */
function decidesAbout({ nodes, graph }: LoadedProject, test: string, id: string): boolean {
  const isTest = nodes.get(test)?.resource_type === 'test'
  return isTest && nodes.get(id)?.config['publish'] === 'after_tests' && graph.parents(test).includes(id)
}

function commandOf({ args }: EarlierResults): NodeCommand & ('build' | 'clone' | 'run' | 'seed' | 'snapshot' | 'test') {
  const name = commandNames.get(String(args['which']))
  if (name === undefined || !retryable.has(name)) {
    throw new EclusaError('RETRY_IMPOSSIBLE', {
      message: `The last run was of ${String(args['which'])}, which cannot be retried.`,
    })
  }
  return name as ReturnType<typeof commandOf>
}
