import type { Command, Option } from 'commander'
import { exitCodes } from '../exit-code.ts'

/** docs/reference/cli.md, from the definitions of the commands. */
export function cliReference(program: Command): string {
  const help = program.createHelp()
  const commands = help.visibleCommands(program).filter((command) => command.name() !== 'help')
  return [
    '# The eclusa command',
    generatedNote,
    `${program.description()}\n\n\`\`\`\n${program.name()} ${program.usage()}\n\`\`\``,
    'Results go to stdout, everything else to stderr. On a terminal a run shows bars, elsewhere plain lines.',
    'With `--log-format json` everything goes to stdout, one JSON object per line. `NO_COLOR` and `FORCE_COLOR` are honoured.',
    '## Options of every command',
    optionTable(program.options),
    ...commands.flatMap((command) => [command, ...subcommandsOf(command)]).flatMap(commandSection),
    '## Exit codes',
    exitCodeTable(),
    '## Signals',
    'The first Ctrl-C (or SIGTERM) lets a run go on to its next checkpoint, commit there and end; the second stops it at once, and what was not committed is read again next time. Either way the exit code is 130. A run that follows ends by being stopped: once it had caught up, the first Ctrl-C ends it with 0.',
  ].join('\n\n')
}

const generatedNote =
  '<!-- Written by `pnpm --filter eclusa reference` from the definitions of the commands. Do not edit. -->'

/** Those with a name to type: the default one is the command itself. */
function subcommandsOf(command: Command): Command[] {
  return command.commands.filter((one) => one.name() !== 'list' && one.name() !== 'help')
}

function nameOf(command: Command): string {
  const { parent } = command
  return parent === null || parent.parent === null ? command.name() : `${nameOf(parent)} ${command.name()}`
}

function commandSection(command: Command): string[] {
  const usage = `eclusa ${nameOf(command)} ${command.usage()}`
  const words = command.registeredArguments.map((argument) => `- \`${argument.name()}\`: ${argument.description}`)
  return [
    `## ${nameOf(command)}`,
    command.description(),
    `\`\`\`\n${usage}\n\`\`\``,
    ...(words.length === 0 ? [] : [words.join('\n')]),
    ...(command.options.length === 0 ? [] : [optionTable(command.options)]),
    ...examplesOf(command),
  ]
}

/** What a command prints after its options, which is its examples. */
function examplesOf(command: Command): string[] {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part) })
  command.outputHelp()
  const examples = /\nExamples?:\n([\s\S]*)$/u.exec(text)?.[1]
  if (examples === undefined) return []
  const lines = examples
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ {2}/u, ''))
  return [`\`\`\`sh\n${lines.join('\n')}\n\`\`\``]
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map(
    (option) =>
      `| \`${cell(option.flags)}\` | ${cell(option.description)}${choicesOf(option)} | ${defaultOf(option)} |`,
  )
  return ['| option | | default |', '|---|---|---|', ...rows].join('\n')
}

function choicesOf({ argChoices }: Option): string {
  return argChoices === undefined ? '' : `: ${argChoices.map((choice) => `\`${choice}\``).join(', ')}`
}

function defaultOf({ defaultValue, negate }: Option): string {
  if (defaultValue === undefined || negate) return ''
  return `\`${Array.isArray(defaultValue) ? defaultValue.join(' ') : String(defaultValue)}\``
}

function exitCodeTable(): string {
  const rows = Object.values(exitCodes).map(({ code, meaning }) => `| ${code} | ${meaning} |`)
  return ['| code | |', '|--:|---|', ...rows].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`)
}
