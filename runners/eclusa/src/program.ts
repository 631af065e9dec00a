import { Command, CommanderError, Option } from 'commander'
import tab from '@bomb.sh/tab/commander'
import { addBackfillCommand } from './commands/backfill.ts'
import { addCheckCommand } from './commands/check.ts'
import { addDemoCommand } from './commands/demo.ts'
import { addDiscoverCommand } from './commands/discover.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addInitCommand } from './commands/init.ts'
import { addPlanCommand } from './commands/plan.ts'
import { addPreviewCommand } from './commands/preview.ts'
import { addQueryCommand } from './commands/query.ts'
import { addResyncCommand } from './commands/resync.ts'
import { addRunCommand } from './commands/run.ts'
import { addRunsCommand } from './commands/runs.ts'
import { addSchemaCommand } from './commands/schema.ts'
import { addSlotsCommand } from './commands/slots.ts'
import { addSnowflakeCommand } from './commands/snowflake.ts'
import { addStatusCommand } from './commands/status.ts'
import { addTransformCommand, runTransformCommand } from './commands/transform.ts'
import type { CommandHost } from './command-context.ts'
import { exitCodes } from './exit-code.ts'
import type { Outcome } from './exit-code.ts'
import { createRunCommand } from './run-command.ts'
import type { RunCommand } from './run-command.ts'
import { version } from './version.ts'

const examples = `
Start here:
  eclusa demo                        a sales database travels into a star schema, on this machine alone
  eclusa init                        write a project of your own
  eclusa run                         move the rows, then run the steps`

/** The whole command line: every command, option and help text. */
export function createProgram(run: RunCommand): Command {
  const program = new Command('eclusa')
    .description('Lift rows from PostgreSQL to a warehouse, level by level.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .option('-c, --config <path>', 'the configuration, or the folder that holds it (default: eclusa.yaml here)')
    .addOption(
      new Option('--log-format <format>', 'text for people, json for programs')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('-q, --quiet', 'tell of nothing but failures')
    .option('--debug', 'tell of everything, with stack traces')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Run with --help to see what there is.')
    .addHelpText('after', `${examples}\n\n${exitCodeHelp()}`)
  addDemoCommand(program, run)
  addInitCommand(program, run)
  addCheckCommand(program, run)
  addDiscoverCommand(program, run)
  addPreviewCommand(program, run)
  addPlanCommand(program, run)
  addRunCommand(program, run)
  addStatusCommand(program, run)
  addRunsCommand(program, run)
  addQueryCommand(program, run)
  addResyncCommand(program, run)
  addBackfillCommand(program, run)
  addSlotsCommand(program, run)
  addSnowflakeCommand(program, run)
  addDoctorCommand(program, run)
  addSchemaCommand(program, run)
  addTransformCommand(program, run)
  addCompletionCommands(program)
  return program
}

/** `completion` prints a script for a shell; the hidden `complete` is what that script asks while one types. */
function addCompletionCommands(program: Command): void {
  tab(program, { completionCommandName: 'completion' })
  const command = program.commands.find((candidate) => candidate.name() === 'completion')
  const [shell] = command?.registeredArguments ?? []
  if (shell !== undefined) shell.description = 'the shell'
  command
    ?.description('Print a script that makes a shell complete this command.')
    .addHelpText(
      'after',
      '\nExamples:\n  source <(eclusa completion bash)\n  eclusa completion fish > ~/.config/fish/completions/eclusa.fish',
    )
}

function exitCodeHelp(): string {
  const lines = Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padEnd(5)}${meaning}`)
  return ['Exit codes:', ...lines].join('\n')
}

/** A command and all below it. */
function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)]
}

/** Runs one command line, without the program's own name, and says how it ended. */
export async function runCommandLine(words: readonly string[], host: CommandHost): Promise<Outcome> {
  if (words[0] === 'transform') return await runTransformCommand(words.slice(1), host)
  let outcome: Outcome = 'ok'
  const program = createProgram(
    createRunCommand(host, (ended) => {
      outcome = ended
    }),
  )
  for (const command of commandsOf(program)) command.exitOverride()
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 'ok' : 'configuration'
  }
  return outcome
}
