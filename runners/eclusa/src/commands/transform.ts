import type { Command } from 'commander'
import type { CommandHost } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import type { RunCommand } from '../run-command.ts'

const outcomes: Readonly<Record<number, Outcome>> = { 0: 'ok', 1: 'failure', 2: 'configuration' }

/** For the help and the completion of the program: its words are read by `runTransformCommand`. */
export function addTransformCommand(program: Command, run: RunCommand): void {
  program
    .command('transform')
    .description("Run a dbt project by itself: dbt's commands, options, output and exit codes.")
    .argument('[words...]', "a command of dbt and its options; without any, the commands' help")
    .allowUnknownOption()
    .addHelpText(
      'after',
      '\nExamples:\n  cd their-dbt-project && eclusa transform build\n  eclusa transform ls --select tag:nightly+ --output json\n  eclusa transform build --help',
    )
    .action(run(async (context, words: readonly string[]) => await runTransformCommand(words, context)))
}

/** dbt's command line is dbt's, from the first word after `transform` on: `--quiet` and `--debug` are not the program's. */
export async function runTransformCommand(words: readonly string[], host: CommandHost): Promise<Outcome> {
  const { runCommand } = await import('@eclusa/transform')
  const { terminal, directory, env, interruption } = host
  const code = await runCommand(words, {
    program: 'eclusa transform',
    directory,
    environment: env,
    hasColors: terminal.paintResult('red', '') !== '',
    write: (line) => terminal.print(line),
    signal: interruption.stopSignal,
  })
  return interruption.stopSignal.aborted ? 'cancelled' : (outcomes[code] ?? 'failure')
}
