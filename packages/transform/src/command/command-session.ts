import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { dialectOf } from '@eclusa/warehouse'
import { readEarlierArtifacts } from '../artifact/earlier-artifacts.ts'
import type { EarlierArtifacts } from '../artifact/earlier-artifacts.ts'
import { yamlContext } from '../context/base-names.ts'
import type { Target } from '../context/scope.ts'
import { createProjectEnvironment } from '../context/macro-library.ts'
import { loadProject } from '../load-project.ts'
import type { LoadedProject } from '../load-project.ts'
import type { PartialParseOptions } from '../partial-parse/partial-parse.ts'
import { readRootProject } from '../project/package-project.ts'
import type { PackageProject } from '../project/package-project.ts'
import { writeManifest } from '../artifact/manifest.ts'
import { readProfile } from '../project/profile.ts'
import { projectInvalid } from '../project/project-fault.ts'
import { projectFileSchema } from '../project/project-file.ts'
import { versionFault } from '../project/required-version.ts'
import type { Profile } from '../project/profile.ts'
import type { CommandName } from './command-name.ts'
import type { CommandHost } from './command-host.ts'
import { CommandLog } from './command-log.ts'
import { commandInvalid } from './command-line.ts'
import type { CommandLine } from './command-line.ts'
import { projectDirectoryOf, settingsOf } from './command-settings.ts'
import type { CommandSettings } from './command-settings.ts'
import type { LineLevel } from './run-summary.ts'
import { unusedConfigPaths, unusedConfigText } from './unused-config.ts'
import { warningPolicy } from './warning-policy.ts'

/** Flags that say where things are: never those of an earlier run. */
const placeFlags = new Set([
  'log_path',
  'profiles_dir',
  'project_dir',
  'defer_state',
  'target_path',
  'warn_error',
  'which',
])
const keptByRetry = new Set([...placeFlags, 'vars', 'threads'])

/** In the target folder, beside dbt's own of another name. */
const partialParseFile = 'partial_parse.eclusa'

/** One invocation: its settings, its log, and the project that it is about. */
export class CommandSession implements Disposable {
  readonly host: CommandHost
  readonly settings: CommandSettings
  readonly log: CommandLog
  readonly root: PackageProject
  readonly invocationId: string
  readonly line: CommandLine
  /** Why there is no project, which `debug` alone goes on without. */
  readonly projectFault: unknown
  readonly startedAt = new Date().toISOString()
  /** As it was typed. */
  readonly invocationCommand: string

  private constructor(
    host: CommandHost,
    settings: CommandSettings,
    {
      root,
      log,
      invocationId,
      line,
      projectFault,
    }: {
      root: PackageProject
      log: CommandLog
      invocationId: string
      line: CommandLine
      projectFault?: unknown
    },
  ) {
    this.host = host
    this.settings = settings
    this.root = root
    this.log = log
    this.invocationId = invocationId
    this.line = line
    this.projectFault = projectFault
    this.invocationCommand = [host.program, ...line.words].join(' ')
  }

  /** @throws PROJECT_INVALID when there is no dbt_project.yml, or a faulty one; COMMAND_INVALID. */
  static async open(command: CommandName, line: CommandLine, host: CommandHost): Promise<CommandSession> {
    const { directory, environment } = host
    const context = yamlContext({ target: {} as Target, vars: varsOf(line), environment })
    const folder = projectDirectoryOf(line, host)
    const named = line.given.get('project_dir')
    if (typeof named === 'string' && !existsSync(folder)) {
      throw commandInvalid(`Invalid value for '--project-dir': Path '${named}' does not exist.`)
    }
    let projectFault: unknown
    const root = await readRootProject(folder, { context }).catch((error: unknown) => {
      if (command !== 'debug') throw error
      projectFault = error
      return absentProject(folder)
    })
    const settings = settingsOf(line, { command, directory, environment, projectFlags: root.file.flags })
    const fault = settings.isOn('version_check') ? versionFault(root) : undefined
    if (fault !== undefined) {
      if (command !== 'debug') throw projectInvalid([fault])
      projectFault = projectInvalid([fault])
    }
    const invocationId = randomUUID()
    return new CommandSession(host, settings, {
      root,
      log: createLog({ host, settings, root, invocationId }),
      invocationId,
      line,
      projectFault,
    })
  }

  /** Absolute. */
  get targetFolder(): string {
    const given = this.settings.text('target_path')
    return given === undefined
      ? path.resolve(this.settings.projectDirectory, this.root.file['target-path'])
      : path.resolve(this.host.directory, given)
  }

  /**
   * The same invocation for the command and flags of an earlier one. What says where things are remains, and so do
   * `--vars` and `--threads` where they are given.
   */
  withEarlierFlags(
    command: CommandName,
    args: Readonly<Record<string, unknown>>,
    operands: readonly string[] = this.line.operands,
  ): CommandSession {
    const { host, root, log, invocationId } = this
    const given = new Map([...this.line.given].filter(([name]) => keptByRetry.has(name)))
    const line = { ...this.line, command, given, operands }
    const settings = settingsOf(line, {
      command,
      directory: host.directory,
      environment: {},
      projectFlags: Object.fromEntries(Object.entries(args).filter(([name]) => !placeFlags.has(name))),
    })
    return new CommandSession(host, settings, { root, log, invocationId, line })
  }

  /** Writes manifest.json, as every command does that has read the project. */
  async writeManifest(project: LoadedProject): Promise<void> {
    if (this.settings.isOn('write_json')) await writeManifest(project)
  }

  /**
   * @param targetName the output of the profile, in the place of the one that is asked for
   * @param profile which one where none is asked for. Default: that of dbt_project.yml
   */
  async readProfile(
    targetName = this.settings.text('target'),
    profile = this.root.file.profile ?? undefined,
  ): Promise<Profile> {
    const { settings, host } = this
    return await readProfile({
      environment: createProjectEnvironment(),
      profile: settings.text('profile') ?? profile,
      profilesDirectory: settings.text('profiles_dir'),
      workingDirectory: host.directory,
      targetName,
      threads: settings.isOn('single_threaded') ? 1 : settings.number('threads'),
      vars: settings.vars,
      variables: host.environment,
    })
  }

  /** @param parseFile in the target folder; another one for another target than the usual, which would spoil it */
  async loadProject(profile: Profile, parseFile = partialParseFile): Promise<LoadedProject> {
    const project = await loadProject({
      directory: this.settings.projectDirectory,
      target: profile.target,
      output: profile,
      dialect: dialectOf({ type: profile.type }),
      vars: this.settings.vars,
      environment: this.host.environment,
      targetPath: path.relative(this.settings.projectDirectory, this.targetFolder),
      partialParse: this.#partialParse(parseFile),
      invocationId: this.invocationId,
      checksVersion: this.settings.isOn('version_check'),
      log: this.log,
    })
    this.#tellUnusedConfig(project)
    return project
  }

  #tellUnusedConfig({ manifest }: LoadedProject): void {
    const unused = unusedConfigPaths(this.root.file, manifest)
    if (unused.length > 0) this.log.warn(unusedConfigText(unused))
  }

  #partialParse(name: string): PartialParseOptions {
    const earlier = this.settings.text('partial_parse_file_path')
    return {
      file: path.join(this.targetFolder, name),
      ...(earlier === undefined ? {} : { earlierFile: path.resolve(this.host.directory, earlier) }),
      isOn: this.settings.isOn('partial_parse'),
    }
  }

  /** What the runs left that `--state` and `--defer-state` name; undefined where they are not given. */
  async readState(): Promise<{ readonly state?: EarlierArtifacts; readonly deferState?: EarlierArtifacts }> {
    const { state, deferState } = this.settings.selection
    if (state !== undefined && path.resolve(this.settings.projectDirectory, state) === this.targetFolder) {
      const told = `Warning: The state and target directories are the same: '${state}'. This could lead to missing changes due to overwritten state including non-idempotent retries.`
      this.log.event('warn', this.log.lineOptions.paint('yellow', told))
    }
    return {
      ...(state === undefined ? {} : { state: await this.#readArtifacts(state) }),
      ...(deferState === undefined ? {} : { deferState: await this.#readArtifacts(deferState) }),
    }
  }

  async #readArtifacts(folder: string): Promise<EarlierArtifacts> {
    return await readEarlierArtifacts(path.resolve(this.settings.projectDirectory, folder))
  }

  [Symbol.dispose](): void {
    this.log[Symbol.dispose]()
  }
}

/** What stands for a project that is not there. */
function absentProject(directory: string): PackageProject {
  const file = projectFileSchema.parse({ name: 'unknown' })
  return {
    name: file.name,
    directory,
    label: '',
    file,
    unrendered: {},
    isRoot: true,
    ignores: () => false,
    notices: [],
  }
}

function varsOf({ given }: CommandLine): Readonly<Record<string, unknown>> {
  const vars = given.get('vars')
  return typeof vars === 'object' && !Array.isArray(vars) ? (vars as Readonly<Record<string, unknown>>) : {}
}

const logFileBytesMaxDefault = 10_485_760

function createLog({
  host,
  settings,
  root,
  invocationId,
}: {
  readonly host: CommandHost
  readonly settings: CommandSettings
  readonly root: PackageProject
  readonly invocationId: string
}): CommandLog {
  const folder = settings.text('log_path')
  return new CommandLog({
    write: (line) => host.write(line),
    level: settings.isOn('debug') ? 'debug' : ((settings.text('log_level') ?? 'info') as LineLevel | 'none'),
    format: settings.text('log_format') ?? 'default',
    fileLevel: (settings.text('log_level_file') ?? 'debug') as LineLevel | 'none',
    fileFormat: settings.text('log_format_file') ?? 'debug',
    folder:
      folder === undefined
        ? path.resolve(settings.projectDirectory, root.file['log-path'])
        : path.resolve(host.directory, folder),
    fileBytesMax: settings.number('log_file_max_bytes') ?? logFileBytesMaxDefault,
    useColors: (settings.flags['use_colors'] ?? host.hasColors) === true,
    useColorsFile: settings.isOn('use_colors_file') && settings.flags['use_colors'] !== false,
    width: settings.number('printer_width') ?? 80,
    isQuiet: settings.isOn('quiet'),
    warnings: warningPolicy(settings.isOn('warn_error'), settings.mapping('warn_error_options')),
    showsAllDeprecations: settings.isOn('show_all_deprecations'),
    invocationId,
  })
}
