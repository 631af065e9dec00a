import path from 'node:path'
import type { NodeCommand } from './command-options.ts'
import type { CommandSession } from './command-session.ts'
import { foundLine } from './found-line.ts'
import { openProfileWarehouse } from './open-warehouse.ts'
import { readDeferral } from './read-deferral.ts'
import { RunReport } from './run-report.ts'
import type { RunOutcome } from './run-summary.ts'
import { selectForCommand } from './select-for-command.ts'
import { writeResults } from './write-results.ts'
import type { LoadedProject } from '../load-project.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { isEphemeral } from '../manifest/node.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { Profile } from '../project/profile.ts'
import { artifactPath } from '../compile/artifact-files.ts'
import { executeNodes } from '../run/execute-nodes.ts'
import { unitNode } from '../compile/compile-unit-test.ts'

/** What the commands do that run nodes at the warehouse. */
export function nodeCommand(command: NodeCommand): (session: CommandSession) => Promise<number> {
  return async (session) => {
    const profile = await session.readProfile()
    const project = await session.loadProject(profile)
    session.log.info(foundLine(project.manifest))
    const ids = await selectForCommand(command, session, project)
    return await runNodes({ command, session, profile, project, ids })
  }
}

export interface RunNodesOptions {
  readonly command: NodeCommand
  readonly session: CommandSession
  readonly profile: Profile
  readonly project: LoadedProject
  readonly ids: ReadonlySet<string>
}

/** Runs nodes, tells of them, and writes what dbt writes. @returns dbt's exit code. */
export async function runNodes(options: RunNodesOptions): Promise<number> {
  const { command, session, profile, project, ids } = options
  const { log, settings } = session
  const isRun = (id: string) => {
    const node = project.manifest.nodes[id]
    return node === undefined || !isEphemeral(node)
  }
  if (![...ids].some(isRun)) {
    log.warn('Nothing to do. Try checking your model configs and model specification args')
    await session.writeManifest(project)
    await writeResults(session, project, { which: command, results: [], elapsedSeconds: 0 })
    return 0
  }
  const report = new RunReport({
    log,
    database: profile.target.database,
    compiledPathOf: (id) => compiledPath(project, id),
  })
  report.begin(profile.target.threads, profile.targetName)
  await using warehouse = await openProfileWarehouse(profile, {
    directory: settings.projectDirectory,
    signal: session.host.signal,
  })
  const deferral = await readDeferral(session, project)
  await executeNodes(project, {
    ids,
    command,
    execution: { ...settings.execution, threads: profile.target.threads },
    warehouse,
    ...(deferral === undefined ? {} : { deferral }),
    signal: session.host.signal,
    emit: (event) => report.tell(event),
  }).catch(async (error: unknown) => {
    // Else `retry` would go by the run before this one, and find nothing to do.
    if (session.host.signal.aborted) {
      await writeArtifacts(options, report)
      report.endInterrupted()
    }
    throw error
  })
  await writeArtifacts(options, report)
  return report.end()
}

async function writeArtifacts({ command, session, project }: RunNodesOptions, report: RunReport): Promise<void> {
  await session.writeManifest({ ...project, manifest: withCompiled(project.manifest, report.outcomes) })
  const results = report.outcomes.map(({ result }) => result)
  await writeResults(session, project, { which: command, results, elapsedSeconds: report.seconds })
}

/** The manifest with what the run has compiled. */
function withCompiled(manifest: Manifest, outcomes: readonly RunOutcome[]): Manifest {
  const nodes = { ...manifest.nodes }
  for (const { entry, result } of outcomes) {
    const node = nodes[entry.unique_id]
    if (node === undefined || result.compiled !== true) continue
    nodes[entry.unique_id] = {
      ...node,
      compiled: true,
      compiled_code: result.compiled_code ?? '',
      compiled_path: 'compiled_path' in entry && typeof entry.compiled_path === 'string' ? entry.compiled_path : null,
      extra_ctes_injected: true,
      extra_ctes: [],
    }
  }
  return { ...manifest, nodes }
}

function compiledPath(project: LoadedProject, id: string): string | undefined {
  const node = compiledNode(project, id)
  if (node === undefined || node.resource_type === 'seed') return undefined
  return path.normalize(artifactPath(project, node, 'compiled'))
}

function compiledNode({ manifest }: LoadedProject, id: string): ManifestNode | undefined {
  const test = manifest.unit_tests[id]
  if (test === undefined) return manifest.nodes[id]
  const tested = manifest.nodes[test.depends_on.nodes[0] ?? '']
  return tested?.resource_type === 'model' ? unitNode(test, tested) : undefined
}
