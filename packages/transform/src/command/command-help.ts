import { commandAbouts } from './command-name.ts'
import { flagsOf } from './command-flags.ts'
import type { CommandName } from './command-name.ts'
import type { Flag } from './flag.ts'

/** The text of `--help`: of one command, or of all. */
export function helpOf(program: string, topic?: CommandName): string {
  return topic === undefined ? overview(program) : commandHelp(program, topic)
}

function overview(program: string): string {
  const commands = Object.entries(commandAbouts).map(([name, about]) => `  ${name.padEnd(18)}${about}`)
  return [
    `Usage: ${program} <command> [options]`,
    '',
    "Runs a dbt project: dbt's commands, options, output and exit codes.",
    '',
    'Commands:',
    ...commands,
    '',
    `${program} <command> --help shows the options of a command.`,
    'Exit codes: 0 everything succeeded, 1 a node failed, 2 the command could not run.',
  ].join('\n')
}

function commandHelp(program: string, command: CommandName): string {
  const operand = command === 'run-operation' ? ' <macro>' : command === 'init' ? ' [name]' : ''
  const shown = flagsOf(command).filter(({ about }) => about !== undefined)
  return [
    `Usage: ${program} ${command}${operand} [options]`,
    '',
    commandAbouts[command],
    '',
    'Options:',
    ...shown.map((flag) => `  ${optionText(flag).padEnd(40)}  ${flag.about}`),
  ].join('\n')
}

function optionText(flag: Flag): string {
  const { options, kind, choices, default: value } = flag
  const names = options.filter((option) => option !== '--model' && option !== '--models').join(', ')
  if (kind === 'switch') return value === true ? names.replace('--', '--[no-]') : names
  return `${names} <${choices?.length !== undefined && choices.length < 4 ? choices.join('|') : placeholders[kind]}>`
}

const placeholders: Readonly<Record<Exclude<Flag['kind'], 'switch'>, string>> = {
  text: 'text',
  number: 'number',
  list: 'words…',
  yaml: 'yaml',
}
