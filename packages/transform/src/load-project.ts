import { Buffer } from 'node:buffer'
import { createHash, randomUUID } from 'node:crypto'
import type { Log } from '@eclusa/sdk'
import { dialectOf } from '@eclusa/warehouse'
import type { Dialect } from '@eclusa/warehouse'
import { yamlContext } from './context/base-names.ts'
import { libraryPackages } from './context/library-macros.ts'
import { createProjectEnvironment } from './context/macro-library.ts'
import type { ProjectScope, Target } from './context/scope.ts'
import type { Environment } from './jinja/environment.ts'
import { Graph } from './manifest/graph.ts'
import { manifestOfText } from './artifact/manifest-text.ts'
import type { Manifest } from './manifest/manifest.ts'
import { groupMap, relationMaps } from './manifest/manifest-maps.ts'
import type { ProjectNode } from './manifest/node.ts'
import { listPackageFiles } from './parse/package-files.ts'
import type { PackageFiles } from './parse/package-files.ts'
import { ParseSession } from './parse/parse-session.ts'
import { parseProject } from './parse/project-parser.ts'
import type { ParsedProject } from './parse/project-parser.ts'
import { macroLibrary, readMacroFiles } from './parse/read-macros.ts'
import { TemplateStore } from './parse/template-store.ts'
import { EnvironmentWatch } from './partial-parse/environment-watch.ts'
import { fingerprintOf } from './partial-parse/fingerprint.ts'
import { PartialParse } from './partial-parse/partial-parse.ts'
import type { PartialParseOptions } from './partial-parse/partial-parse.ts'
import { readInstalledPackages, readRootProject } from './project/package-project.ts'
import type { PackageProject } from './project/package-project.ts'
import { readProfile, readProfileName } from './project/profile.ts'
import type { Profile } from './project/profile.ts'
import { readProjectSettings } from './project/project-settings.ts'
import type { ProjectSettings } from './project/project-settings.ts'
import { readSelectors } from './project/selectors-file.ts'
import { manifestSelectors } from './select/selector-manifest.ts'
import type { WrittenSelector } from './project/selectors-file.ts'

export interface LoadProjectOptions {
  /** Folder with dbt_project.yml. */
  readonly directory: string
  /** Where models go. Default: what profiles.yml says. */
  readonly target?: Target
  /** What `target` was read from, where the caller has read profiles.yml. */
  readonly output?: Profile
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
  /** Whether `require-dbt-version` of the project and its packages must hold. Default: true. */
  readonly checksVersion?: boolean
  /** What artifacts and templates call the run. Default: a new UUID. */
  readonly invocationId?: string
  /** Where a parse is kept, and taken up again by the next one. Default: nowhere, and nothing is written. */
  readonly partialParse?: PartialParseOptions
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
 * Reads and parses a dbt project: no query is sent, and nothing is written but what `partialParse` asks for.
 *
 * @throws PROJECT_INVALID with every fault found in its files, with file, line and column.
 * @throws MODEL_CYCLE when models depend on each other in a circle.
 */
export async function loadProject(options: LoadProjectOptions): Promise<LoadedProject> {
  const readSinceMs = Date.now()
  const environment = createProjectEnvironment()
  const variables = options.environment ?? process.env
  const [projectVariables, templateVariables] = [new EnvironmentWatch(variables), new EnvironmentWatch(variables)]
  const { profile, root, packages, target } = await readProjects(options, environment, projectVariables.variables)
  const dialect = options.dialect ?? dialectOf({ type: target.type })
  const macroFiles = await readMacroFiles({ root, packages, adapterType: target.type })
  const macros = macroLibrary(macroFiles, { environment, root, adapterType: target.type })
  const settings = readProjectSettings(root, packages, target)
  const scope: ProjectScope = {
    projectName: root.name,
    target,
    dialect,
    vars: {},
    environment: templateVariables.variables,
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
  const openSession = (log: Log) =>
    new ParseSession({ environment, scope: { ...scope, log }, templates, root, packages, vars: options.vars ?? {} })
  const session = openSession(options.log)
  const files = [...session.projects.values()].map(listPackageFiles)
  const partial =
    options.partialParse === undefined
      ? undefined
      : new PartialParse({
          options: options.partialParse,
          files,
          fingerprint: fingerprintOf({
            vars: options.vars ?? {},
            profileName: (options.output ?? profile)?.name,
            target,
            projects: [root, ...packages],
            libraryFiles: macroFiles.filter(({ packageName }) => libraryPackages(target.type).includes(packageName)),
            projectVariables,
          }),
          macros: { files: macroFiles, library: macros, adapterType: target.type },
          variables: templateVariables,
          readSinceMs,
          log: options.log,
          openSession,
        })
  const selectors = await readSelectors(root, { context: yamlContext(session.scopeOf(root.name)) })
  const { manifest, isTakenOver } = await parse({ session, files, settings, selectors, partial })
  const nodes = lazily(() => enabledNodes(manifest))
  const graph = lazily(() => new Graph(nodes()))
  // A circle is an error of the load; what was taken over from an earlier one has none.
  if (!isTakenOver) graph()
  return {
    name: root.name,
    directory: options.directory,
    targetPath: options.targetPath ?? root.file['target-path'],
    manifest,
    get nodes() {
      return nodes()
    },
    templates,
    get graph() {
      return graph()
    },
    scope: session.scopeOf(root.name),
    environment,
    settings,
    profile: options.output ?? profile,
    selectors,
    scopeOf: (packageName) => session.scopeOf(packageName),
  }
}

function versionOf({ file: { version } }: PackageProject): string | null {
  return version == null ? null : String(version)
}

interface ParseOptions {
  readonly session: ParseSession
  readonly files: readonly PackageFiles[]
  readonly settings: ProjectSettings
  readonly selectors: ReadonlyMap<string, WrittenSelector>
  readonly partial: PartialParse | undefined
}

async function parse({ session, files, settings, selectors, partial }: ParseOptions) {
  const metadata = metadataOf(session.scope, settings)
  const text = await partial?.reuse()
  const listed = manifestSelectors(selectors)
  if (text !== undefined) {
    // They are no part of a parse, and may be others than those of the one that was kept.
    const others = { ...text.others, selectors: Buffer.from(JSON.stringify(listed)) }
    return { manifest: manifestOfText({ ...text, others }, metadata), isTakenOver: true }
  }
  const parsed = parseProject(session, files)
  const manifest = manifestOf(parsed, metadata, listed)
  await partial?.keep(parsed, manifest)
  return { manifest, isTakenOver: false }
}

/** A value that is made when it is first asked for. */
function lazily<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined
  return () => (made ??= make())
}

/** dbt_project.yml may ask for the target, and the profile is named in it: it is read once without the former. */
async function readProjects(
  options: LoadProjectOptions,
  environment: Environment,
  variables: Readonly<Record<string, string | undefined>>,
) {
  const given = { vars: options.vars ?? {}, environment: variables }
  const profile = options.target === undefined ? await readProfileOf(options, environment) : undefined
  const target = options.target ?? profile!.target
  const reading = { context: yamlContext({ ...given, target }), checksVersion: options.checksVersion ?? true }
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

function enabledNodes({ nodes, sources }: Manifest): Map<string, ProjectNode> {
  const enabled = Object.entries(nodes).filter(([, node]) => node.config.enabled)
  return new Map<string, ProjectNode>([...Object.entries(sources), ...enabled])
}

function metadataOf(scope: ProjectScope, { quoting }: ProjectSettings): Manifest['metadata'] {
  return {
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
    quoting: { ...quoting, column: null },
  }
}

function manifestOf(parsed: ParsedProject, metadata: Manifest['metadata'], selectors: Manifest['selectors']): Manifest {
  const { parents, children } = relationMaps(parsed)
  // The parse itself holds all files, which nobody needs any more.
  const { macros } = parsed
  return {
    metadata,
    nodes: Object.fromEntries(parsed.nodes),
    sources: Object.fromEntries(parsed.sources),
    get macros() {
      return macros.all
    },
    docs: Object.fromEntries(parsed.docs),
    exposures: Object.fromEntries(parsed.exposures),
    metrics: Object.fromEntries(parsed.metrics),
    groups: Object.fromEntries(parsed.groups),
    selectors,
    disabled: parsed.disabled,
    parent_map: parents,
    child_map: children,
    group_map: groupMap(parsed, parsed.groups),
    saved_queries: Object.fromEntries(parsed.savedQueries),
    semantic_models: Object.fromEntries(parsed.semanticModels),
    unit_tests: Object.fromEntries(parsed.unitTests),
  }
}
