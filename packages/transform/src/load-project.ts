import { createHash, randomUUID } from 'node:crypto'
import type { Log } from '@eclusa/sdk'
import { dialectOf } from '@eclusa/warehouse'
import type { Dialect } from '@eclusa/warehouse'
import { yamlContext } from './context/base-names.ts'
import { createProjectEnvironment } from './context/macro-library.ts'
import type { ProjectScope, Target } from './context/scope.ts'
import type { Environment } from './jinja/environment.ts'
import { Graph } from './manifest/graph.ts'
import type { Manifest } from './manifest/manifest.ts'
import { groupMap, relationMaps } from './manifest/manifest-maps.ts'
import type { ProjectNode } from './manifest/node.ts'
import { ParseSession } from './parse/parse-session.ts'
import { parseProject } from './parse/project-parser.ts'
import type { ParsedProject } from './parse/project-parser.ts'
import { readMacros } from './parse/read-macros.ts'
import { TemplateStore } from './parse/template-store.ts'
import { readInstalledPackages, readRootProject } from './project/package-project.ts'
import type { PackageProject } from './project/package-project.ts'
import { readProfile, readProfileName } from './project/profile.ts'
import type { Profile } from './project/profile.ts'
import { readProjectSettings } from './project/project-settings.ts'
import type { ProjectSettings } from './project/project-settings.ts'
import { readSelectors } from './project/selectors-file.ts'
import type { WrittenSelector } from './project/selectors-file.ts'

export interface LoadProjectOptions {
  /** Folder with dbt_project.yml. */
  readonly directory: string
  /** Where models go. Default: what profiles.yml says. */
  readonly target?: Target
  /** Default: that of the target's type. */
  readonly dialect?: Dialect
  /** Folder with profiles.yml. Default: DBT_PROFILES_DIR, then the working directory, then ~/.dbt. */
  readonly profilesDirectory?: string
  /** Goes before the `profile` of dbt_project.yml. */
  readonly profile?: string
  /** The output of the profile. Default: the profile's own `target`. */
  readonly targetName?: string
  /** Go before the project's own `vars`. */
  readonly vars?: Readonly<Record<string, unknown>>
  /** What `env_var` sees. Default: the process's environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Folder for artifacts, within the directory or absolute. Default: `target-path` of dbt_project.yml. */
  readonly targetPath?: string
  /** What artifacts and templates call the run. Default: a new UUID. */
  readonly invocationId?: string
  readonly log: Log
}

/** A loaded project: every node parsed, its references resolved. Immutable; any number of runs may share it. */
export interface LoadedProject {
  readonly name: string
  readonly directory: string
  readonly targetPath: string
  /** As manifest.json holds it. */
  readonly manifest: Manifest
  /** Enabled nodes and sources by unique id. */
  readonly nodes: ReadonlyMap<string, ProjectNode>
  readonly templates: TemplateStore
  readonly graph: Graph
  readonly scope: ProjectScope
  readonly environment: Environment
  readonly settings: ProjectSettings
  /** The output of profiles.yml that was read; undefined where the target was given. */
  readonly profile: Profile | undefined
  /** selectors.yml, by name, as written. */
  readonly selectors: ReadonlyMap<string, WrittenSelector>
  /** The scope for nodes of a package, with the vars that it sees. */
  scopeOf(packageName: string): ProjectScope
}

/**
 * Reads and parses a dbt project: no query is sent and nothing is written.
 *
 * @throws PROJECT_INVALID with every fault found in its files, with file, line and column.
 * @throws MODEL_CYCLE when models depend on each other in a circle.
 */
export async function loadProject(options: LoadProjectOptions): Promise<LoadedProject> {
  const environment = createProjectEnvironment()
  const { profile, root, packages, target } = await readProjects(options, environment)
  const variables = options.environment ?? process.env
  const dialect = options.dialect ?? dialectOf({ type: target.type })
  const macros = await readMacros({ environment, root, packages, adapterType: target.type })
  const settings = readProjectSettings(root, packages, target)
  const scope: ProjectScope = {
    projectName: root.name,
    target,
    dialect,
    vars: {},
    environment: variables,
    macros,
    log: options.log,
    quoting: settings.quoting,
    directory: options.directory,
    projectVersion: versionOf(root),
    dependencies: packages.map((found) => ({ name: found.name, version: versionOf(found) })),
    flags: upperCased(settings.flags),
    invocationId: options.invocationId ?? randomUUID(),
    runStartedAt: new Date().toISOString(),
  }
  const templates = new TemplateStore(environment)
  const session = new ParseSession({ environment, scope, templates, root, packages, vars: options.vars ?? {} })
  const parsed = await parseProject(session)
  const nodes = enabledNodes(parsed)
  return {
    name: root.name,
    directory: options.directory,
    targetPath: options.targetPath ?? root.file['target-path'],
    manifest: manifestOf(parsed, session.scopeOf(root.name), settings),
    nodes,
    templates,
    graph: new Graph(nodes),
    scope: session.scopeOf(root.name),
    environment,
    settings,
    profile,
    selectors: await readSelectors(root, { context: yamlContext(session.scopeOf(root.name)) }),
    scopeOf: (packageName) => session.scopeOf(packageName),
  }
}

function versionOf({ file: { version } }: PackageProject): string | null {
  return version == null ? null : String(version)
}

/** dbt_project.yml may ask for the target, and the profile is named in it: it is read once without the former. */
async function readProjects(options: LoadProjectOptions, environment: Environment) {
  const given = { vars: options.vars ?? {}, environment: options.environment ?? process.env }
  const profile = options.target === undefined ? await readProfileOf(options, environment) : undefined
  const target = options.target ?? profile!.target
  const reading = { context: yamlContext({ ...given, target }) }
  const root = await readRootProject(options.directory, reading)
  for (const notice of root.notices) options.log.warn(notice)
  return { profile, root, packages: await readInstalledPackages(root, reading), target }
}

async function readProfileOf(options: LoadProjectOptions, environment: Environment): Promise<Profile> {
  const { directory, profilesDirectory, targetName, vars = {}, environment: variables = process.env } = options
  const profile = options.profile ?? (await readProfileName(directory))
  return await readProfile({
    environment,
    profile,
    profilesDirectory,
    workingDirectory: directory,
    targetName,
    vars,
    variables,
  })
}

/** Templates see flags by their names in capitals. */
function upperCased(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).map(([name, value]) => [name.toUpperCase(), value]))
}

function enabledNodes({ nodes, sources }: ParsedProject): Map<string, ProjectNode> {
  const enabled = [...nodes].filter(([, node]) => node.config.enabled)
  return new Map<string, ProjectNode>([...sources, ...enabled])
}

function manifestOf(parsed: ParsedProject, scope: ProjectScope, settings: ProjectSettings): Manifest {
  const { parents, children } = relationMaps(parsed)
  return {
    metadata: {
      dbt_schema_version: 'https://schemas.getdbt.com/dbt/manifest/v12.json',
      dbt_version: '1.10.23',
      generated_at: new Date().toISOString(),
      invocation_id: scope.invocationId,
      invocation_started_at: scope.runStartedAt,
      env: {},
      project_name: scope.projectName,
      project_id: createHash('md5').update(scope.projectName).digest('hex'),
      user_id: null,
      send_anonymous_usage_stats: false,
      adapter_type: scope.target.type,
      quoting: { ...settings.quoting, column: null },
    },
    nodes: Object.fromEntries(parsed.nodes),
    sources: Object.fromEntries(parsed.sources),
    get macros() {
      return parsed.macros.all
    },
    docs: Object.fromEntries(parsed.docs),
    exposures: Object.fromEntries(parsed.exposures),
    metrics: Object.fromEntries(parsed.metrics),
    groups: Object.fromEntries(parsed.groups),
    selectors: {},
    disabled: parsed.disabled,
    parent_map: parents,
    child_map: children,
    group_map: groupMap(parsed.nodes, parsed.groups),
    saved_queries: Object.fromEntries(parsed.savedQueries),
    semantic_models: Object.fromEntries(parsed.semanticModels),
    unit_tests: Object.fromEntries(parsed.unitTests),
  }
}
