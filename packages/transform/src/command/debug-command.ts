import { execFile } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { EclusaError, formatError } from '@eclusa/sdk'
import { dbtVersion } from '../artifact/dbt-version.ts'
import { readProfileName, readProfileNames } from '../project/profile.ts'
import type { Profile } from '../project/profile.ts'
import type { CommandSession } from './command-session.ts'
import { openProfileWarehouse } from './open-warehouse.ts'

/** `debug`: whether project, profile, git and the connection are right. Exit code 1 when one of them is not. */
export async function runDebug(session: CommandSession): Promise<number> {
  const { log, settings, root } = session
  if (settings.isOn('config_dir')) {
    log.info(`To view your profiles.yml file, run:\n\n${path.resolve(settings.text('profiles_dir') ?? '.')}`)
    return 0
  }
  log.info(`dbt version: ${dbtVersion}`)
  log.info(`node version: ${process.versions.node}`)
  log.info(`os info: ${process.platform} ${process.arch}`)
  const profile = await attempt(async () => await readAnyProfile(session))
  if (profile.value !== undefined) log.info(`Using profiles.yml file at ${profile.value.file}`)
  log.info(`Using dbt_project.yml file at ${path.join(root.directory, 'dbt_project.yml')}`)
  const faults: string[] = []
  if (settings.isOn('connection')) {
    log.info('Skipping steps before connection verification')
    if (profile.fault !== undefined) faults.push(`Profile loading failed for the following reason:\n${profile.fault}`)
  } else {
    faults.push(...checkProfile(session, profile), ...(await checkGit(session)))
  }
  if (profile.value === undefined) log.info('Connection test skipped since no profile was found')
  else faults.push(...(await checkConnection(session, profile.value)))
  if (faults.length === 0) {
    log.info('All checks passed!')
    return 0
  }
  log.info(`${faults.length} ${faults.length === 1 ? 'check' : 'checks'} failed:`)
  for (const fault of faults) log.error(fault)
  return 1
}

/** Where the project cannot say which profile it is, the only one that there is, as in dbt. */
async function readAnyProfile(session: CommandSession): Promise<Profile> {
  const { settings, host, root, projectFault } = session
  if (settings.text('profile') !== undefined || projectFault === undefined) return await session.readProfile()
  const named = await readProfileName(root.directory)
  if (named !== undefined) return await session.readProfile(undefined, named)
  const names = await readProfileNames({
    profilesDirectory: settings.text('profiles_dir'),
    workingDirectory: host.directory,
    variables: host.environment,
  })
  if (names.length === 1) return await session.readProfile(undefined, names[0])
  throw new EclusaError('PROJECT_INVALID', {
    message:
      names.length === 0
        ? 'profiles.yml has no profiles.'
        : 'profiles.yml has several profiles, and no project names one of them.',
    remedy: names.length === 0 ? 'Write one: `init` shows how.' : `Name one with --profile: ${names.join(', ')}.`,
  })
}

interface Attempt<Result> {
  readonly value?: Result
  readonly fault?: string
}

async function attempt<Result>(work: () => Promise<Result>): Promise<Attempt<Result>> {
  try {
    return { value: await work() }
  } catch (error) {
    return { fault: formatError(error) }
  }
}

function checkProfile({ log, projectFault }: CommandSession, { fault }: Attempt<Profile>): string[] {
  const project = projectFault === undefined ? undefined : formatError(projectFault)
  log.info('Configuration:')
  log.info(`  profiles.yml file [${verdict(log, fault, 'OK found and valid', 'ERROR invalid')}]`)
  log.info(`  dbt_project.yml file [${verdict(log, project, 'OK found and valid', 'ERROR not found or invalid')}]`)
  return [fault, project].filter((one) => one !== undefined)
}

async function checkGit({ log }: CommandSession): Promise<string[]> {
  const { fault } = await attempt(async () => await promisify(execFile)('git', ['--help']))
  log.info('Required dependencies:')
  log.info(` - git [${verdict(log, fault, 'OK found', 'ERROR')}]\n`)
  return fault === undefined ? [] : ['git cannot be started: packages that are kept in git cannot be installed.']
}

async function checkConnection(session: CommandSession, profile: Profile): Promise<string[]> {
  const { log, settings, host } = session
  log.info('Connection:')
  // The target holds what templates may see, which no secret is part of.
  for (const [name, value] of Object.entries(profile.target)) {
    if (name !== 'name') log.info(`  ${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
  }
  const { fault } = await attempt(async () => {
    await using warehouse = await openProfileWarehouse(profile, {
      directory: settings.projectDirectory,
      signal: host.signal,
    })
    await using connection = await warehouse.connect()
    await connection.query('select 1 as id', { signal: host.signal })
  })
  log.info(`  Connection test: [${verdict(log, fault, 'OK connection ok', 'ERROR')}]\n`)
  return fault === undefined ? [] : [fault]
}

function verdict(
  { lineOptions: { paint } }: CommandSession['log'],
  fault: string | undefined,
  good: string,
  bad: string,
): string {
  return fault === undefined ? paint('green', good) : paint('red', bad)
}
