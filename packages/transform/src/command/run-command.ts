import { EclusaError, formatError } from '@eclusa/sdk'
import type { CommandName } from './command-name.ts'
import { flagsOf } from './command-flags.ts'
import { helpOf } from './command-help.ts'
import type { CommandHost } from './command-host.ts'
import { parseCommandLine } from './command-line.ts'
import type { CommandLine } from './command-line.ts'
import { CommandSession } from './command-session.ts'
import { dbtVersion } from '../artifact/dbt-version.ts'

type Implementation = (session: CommandSession) => Promise<number>

/** Each is loaded when it is asked for: `ls` must not wait for what only `build` needs. */
const implementations: Partial<Readonly<Record<CommandName, () => Promise<Implementation>>>> = {
  build: async () => (await import('./node-command.ts')).nodeCommand('build'),
  clean: async () => (await import('./clean-command.ts')).runClean,
  clone: async () => (await import('./node-command.ts')).nodeCommand('clone'),
  compile: async () => (await import('./compile-command.ts')).runCompile,
  debug: async () => (await import('./debug-command.ts')).runDebug,
  deps: async () => (await import('./deps-command.ts')).runDeps,
  diff: async () => (await import('./diff-command.ts')).runDiff,
  'docs generate': async () => (await import('./docs-command.ts')).runDocsGenerate,
  'docs serve': async () => (await import('./docs-serve-command.ts')).runDocsServe,
  ls: async () => (await import('./list-command.ts')).runList,
  parse: async () => (await import('./parse-command.ts')).runParse,
  retry: async () => (await import('./retry-command.ts')).runRetry,
  run: async () => (await import('./node-command.ts')).nodeCommand('run'),
  'run-operation': async () => (await import('./run-operation-command.ts')).runRunOperation,
  seed: async () => (await import('./node-command.ts')).nodeCommand('seed'),
  show: async () => (await import('./show-command.ts')).runShow,
  snapshot: async () => (await import('./node-command.ts')).nodeCommand('snapshot'),
  'source freshness': async () => (await import('./freshness-command.ts')).runFreshness,
  test: async () => (await import('./node-command.ts')).nodeCommand('test'),
}

/**
 * Runs one command line of dbt: `build --select tag:nightly`. Output goes to the host, line by line.
 *
 * @returns dbt's exit code: 0 when everything succeeded, 1 when a node failed or was skipped for one that did, 2 when
 * the command could not run, or was interrupted.
 * @example
 * process.exitCode = await runCommand(process.argv.slice(2), host)
 */
export async function runCommand(words: readonly string[], host: CommandHost): Promise<number> {
  try {
    const line = parseCommandLine(words)
    if (line.command === 'help') {
      host.write(helpOf(host.program, line.topic))
      // As dbt: to say nothing is a mistake, to ask for help is none.
      return words.length === 0 ? 2 : 0
    }
    if (line.command === 'version') {
      host.write(`${host.program}: works as dbt ${dbtVersion}`)
      return 0
    }
    if (line.command === 'init') return await (await import('./init-command.ts')).runInit(line, host)
    return await runNamed(line.command, line, host)
  } catch (error) {
    host.write(`Encountered an error:\n${formatError(error, { debug: words.includes('--debug') })}`)
    return 2
  }
}

async function runNamed(command: CommandName, line: CommandLine, host: CommandHost): Promise<number> {
  const implementation = await implementations[command]?.()
  if (implementation === undefined) {
    throw new EclusaError('COMMAND_INVALID', { message: `The command ${command} is not there yet.` })
  }
  using session = await CommandSession.open(command, line, host)
  const { log } = session
  log.event('info', `Running with dbt=${dbtVersion} (${host.program})`, {
    name: 'MainReportVersion',
    code: 'A001',
    data: { version: `=${dbtVersion}`, log_version: 3 },
  })
  try {
    tellDeprecatedOptions(session)
    const code = await implementation(session)
    log.tellDeprecations()
    return code
  } catch (error) {
    if (host.signal.aborted) {
      log.debug(formatError(error, { debug: true }))
      log.error('Interrupted: what ran at the warehouse was cancelled.')
      return 2
    }
    log.error(`Encountered an error:\n${formatError(error, { debug: session.settings.isOn('debug') })}`)
    return 2
  }
}

function tellDeprecatedOptions({ line: { words }, log, settings, host }: CommandSession): void {
  const old = words.some((word) => /^(?:-m|--models?(?:=.*)?)$/u.test(word))
  if (old) log.warn('Usage of --models, --model and -m is deprecated in favor of --select or -s.')
  const renamed = flagsOf(settings.command).flatMap(({ name, formerVariable }) =>
    formerVariable !== undefined && host.environment[formerVariable.name] !== undefined
      ? [{ former: formerVariable.name, present: `DBT_${name.toUpperCase()}` }]
      : [],
  )
  for (const { former, present } of renamed)
    log.warn(
      `The environment variable \`${former}\` has been renamed as \`${present}\`. As long as \`${former}\` is set, its value is used: unset it, and set \`${present}\`.`,
    )
  const options = settings.mapping('warn_error_options')
  const oldKeys = ['include', 'exclude'].filter((key) => key in options)
  if (oldKeys.length > 0)
    log.warn(
      `Found \`${oldKeys.join('` and `')}\` in warn_error_options: include is called \`error\` now, and exclude \`warn\`.`,
    )
}
