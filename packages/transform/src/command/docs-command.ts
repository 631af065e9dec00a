import { cp, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import type { CommandSession } from './command-session.ts'
import { foundLine } from './found-line.ts'
import { openProfileWarehouse } from './open-warehouse.ts'
import { selectForCommand } from './select-for-command.ts'
import { writeResults } from './write-results.ts'
import { AdapterSession } from '../adapter/adapter-session.ts'
import { RelationCache } from '../adapter/relation-cache.ts'
import { catalogOf, readCatalog, writeCatalog } from '../artifact/catalog.ts'
import type { Catalog } from '../artifact/catalog.ts'
import { readTableSizes, withSizes } from '../artifact/table-sizes.ts'
import { RunScope } from '../compile/run-scope.ts'
import type { LoadedProject } from '../load-project.ts'
import type { RunResult } from '../manifest/run-result.ts'
import type { Profile } from '../project/profile.ts'
import { compileNodes } from '../run/compile-nodes.ts'
import { readLastResults } from '../site/read-target.ts'
import { writeSite } from '../site/write-site.ts'

type Warehouse = Awaited<ReturnType<typeof openProfileWarehouse>>

/** `docs generate`: compiles the project, and writes manifest.json, catalog.json and the site that shows them. */
export async function runDocsGenerate(session: CommandSession): Promise<number> {
  const { settings, host, log } = session
  const profile = await session.readProfile()
  const project = await session.loadProject(profile)
  log.info(foundLine(project.manifest))
  const selected = await selectForCommand('docs generate', session, project)
  await using warehouse = await openProfileWarehouse(profile, {
    directory: settings.projectDirectory,
    signal: host.signal,
  })
  const lastResults = await readLastResults(session.targetFolder)
  const compiled = settings.isOn('compile')
    ? await compileSelected(session, project, { profile, warehouse, selected })
    : project
  if (compiled === undefined) {
    log.error('compile failed, cannot generate docs')
    return 2
  }
  log.info('Building catalog')
  const catalog = await writeCatalogOf(session, compiled, { profile, warehouse, selected })
  const readme = await readReadme(project.directory)
  const site = await writeSite({
    targetFolder: session.targetFolder,
    manifest: compiled.manifest,
    catalog,
    ...lastResults,
    ...(readme === undefined ? {} : { readme }),
    isStatic: settings.isOn('static'),
  })
  await copyAssets(session)
  log.info(`Site written to ${site}`)
  return 0
}

interface SelectedNodes {
  readonly profile: Profile
  readonly warehouse: Warehouse
  readonly selected: ReadonlySet<string>
}

/** The project with the SQL of what is selected, with manifest.json and run_results.json; undefined when something failed. */
async function compileSelected(
  session: CommandSession,
  project: LoadedProject,
  { profile, warehouse, selected }: SelectedNodes,
): Promise<LoadedProject | undefined> {
  const startedAtMs = performance.now()
  const results: RunResult[] = []
  let failures = 0
  const compiled = await compileNodes(project, {
    ids: new Set([...selected].filter((id) => id in project.manifest.nodes)),
    warehouse,
    execution: { ...session.settings.execution, threads: profile.target.threads },
    signal: session.host.signal,
    onResult: (result) => results.push(result),
    onFailure: (_node, error) => {
      failures += 1
      session.log.error(error.message)
    },
  })
  const whole = withNodes(project, compiled)
  await session.writeManifest(whole)
  if (failures > 0) return undefined
  const elapsedSeconds = (performance.now() - startedAtMs) / 1000
  await writeResults(session, whole, { which: 'generate', results, elapsedSeconds })
  return whole
}

function withNodes(project: LoadedProject, compiled: ReadonlyMap<string, object>): LoadedProject {
  const { manifest } = project
  return {
    ...project,
    manifest: { ...manifest, nodes: { ...manifest.nodes, ...Object.fromEntries(compiled) } } as typeof manifest,
  }
}

/** Writes catalog.json, and returns it with the sizes that the site shows besides. */
async function writeCatalogOf(
  session: CommandSession,
  project: LoadedProject,
  { profile, warehouse, selected }: SelectedNodes,
): Promise<Catalog> {
  const { settings, host } = session
  const { manifest } = project
  const { signal } = host
  await using connection = await warehouse.connect()
  const execution = { ...settings.execution, threads: profile.target.threads }
  const run = new RunScope({ project, command: 'docs generate', execution, selected, signal })
  await using adapterSession = new AdapterSession({ connection, cache: new RelationCache(), signal })
  const isEmpty = settings.isOn('empty_catalog')
  const tables = isEmpty ? [] : await readCatalog(run.adapterFor(adapterSession), manifest)
  const { select, exclude, selector } = settings.selection
  const isChosen = select.length > 0 || exclude.length > 0 || selector !== undefined
  const catalog = catalogOf(manifest, tables, isChosen ? selected : undefined)
  const file = await writeCatalog({
    invocationId: project.scope.invocationId,
    startedAt: session.startedAt,
    environment: host.environment,
    targetFolder: session.targetFolder,
    catalog,
  })
  session.log.info(`Catalog written to ${path.resolve(file)}`)
  return isEmpty ? catalog : withSizes(catalog, await readTableSizes(connection, profile.target, signal))
}

async function readReadme(directory: string): Promise<string | undefined> {
  try {
    return await readFile(path.join(directory, 'README.md'), 'utf8')
  } catch {
    return undefined
  }
}

/** Pictures that descriptions show: the folders of `asset-paths` stand beside the site, as dbt puts them. */
async function copyAssets({ root, targetFolder }: CommandSession): Promise<void> {
  for (const folder of root.file['asset-paths']) {
    const target = path.resolve(targetFolder, folder)
    // What is outside of the project would be outside of the target too.
    if (path.relative(targetFolder, target).startsWith('..')) continue
    await rm(target, { recursive: true, force: true })
    await cp(path.resolve(root.directory, folder), target, { recursive: true, force: true }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    })
  }
}
