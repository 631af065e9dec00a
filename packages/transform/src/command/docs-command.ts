import path from 'node:path'
import type { CommandSession } from './command-session.ts'
import { foundLine } from './found-line.ts'
import { openProfileWarehouse } from './open-warehouse.ts'
import { selectForCommand } from './select-for-command.ts'
import { AdapterSession } from '../adapter/adapter-session.ts'
import { RelationCache } from '../adapter/relation-cache.ts'
import { readCatalog, writeCatalog } from '../artifact/catalog.ts'
import { RunScope } from '../compile/run-scope.ts'
import type { LoadedProject } from '../load-project.ts'
import { compileNodes } from '../run/compile-nodes.ts'

/** `docs generate`: compiles the project, and writes manifest.json and catalog.json for whoever shows them. */
export async function runDocsGenerate(session: CommandSession): Promise<number> {
  const { settings, host, log } = session
  const profile = await session.readProfile()
  const project = await session.loadProject(profile)
  log.info(foundLine(project.manifest))
  const ids = await selectForCommand('docs generate', session, project)
  await using warehouse = await openProfileWarehouse(profile, {
    directory: settings.projectDirectory,
    signal: host.signal,
  })
  if (settings.isOn('compile')) {
    let failures = 0
    const compiled = await compileNodes(project, {
      ids,
      warehouse,
      execution: { ...settings.execution, threads: profile.target.threads },
      signal: host.signal,
      onFailure: (_node, error) => {
        failures += 1
        log.error(error.message)
      },
    })
    await session.writeManifest(withNodes(project, compiled))
    if (failures > 0) {
      log.error('compile failed, cannot generate docs')
      return 1
    }
  } else {
    await session.writeManifest(project)
  }
  log.info('Building catalog')
  await using connection = await warehouse.connect()
  const execution = { ...settings.execution, threads: profile.target.threads }
  const run = new RunScope({ project, command: 'docs generate', execution, selected: ids, signal: host.signal })
  await using adapterSession = new AdapterSession({ connection, cache: new RelationCache(), signal: host.signal })
  const tables = settings.isOn('empty_catalog')
    ? []
    : await readCatalog(run.adapterFor(adapterSession), project.manifest)
  const file = await writeCatalog({
    invocationId: project.scope.invocationId,
    startedAt: session.startedAt,
    environment: host.environment,
    targetFolder: session.targetFolder,
    manifest: project.manifest,
    tables,
  })
  log.info(`Catalog written to ${path.resolve(file)}`)
  return 0
}

function withNodes(project: LoadedProject, compiled: ReadonlyMap<string, object>): LoadedProject {
  const { manifest } = project
  return {
    ...project,
    manifest: { ...manifest, nodes: { ...manifest.nodes, ...Object.fromEntries(compiled) } } as typeof manifest,
  }
}
