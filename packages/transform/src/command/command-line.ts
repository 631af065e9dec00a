import { EclusaError, closestName } from '@eclusa/sdk'
import { parseDocument } from 'yaml'
import { commandNames } from './command-name.ts'
import { flags, flagsOf } from './command-flags.ts'
import type { CommandName } from './command-name.ts'
import type { Flag, FlagValue } from './flag.ts'

/** A command line, read: what was said, not yet what holds. */
export interface CommandLine {
  readonly command: CommandName | 'help' | 'version'
  /** By flag's name; only what was given. */
  readonly given: ReadonlyMap<string, FlagValue>
  /** All of them, as they were given. */
  readonly words: readonly string[]
  /** Words that belong to no option: the macro of run-operation. */
  readonly operands: readonly string[]
  /** Of `--help`: what it is asked about. */
  readonly topic?: CommandName
}

/**
 * Reads dbt's command line: options before and after the command, `--flag value` and `--flag=value`, `--no-flag`, lists
 * of words up to the next option.
 *
 * @throws COMMAND_INVALID
 */
export function parseCommandLine(words: readonly string[]): CommandLine {
  return new Reader(words).read()
}

class Reader {
  readonly #words: readonly string[]
  readonly #given = new Map<string, FlagValue>()
  readonly #operands: string[] = []
  /** What was given before the command. */
  readonly #before = new Set<string>()
  #command: CommandName | undefined
  #at = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  read(): CommandLine {
    while (this.#at < this.#words.length) {
      const word = this.#words[this.#at]!
      this.#at += 1
      if (word === '--help' || word === '-h') return this.#result('help')
      if (['--version', '-V', '-v'].includes(word)) return this.#result('version')
      if (word.startsWith('-') && word.length > 1) this.#readOption(word)
      else if (this.#command === undefined) this.#command = this.#readCommand(word)
      else this.#operands.push(word)
    }
    return this.#result(this.#command ?? 'help')
  }

  #result(command: CommandLine['command']): CommandLine {
    const topic = this.#command
    const result = {
      command,
      words: this.#words,
      given: this.#given,
      operands: this.#operands,
      ...(topic === undefined ? {} : { topic }),
    }
    if (command !== 'help' && command !== 'version') this.#refuseForeignFlags(command)
    return result
  }

  #readCommand(word: string): CommandName {
    const next = this.#words[this.#at]
    const longName = commandNames.get(`${word} ${next}`)
    if (longName !== undefined) {
      this.#at += 1
      return longName
    }
    const name = commandNames.get(word)
    if (name !== undefined) return name
    const closest = closestName(word, [...commandNames.keys()])
    throw commandInvalid(`No such command '${word}'.${closest === undefined ? '' : ` Did you mean '${closest}'?`}`)
  }

  #readOption(word: string): void {
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    const option = equals < 0 ? word : word.slice(0, equals)
    const attached = equals < 0 ? undefined : word.slice(equals + 1)
    const flag = this.#flagOf(option)
    if (flag !== undefined) this.#take(flag, this.#valueOf(flag, option, attached))
    else {
      const negated = option.startsWith('--no-') ? this.#flagOf(`--${option.slice(5)}`) : undefined
      if (negated?.kind !== 'switch') throw this.#unknownOption(option)
      this.#take(negated, false)
    }
  }

  #take({ name }: Flag, value: FlagValue): void {
    if (this.#command === undefined) this.#before.add(name)
    else if (this.#before.has(name)) {
      throw commandInvalid(
        `${name} was provided both before and after the subcommand, it can only be set either before or after.`,
      )
    }
    this.#given.set(name, value)
  }

  /** Of two flags with one option that of the command itself: `-m` of `ls` chooses models, elsewhere it selects. */
  #flagOf(option: string): Flag | undefined {
    const candidates = flags.filter((flag) => flag.options.includes(option))
    const command = this.#command
    if (command === undefined) return candidates[0]
    const taken = candidates.filter((flag) => this.#takes(command, flag))
    return taken.find((flag) => flag.commands?.length === 1) ?? taken[0] ?? candidates[0]
  }

  #takes(command: CommandName, flag: Flag): boolean {
    return flag.commands?.includes(command) ?? true
  }

  #valueOf(flag: Flag, option: string, attached: string | undefined): FlagValue {
    if (flag.kind === 'switch') {
      if (attached !== undefined) throw commandInvalid(`Option '${option}' does not take a value.`)
      return true
    }
    if (flag.kind === 'list') return this.#listOf(flag, option, attached)
    const text = attached ?? this.#words[this.#at]
    if (text === undefined) throw commandInvalid(`Option '${option}' requires an argument.`)
    if (attached === undefined) this.#at += 1
    return flagValueOf(flag, option, text)
  }

  /** Words up to the next option, added to those of an earlier mention. */
  #listOf(flag: Flag, option: string, attached: string | undefined): readonly string[] {
    const words = attached === undefined ? this.#wordsToNextOption() : [attached]
    if (words.length === 0) throw commandInvalid(`Option '${option}' requires an argument.`)
    const earlier = this.#given.get(flag.name)
    const given = words.flatMap((word) => wordsOf(flag, option, word))
    return [...(Array.isArray(earlier) ? (earlier as string[]) : []), ...given]
  }

  #wordsToNextOption(): string[] {
    const rest = this.#words.slice(this.#at)
    const end = rest.findIndex((word) => word.startsWith('-'))
    const words = end < 0 ? rest : rest.slice(0, end)
    this.#at += words.length
    return words
  }

  #refuseForeignFlags(command: CommandName): void {
    for (const name of this.#given.keys()) {
      const flag = flags.find((candidate) => candidate.name === name && this.#takes(command, candidate))
      if (flag !== undefined) continue
      const [foreign] = flags.filter((candidate) => candidate.name === name)
      throw commandInvalid(`The command ${command} has no option '${foreign?.options.at(-1)}'.`)
    }
  }

  #unknownOption(option: string): EclusaError {
    const instead = refusedOptions[option]
    if (instead !== undefined) return commandInvalid(`The option '${option}' of dbt does not exist here: ${instead}`)
    const known = (this.#command === undefined ? flags : flagsOf(this.#command)).flatMap(({ options }) => options)
    const closest = closestName(option, known)
    return commandInvalid(`No such option: ${option}${closest === undefined ? '' : ` Did you mean ${closest}?`}`)
  }
}

/**
 * A flag's value from the text of a command line or of an environment variable.
 *
 * @throws COMMAND_INVALID
 */
export function flagValueOf(flag: Flag, option: string, text: string): FlagValue {
  switch (flag.kind) {
    case 'switch':
      return readSwitch(option, text)
    case 'number': {
      if (!/^-?\d+$/u.test(text.trim())) throw commandInvalid(`'${option}': '${text}' is not a whole number.`)
      return Number(text)
    }
    case 'yaml':
      return readMapping(option, text)
    case 'list':
      return wordsOf(flag, option, text)
    case 'text':
      refuseOtherChoice(flag, option, text)
      return text
  }
}

/** Options of dbt that are not there, and what to do in their place. */
const refusedOptions: Readonly<Record<string, string>> = {
  '--deprecated-defer': 'use --defer.',
  '--deprecated-favor-state': 'use --favor-state.',
  '--deprecated-print': 'use --print.',
  '--deprecated-no-print': 'use --no-print.',
  '--deprecated-state': 'use --state.',
}

/** One text may hold several words. */
function wordsOf(flag: Flag, option: string, text: string): string[] {
  const words = text.split(/\s+/u).filter((word) => word !== '')
  for (const word of words) refuseOtherChoice(flag, option, word)
  return words
}

function readSwitch(option: string, text: string): boolean {
  if (['1', 't', 'true', 'y', 'yes', 'on'].includes(text.toLowerCase())) return true
  if (['0', 'f', 'false', 'n', 'no', 'off', ''].includes(text.toLowerCase())) return false
  throw commandInvalid(`'${option}': '${text}' is neither true nor false.`)
}

export function readMapping(option: string, text: string): Readonly<Record<string, unknown>> {
  const document = parseDocument(text, { version: '1.1', prettyErrors: false })
  const [fault] = document.errors
  if (fault !== undefined) throw commandInvalid(`'${option}' is no YAML: ${fault.message}`)
  const value: unknown = document.toJS() ?? {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw commandInvalid(`'${option}' expects a mapping, as in '{name: value}'.`)
  }
  return value as Readonly<Record<string, unknown>>
}

function refuseOtherChoice({ choices }: Flag, option: string, text: string): void {
  if (choices === undefined || choices.includes(text)) return
  throw commandInvalid(`'${option}': '${text}' is not one of ${choices.join(', ')}.`)
}

export function commandInvalid(message: string): EclusaError {
  return new EclusaError('COMMAND_INVALID', { message, remedy: 'Try --help for the commands and their options.' })
}
