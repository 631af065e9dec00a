import type { NodeCommand } from './command-options.ts'
import type { CommandSession } from './command-session.ts'
import { entryGraph } from './entry-graph.ts'
import { typesOfCommand } from './resource-types.ts'
import type { EarlierArtifacts } from '../artifact/earlier-artifacts.ts'
import { readEarlierArtifacts } from '../artifact/earlier-artifacts.ts'
import type { LoadedProject } from '../load-project.ts'
import { selectEntries } from '../select/select-entries.ts'
import type { SelectEntriesOptions } from '../select/select-entries.ts'

/**
 * The unique ids that a command's selection names, of the kinds that the command works on.
 *
 * @throws SELECTION_INVALID; ARTIFACT_INVALID for a `--state` that cannot be read.
 */
export async function selectForCommand(
  command: NodeCommand,
  session: CommandSession,
  project: LoadedProject,
): Promise<ReadonlySet<string>> {
  const { selection } = session.settings
  const { state } = await session.readState()
  return selectEntries(project.manifest, entryGraph(project), {
    select: selection.select,
    exclude: selection.exclude,
    ...(selection.selector === undefined ? {} : { selector: selection.selector }),
    indirectSelection: selection.indirectSelection,
    resourceTypes: typesOfCommand(command, selection),
    includeEmpty: command === 'ls',
    selectors: project.selectors,
    ...(state === undefined ? {} : await materialOf(state, session)),
    warn: (message) => session.log.warn(message),
  })
}

async function materialOf(
  { manifest, results, freshness }: EarlierArtifacts,
  session: CommandSession,
): Promise<Pick<SelectEntriesOptions, 'previous' | 'previousResults' | 'previousFreshness' | 'currentFreshness'>> {
  const current = freshness === undefined ? undefined : (await readEarlierArtifacts(session.targetFolder)).freshness
  return {
    ...(manifest === undefined ? {} : { previous: manifest }),
    ...(results === undefined ? {} : { previousResults: results.results }),
    ...(freshness === undefined ? {} : { previousFreshness: freshness }),
    ...(current === undefined ? {} : { currentFreshness: current }),
  }
}
