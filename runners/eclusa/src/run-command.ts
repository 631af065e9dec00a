import type { Command } from 'commander'
import { CommandContext } from './command-context.ts'
import type { CommandHost, GlobalOptions } from './command-context.ts'
import type { Outcome } from './exit-code.ts'

type Action<Arguments extends unknown[]> = (context: CommandContext, ...given: Arguments) => Promise<Outcome>

/** Turns what a command does into what commander calls: makes the context, and tells of whatever is thrown. */
export type RunCommand = <Arguments extends unknown[]>(
  action: Action<Arguments>,
) => (...given: [...Arguments, Command]) => Promise<void>

/** @param onOutcome is told once per command how it ended. */
export function createRunCommand(host: CommandHost, onOutcome: (outcome: Outcome) => void): RunCommand {
  return <Arguments extends unknown[]>(action: Action<Arguments>) =>
    async (...given: [...Arguments, Command]) => {
      const command = given.at(-1) as Command
      const context = new CommandContext(host, command.optsWithGlobals<GlobalOptions>())
      try {
        onOutcome(await action(context, ...(given.slice(0, -1) as unknown[] as Arguments)))
      } catch (error) {
        onOutcome(context.fail(error))
      }
    }
}
