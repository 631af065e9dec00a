import type { Warehouse } from '@eclusa/sdk'
import type { CommandSession } from './command-session.ts'
import { foundLine } from './found-line.ts'
import { withInlineNode } from './inline-node.ts'
import { openAtFirstStatement, openProfileWarehouse } from './open-warehouse.ts'
import { readDeferral } from './read-deferral.ts'
import { selectForCommand } from './select-for-command.ts'
import { silentWarehouse } from './silent-warehouse.ts'
import { writeResults } from './write-results.ts'
import type { NodeCommand } from './command-options.ts'
import { jsonText } from '../jinja/json-text.ts'
import type { LoadedProject } from '../load-project.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { RunResult } from '../manifest/run-result.ts'
import type { Profile } from '../project/profile.ts'
import { compileNodes } from '../run/compile-nodes.ts'
import type { CompileNodesOptions } from '../run/compile-nodes.ts'
import { fieldOf } from '../select/entry-fields.ts'

/**
 * `compile`: writes the SQL of what is selected; shows it where something was selected. Of a failure there are no
 * results, as in dbt, so that `retry` goes on with the run before.
 */
export async function runCompile(session: CommandSession): Promise<number> {
  return await compileAgain(session, await selectNodes('compile', session))
}

/** The same for nodes that are known. */
export async function compileAgain(session: CommandSession, selected: SelectedNodes): Promise<number> {
  const { log, settings } = session
  const startedAtMs = performance.now()
  const results: RunResult[] = []
  let failures = 0
  const nodes = await compileSelected(session, selected, {
    onResult: (result) => results.push(result),
    onFailure: (_node, error) => {
      failures += 1
      log.error(error.message)
    },
  })
  for (const node of nodes.values()) {
    if (!isAskedFor(node, selected, session)) continue
    const code = node.compiled_code ?? ''
    if (settings.text('output') === 'json') {
      log.print(jsonText({ ...(selected.isInline ? {} : { node: node.name }), compiled: code }, { indent: 2 }))
    } else if (settings.isOn('quiet')) {
      log.print(code)
    } else {
      log.info(selected.isInline ? `Compiled inline node is:\n${code}` : `Compiled node '${node.name}' is:\n${code}`)
    }
  }
  const compiled = Object.fromEntries(nodes)
  if (!selected.isInline) {
    const { manifest } = selected.project
    await session.writeManifest({
      ...selected.project,
      manifest: { ...manifest, nodes: { ...manifest.nodes, ...compiled } },
    })
  }
  if (failures > 0) return 2
  if (results.length === 0) log.warn('Nothing to do. Try checking your model configs and model specification args')
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000
  await writeResults(session, selected.project, { which: 'compile', results, elapsedSeconds })
  return 0
}

export interface SelectedNodes {
  readonly profile: Profile
  readonly project: LoadedProject
  readonly ids: ReadonlySet<string>
  readonly isInline: boolean
}

/** What `--select` names, or the one node that `--inline` is. */
export async function selectNodes(command: NodeCommand, session: CommandSession): Promise<SelectedNodes> {
  const profile = await session.readProfile()
  const project = await session.loadProject(profile)
  session.log.info(foundLine(project.manifest))
  const inline = session.settings.text('inline')
  if (inline !== undefined) {
    const added = withInlineNode(project, inline)
    return { profile, project: added.project, ids: new Set([added.id]), isInline: true }
  }
  return { profile, project, ids: await selectForCommand(command, session, project), isInline: false }
}

/** What cannot be compiled does not keep the rest from being compiled. */
async function compileSelected(
  session: CommandSession,
  { profile, project, ids }: SelectedNodes,
  listeners: Pick<CompileNodesOptions, 'onFailure' | 'onResult'>,
): Promise<ReadonlyMap<string, ManifestNode>> {
  const { settings, host } = session
  await using warehouse = await openForTemplates(session, profile)
  const deferral = await readDeferral(session, project)
  return await compileNodes(project, {
    ids,
    warehouse,
    execution: { ...settings.execution, threads: profile.target.threads },
    ...(deferral === undefined ? {} : { deferral }),
    injectsEphemeral: settings.flags['inject_ephemeral_ctes'] !== false,
    signal: host.signal,
    ...listeners,
  })
}

/** The warehouse that templates may ask while they are compiled, which `--no-introspect` forbids. */
export async function openForTemplates({ settings, host }: CommandSession, profile: Profile): Promise<Warehouse> {
  const { projectDirectory: directory } = settings
  if (!settings.isOn('introspect')) return silentWarehouse(profile)
  if (profile.type === 'snowflake') return openAtFirstStatement(profile, { directory, signal: host.signal })
  return await openProfileWarehouse(profile, { directory, signal: host.signal })
}

/** Whether the node is named by what was selected, rather than found by a tag or as a relative: dbt shows only these. */
export function isAskedFor(node: ManifestNode, { isInline }: SelectedNodes, { settings }: CommandSession): boolean {
  return isInline || settings.selection.select.some((term) => term.includes(node.name))
}

/** `orders`, and `orders.v2` of a version. */
export function shownName(node: ManifestNode): string {
  const version = fieldOf(node, 'version')
  return typeof version === 'string' || typeof version === 'number' ? `${node.name}.v${version}` : node.name
}
