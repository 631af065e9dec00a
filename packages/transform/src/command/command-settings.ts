import path from 'node:path'
import { flagValueOf } from './command-line.ts'
import type { CommandLine } from './command-line.ts'
import { flagsOf } from './command-flags.ts'
import type { CommandName } from './command-name.ts'
import type { FlagValue } from './flag.ts'
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
    execution: executionOf(read),
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
  for (const flag of flagsOf(command)) {
    const variable = flag.hasVariable === false ? undefined : environment[`DBT_${flag.name.toUpperCase()}`]
    const value =
      line.given.get(flag.name) ??
      (variable === undefined ? undefined : flagValueOf(flag, `DBT_${flag.name.toUpperCase()}`, variable)) ??
      projectValue(projectFlags[flag.name]) ??
      flag.default
    if (value !== undefined) values[flag.name] = value
  }
  return values
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

function executionOf({ text, isOn, mapping }: ReadValues): CommandSettings['execution'] {
  const [eventTimeStart, eventTimeEnd] = [text('event_time_start'), text('event_time_end')]
  return {
    fullRefresh: isOn('full_refresh'),
    failFast: isOn('fail_fast'),
    empty: isOn('empty'),
    storeFailures: isOn('store_failures'),
    onlyStale: isOn('only_stale'),
    ...(eventTimeStart === undefined ? {} : { eventTimeStart }),
    ...(eventTimeEnd === undefined ? {} : { eventTimeEnd }),
    warnError: warningPolicy(isOn('warn_error'), mapping('warn_error_options')).verdict('LogTestResult') === 'error',
  }
}
