import { EclusaError } from '@eclusa/sdk'
import type { CommandSession } from './command-session.ts'
import type { LoadedProject } from '../load-project.ts'
import { deferralOf } from '../select/defer.ts'
import type { Deferral } from '../compile/run-scope.ts'

/**
 * What `--defer` reads elsewhere; undefined without it.
 *
 * @throws COMMAND_INVALID when no manifest is given to defer to; ARTIFACT_INVALID when there is none in that folder.
 */
export async function readDeferral(session: CommandSession, project: LoadedProject): Promise<Deferral | undefined> {
  const { defer, favorState } = session.settings.selection
  // A clone is of what another target has: it needs that target's manifest whether it defers or not.
  if (!defer && session.settings.command !== 'clone') return undefined
  const { state, deferState } = await session.readState()
  if (state === undefined && deferState === undefined) {
    throw new EclusaError('COMMAND_INVALID', {
      message: '--state or --defer-state are required for deferral, but neither was provided.',
      remedy: 'Name the folder of the manifest to defer to with --state.',
    })
  }
  const { manifest } = deferState ?? state!
  if (manifest === undefined) {
    const flag = deferState === undefined ? '--state' : '--defer-state'
    const { selection } = session.settings
    throw new EclusaError('ARTIFACT_INVALID', {
      message: `Could not find manifest in ${flag} path: "${selection.deferState ?? selection.state}".`,
      remedy: 'Name the folder with the manifest.json of an earlier run: usually a copy of its target folder.',
    })
  }
  return { relations: deferralOf(project.manifest, manifest), favorState }
}
