import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { EclusaError, closestName } from '@eclusa/sdk'
import { yamlContext } from '../context/base-names.ts'
import type { Target } from '../context/scope.ts'
import type { Environment } from '../jinja/environment.ts'
import { textOf } from '../jinja/python-text.ts'
import { TemplateError } from '../jinja/template-error.ts'
import { isRecord } from '../manifest/node-config.ts'
import { projectInvalid } from './project-fault.ts'
import { renderYaml } from './render-yaml.ts'
import { snowflakeFault } from './snowflake-profile.ts'
import { YamlFile } from './yaml-file.ts'

/** One output of a profile: which warehouse, and how to reach it. */
export interface Profile {
  readonly name: string
  readonly targetName: string
  readonly type: Target['type']
  /** The output's keys, rendered, without `type` and `threads`. Secrets are among them: never print it. */
  readonly credentials: Readonly<Record<string, unknown>>
  readonly target: Target
  /** profiles.yml that it was read from. */
  readonly file: string
}

export interface ReadProfileOptions {
  readonly environment: Environment
  /** `profile:` of dbt_project.yml, or the one given in its place. */
  readonly profile: string | undefined
  /** Default: DBT_PROFILES_DIR, then the working directory if it holds profiles.yml, then ~/.dbt. */
  readonly profilesDirectory?: string | undefined
  readonly workingDirectory: string
  /** Default: the profile's own `target`, else `default`. */
  readonly targetName?: string | undefined
  readonly threads?: number | undefined
  readonly vars: Readonly<Record<string, unknown>>
  readonly variables: Readonly<Record<string, string | undefined>>
}

/**
 * Reads the output of profiles.yml that a run uses. Only that output is rendered, so that variables which others need
 * may be missing.
 *
 * @throws PROJECT_INVALID when file, profile, output or a key is missing; COMMAND_INVALID for the `threads` of options.
 */
export async function readProfile(options: ReadProfileOptions): Promise<Profile> {
  const { profile: name } = options
  if (name === undefined)
    throw new EclusaError('PROJECT_INVALID', {
      message: 'dbt_project.yml names no profile.',
      remedy: 'Add a line `profile: <name>` with a name that profiles.yml has, or pass --profile.',
    })
  const file = await readProfilesFile(options)
  const profiles = isRecord(file.value) ? file.value : {}
  const profile = profiles[name]
  if (!isRecord(profile)) {
    const known = Object.keys(profiles).filter((key) => key !== 'config')
    throw fault(file, [], `Could not find profile named '${name}'${namesOf('profiles', name, known)}`)
  }
  const targetName = options.targetName ?? renderTarget(file, name, profile, options)
  const { outputs } = profile
  const output = isRecord(outputs) ? outputs[targetName] : undefined
  if (!isRecord(output)) {
    const known = isRecord(outputs) ? Object.keys(outputs) : []
    throw fault(
      file,
      [name],
      `The profile '${name}' does not have a target named '${targetName}'${namesOf('targets', targetName, known)}`,
    )
  }
  return profileOf({
    file,
    name,
    targetName,
    output: renderOutput(file, [name, 'outputs', targetName], options),
    options,
  })
}

/**
 * The names that profiles.yml has.
 *
 * @throws PROJECT_INVALID when there is no such file, or it is no YAML.
 */
export async function readProfileNames(
  options: Pick<ReadProfileOptions, 'profilesDirectory' | 'workingDirectory' | 'variables'>,
): Promise<string[]> {
  const { value } = await readProfilesFile(options)
  return Object.keys(isRecord(value) ? value : {}).filter((name) => name !== 'config')
}

/** The `profile` of dbt_project.yml, which has to be known before the file can be rendered. */
export async function readProfileName(directory: string): Promise<string | undefined> {
  const text = await readFile(path.join(directory, 'dbt_project.yml'), 'utf8').catch(() => '')
  const { value } = new YamlFile('dbt_project.yml', text)
  const name = isRecord(value) ? value['profile'] : undefined
  return typeof name === 'string' ? name : undefined
}

function profileOf({
  file,
  name,
  targetName,
  output,
  options,
}: {
  readonly file: YamlFile
  readonly name: string
  readonly targetName: string
  readonly output: Readonly<Record<string, unknown>>
  readonly options: ReadProfileOptions
}): Profile {
  const at = [name, 'outputs', targetName]
  const { type, threads: ownThreads, ...given } = output
  if (type !== 'duckdb' && type !== 'postgres' && type !== 'snowflake')
    throw fault(
      file,
      [...at, 'type'],
      `type is ${JSON.stringify(type) ?? 'missing'}: it is duckdb, postgres or snowflake`,
    )
  const threads = options.threads ?? ownThreads ?? 1
  if (typeof threads !== 'number' || !Number.isInteger(threads) || threads < 1) {
    if (options.threads === undefined) throw fault(file, [...at, 'threads'], 'threads is a whole number from 1')
    throw new EclusaError('COMMAND_INVALID', {
      message: `'--threads': '${options.threads}' is not a whole number from 1.`,
    })
  }
  const wrong = type === 'snowflake' ? snowflakeFault(given) : undefined
  if (wrong !== undefined) throw fault(file, wrong.key === undefined ? at : [...at, wrong.key], wrong.message)
  const { port } = given
  if (port !== undefined && port !== null && !/^\d+$/u.test(textOf(port)))
    throw fault(file, [...at, 'port'], 'port is a whole number')
  const credentials = type === 'duckdb' ? duckdbCredentials(file, at, given) : aliased(given)
  for (const key of ['database', 'schema']) {
    if (typeof credentials[key] !== 'string' || credentials[key] === '')
      throw fault(file, at, `the target "${targetName}" has no ${key === 'database' ? 'dbname' : key}`)
  }
  const { database, schema } = credentials as { readonly database: string; readonly schema: string }
  const shown = Object.fromEntries(Object.entries(credentials).filter(([key]) => !secretKeys.has(key)))
  return {
    name,
    targetName,
    type,
    credentials,
    target: { ...shown, profile_name: name, name: targetName, type, database, schema, threads } as Target,
    file: file.path,
  }
}

/** What `target` does not show to templates. */
const secretKeys = new Set([
  'password',
  'pass',
  'token',
  'private_key',
  'private_key_passphrase',
  'oauth_client_secret',
  'secrets',
  'motherduck_token',
  'flights',
])

function aliased({ dbname, pass, ...rest }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    ...(dbname === undefined ? {} : { database: dbname }),
    ...(pass === undefined ? {} : { password: pass }),
    ...rest,
  }
}

/** dbt-duckdb's rules: a database is named after its file. */
function duckdbCredentials(
  file: YamlFile,
  at: readonly string[],
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const place = given['path'] ?? ':memory:'
  if (typeof place !== 'string') throw fault(file, [...at, 'path'], 'path is a text')
  const derived = databaseOfPath(place)
  const database = given['database'] ?? derived
  const attached = Array.isArray(given['attach']) ? given['attach'].filter(isRecord).map(({ alias }) => alias) : []
  if (database !== derived && !attached.includes(database))
    throw fault(
      file,
      [...at, 'database'],
      `the path makes the database "${derived}": leave "database" away, or set it to that or to the alias of an attached one`,
    )
  return { schema: 'main', ...given, path: place, database }
}

function databaseOfPath(place: string): string {
  if (place === ':memory:' || place === '') return 'memory'
  const name = place.replace(/^(?:md|motherduck|ducklake):/u, '').split('?')[0] ?? ''
  return path.basename(name, path.extname(name))
}

async function readProfilesFile(
  options: Pick<ReadProfileOptions, 'profilesDirectory' | 'workingDirectory' | 'variables'>,
): Promise<YamlFile> {
  const { profilesDirectory, workingDirectory, variables } = options
  const given = profilesDirectory ?? variables['DBT_PROFILES_DIR']
  const home = variables['HOME'] ?? homedir()
  const folders =
    given === undefined ? [workingDirectory, path.join(home, '.dbt')] : [path.resolve(workingDirectory, given)]
  for (const folder of folders) {
    const place = path.join(folder, 'profiles.yml')
    const text = await readFile(place, 'utf8').catch(() => undefined)
    if (text !== undefined) return new YamlFile(place, text)
  }
  throw new EclusaError('PROJECT_INVALID', {
    message: `There is no profiles.yml in ${folders.join(' or ')}.`,
    remedy: 'Write one, or name its folder with --profiles-dir or DBT_PROFILES_DIR.',
  })
}

function profileContext({ vars, variables }: ReadProfileOptions): Record<string, unknown> {
  const { target: _, ...names } = yamlContext({ target: {} as Target, vars, environment: variables })
  return names
}

function renderTarget(
  file: YamlFile,
  name: string,
  profile: Readonly<Record<string, unknown>>,
  options: ReadProfileOptions,
): string {
  const { target } = profile
  if (target === undefined || target === null) return 'default'
  const { environment } = options
  const values = environment.parse(textOf(target), file.path).renderValues(profileContext(options))
  const text = values.join('')
  if (text === '') throw fault(file, [name, 'target'], 'target is empty')
  return text
}

function renderOutput(
  file: YamlFile,
  at: readonly string[],
  options: ReadProfileOptions,
): Readonly<Record<string, unknown>> {
  const context = profileContext(options)
  const value = at.reduce<unknown>((level, key) => (isRecord(level) ? level[key] : undefined), file.value)
  const rendered = Object.entries(isRecord(value) ? value : {}).map(([key, item]) => {
    // A password may hold braces that are no Jinja; dbt takes it as it is then.
    if (/^pass(?:word)?$/u.test(key) && !isTemplate(options.environment, item)) return [key, item] as const
    const wrapped = renderYaml({ file, context, keeps: () => false, at }, { [key]: item })
    return [key, isRecord(wrapped) ? wrapped[key] : undefined] as const
  })
  return Object.fromEntries(rendered)
}

function isTemplate(environment: Environment, value: unknown): boolean {
  try {
    environment.parse(String(value))
    return true
  } catch (error) {
    if (error instanceof TemplateError) return false
    throw error
  }
}

function fault(file: YamlFile, at: readonly string[], message: string): EclusaError {
  return projectInvalid([{ ...file.place(at), message }])
}

function namesOf(kind: string, wanted: string, known: readonly string[]): string {
  if (known.length === 0) return '.'
  const closest = closestName(wanted, known)
  return `. The ${kind} are ${known.join(', ')}${closest === undefined ? '' : ` (did you mean "${closest}"?)`}`
}
