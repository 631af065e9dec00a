import path from 'node:path'
import { commandInvalid, flagValueOf, readMapping } from './command-line.ts'
import type { CommandLine } from './command-line.ts'
import { flagsOf } from './command-flags.ts'
import type { CommandName } from './command-name.ts'
import type { Flag, FlagValue } from './flag.ts'
import { sampleWindow } from './sample-window.ts'
import type { SampleWindow } from './sample-window.ts'
import { warningPolicy } from './warning-policy.ts'
import type { ExecutionOptions, IndirectSelection, SelectionOptions } from './command-options.ts'

/** What a command goes by, from all the places that say it: command line, environment, dbt_project.yml, dbt's defaults. */
export interface CommandSettings {
  readonly command: CommandName
  readonly operands: readonly string[]
  /** Absolute. */
  readonly projectDirectory: string
  readonly vars: Readonly<Record<string, unknown>>
  readonly selection: SelectionOptions
  readonly execution: Omit<ExecutionOptions, 'threads'>
  /** All flags by dbt's names, as run_results.json and templates (`flags.FULL_REFRESH`) show them. */
  readonly flags: Readonly<Record<string, FlagValue>>
  text(name: string): string | undefined
  number(name: string): number | undefined
  isOn(name: string): boolean
  list(name: string): readonly string[]
  mapping(name: string): Readonly<Record<string, unknown>>
}

export interface SettingsOptions {
  readonly command: CommandName
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** `flags:` of dbt_project.yml. */
  readonly projectFlags: Readonly<Record<string, unknown>>
}

/** Text that looks like a mapping is one. */
function sampleOf(value: FlagValue): SampleWindow {
  const isMapping = typeof value === 'string' && value.trimStart().startsWith('{')
  return sampleWindow(isMapping ? readMapping('--sample', value) : value, new Date())
}

/** @throws COMMAND_INVALID for an environment variable with a value that its flag cannot have. */
export function settingsOf(line: CommandLine, options: SettingsOptions): CommandSettings {
  const values = valuesOf(line, options)
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined)
  const number = (name: string) => (typeof values[name] === 'number' ? values[name] : undefined)
  const isOn = (name: string) => values[name] === true
  const list = (name: string): readonly string[] => {
    const value = values[name]
    return Array.isArray(value) ? (value as readonly string[]) : []
  }
  const mapping = (name: string): Readonly<Record<string, unknown>> => {
    const value = values[name]
    return typeof value === 'object' && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {}
  }
  const read = { text, number, isOn, list, mapping }
  return {
    command: options.command,
    operands: line.operands,
    projectDirectory: projectDirectoryOf(line, options),
    vars: mapping('vars'),
    selection: selectionOf(read),
    execution: executionOf(read, values),
    flags: values,
    ...read,
  }
}

/** The folder of dbt_project.yml, which must be known before the file's own flags are. */
export function projectDirectoryOf(
  { given }: CommandLine,
  { directory, environment }: Pick<SettingsOptions, 'directory' | 'environment'>,
): string {
  const told = given.get('project_dir') ?? environment['DBT_PROJECT_DIR']
  return typeof told === 'string' && told !== '' ? path.resolve(directory, told) : directory
}

function valuesOf(
  line: CommandLine,
  { command, environment, projectFlags }: SettingsOptions,
): Record<string, FlagValue> {
  const values: Record<string, FlagValue> = {}
  const isTold = new Set<string>()
  for (const flag of flagsOf(command)) {
    const told = formerValue(flag, environment) ?? line.given.get(flag.name) ?? variableValue(flag, environment)
    const value = told ?? projectValue(projectFlags[flag.name])
    if (value !== undefined) isTold.add(flag.name)
    const effective = value ?? flag.default
    if (effective !== undefined) values[flag.name] = effective
  }
  for (const [lead, follower] of followers)
    if (isTold.has(lead) && !isTold.has(follower)) values[follower] = values[lead]!
  refuseExclusive(isTold)
  refuseWindow(values)
  return values
}

/** Where the first is told and the second is not, the second is as the first. */
const followers = [
  ['log_level', 'log_level_file'],
  ['log_format', 'log_format_file'],
  ['use_colors', 'use_colors_file'],
] as const

const exclusive = [
  ['warn_error', 'warn_error_options'],
  ['select', 'inline'],
  ['selector', 'inline'],
] as const

function refuseExclusive(isTold: ReadonlySet<string>): void {
  for (const [first, second] of exclusive) {
    if (isTold.has(first) && isTold.has(second)) throw commandInvalid(`${second}: not allowed with argument ${first}`)
  }
}

function refuseWindow({ event_time_start: start, event_time_end: end }: Readonly<Record<string, FlagValue>>): void {
  for (const [given, other, isHalf] of [
    ['start', 'end', start !== undefined && end === undefined],
    ['end', 'start', end !== undefined && start === undefined],
  ] as const) {
    if (!isHalf) continue
    throw commandInvalid(
      `The flag \`--event-time-${given}\` was specified, but \`--event-time-${other}\` was not. When specifying \`--event-time-${given}\`, \`--event-time-${other}\` must also be present.`,
    )
  }
  const moments = [start, end].map((time, index) => momentOf(time, `--event-time-${index === 0 ? 'start' : 'end'}`))
  if (moments[0] !== undefined && moments[1] !== undefined && moments[0] >= moments[1]) {
    throw commandInvalid('Value for `--event-time-start` must be less than `--event-time-end`')
  }
}

/** The forms of dbt's option: a day, or a day and a time. */
const momentPattern = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d)?$/u

function momentOf(text: FlagValue | undefined, option: string): number | undefined {
  if (typeof text !== 'string') return undefined
  const moment = momentPattern.test(text) ? Date.parse(`${text.replace(' ', 'T')}${text.length > 10 ? 'Z' : ''}`) : NaN
  if (!Number.isNaN(moment)) return moment
  throw commandInvalid(`'${option}': '${text}' is no time: write it as 2026-01-31, or as 2026-01-31T12:30:00.`)
}

type Environment = SettingsOptions['environment']

function variableValue(flag: Flag, environment: Environment): FlagValue | undefined {
  if (flag.hasVariable === false) return undefined
  const name = `DBT_${flag.name.toUpperCase()}`
  const text = environment[name]
  return text === undefined ? undefined : flagValueOf(flag, name, text)
}

/** A name that dbt has renamed goes before all others, the command line among them. */
function formerValue(flag: Flag, environment: Environment): FlagValue | undefined {
  const { formerVariable: former } = flag
  const text = former === undefined ? undefined : environment[former.name]
  if (former === undefined || text === undefined) return undefined
  const value = flagValueOf(flag, former.name, text)
  return former.isInverted === true ? value !== true : value
}

function projectValue(value: unknown): FlagValue | undefined {
  if (value === null || value === undefined) return undefined
  return value as FlagValue
}

type ReadValues = Pick<CommandSettings, 'text' | 'isOn' | 'list' | 'mapping'>

function selectionOf({ text, isOn, list }: ReadValues): SelectionOptions {
  const [selector, state, deferState] = [text('selector'), text('state'), text('defer_state')]
  const models = list('models')
  return {
    select: models.length > 0 ? models : list('select'),
    exclude: list('exclude'),
    ...(selector === undefined ? {} : { selector }),
    resourceTypes: models.length > 0 ? ['model'] : list('resource_types'),
    excludeResourceTypes: list('exclude_resource_types'),
    indirectSelection: (text('indirect_selection') ?? 'eager') as IndirectSelection,
    ...(state === undefined ? {} : { state }),
    ...(deferState === undefined ? {} : { deferState }),
    defer: isOn('defer'),
    favorState: isOn('favor_state'),
  }
}

function executionOf(
  { text, isOn, mapping }: ReadValues,
  flags: Readonly<Record<string, FlagValue>>,
): CommandSettings['execution'] {
  const [eventTimeStart, eventTimeEnd] = [text('event_time_start'), text('event_time_end')]
  return {
    fullRefresh: isOn('full_refresh'),
    failFast: isOn('fail_fast'),
    empty: isOn('empty'),
    storeFailures: isOn('store_failures'),
    onlyStale: isOn('only_stale'),
    ...(eventTimeStart === undefined ? {} : { eventTimeStart }),
    ...(eventTimeEnd === undefined ? {} : { eventTimeEnd }),
    ...(flags['sample'] === undefined ? {} : { sample: sampleOf(flags['sample']) }),
    populatesCache: isOn('populate_cache'),
    flags,
    warnError: warningPolicy(isOn('warn_error'), mapping('warn_error_options')).verdict('LogTestResult') === 'error',
  }
}
