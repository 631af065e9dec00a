/*
 * dbt's flags as data: what the command line, the environment (`DBT_…`), `flags:` of dbt_project.yml and the artifact
 * run_results.json all read from. A name is the one that dbt uses in run_results.json.
 */

export type CommandName =
  | 'build'
  | 'clean'
  | 'clone'
  | 'compile'
  | 'debug'
  | 'deps'
  | 'diff'
  | 'docs generate'
  | 'docs serve'
  | 'init'
  | 'ls'
  | 'parse'
  | 'retry'
  | 'run'
  | 'run-operation'
  | 'seed'
  | 'show'
  | 'snapshot'
  | 'source freshness'
  | 'test'

export type FlagValue = boolean | number | string | readonly string[] | Readonly<Record<string, unknown>>

export interface Flag {
  /** `full_refresh`; its environment variable is DBT_FULL_REFRESH. */
  readonly name: string
  readonly options: readonly string[]
  /** `switch` takes no value and has a `--no-…`; `list` takes words up to the next option; `yaml` is a mapping. */
  readonly kind: 'switch' | 'text' | 'number' | 'list' | 'yaml'
  readonly choices?: readonly string[]
  readonly default?: FlagValue
  /** Which commands take it. Default: all of them, and it may stand before the command. */
  readonly commands?: readonly CommandName[]
  /** Whether DBT_<NAME> sets it. Default true. */
  readonly hasVariable?: boolean
  /** What it does, in one line of `--help`. Without it the flag is taken for dbt's sake and has no effect here. */
  readonly about?: string
}

const selecting: readonly CommandName[] = [
  'build',
  'clone',
  'compile',
  'diff',
  'docs generate',
  'ls',
  'run',
  'seed',
  'show',
  'snapshot',
  'source freshness',
  'test',
]
const choosingTypes: readonly CommandName[] = ['build', 'clone', 'ls', 'test']
const levels = ['debug', 'info', 'warn', 'error', 'none']
const formats = ['text', 'debug', 'json', 'default']
const resourceTypes = [
  'metric',
  'semantic_model',
  'saved_query',
  'source',
  'analysis',
  'model',
  'test',
  'unit_test',
  'exposure',
  'snapshot',
  'seed',
  'default',
]

const selectionFlags: readonly Flag[] = [
  {
    name: 'select',
    options: ['-s', '--select', '-m', '--models', '--model'],
    kind: 'list',
    default: [],
    commands: selecting,
    hasVariable: false,
    about: 'nodes to take: name, +name+, tag:nightly, path:models/staging, a,b for both',
  },
  {
    name: 'models',
    options: ['-m', '--models', '--model'],
    kind: 'list',
    default: [],
    commands: ['ls'],
    hasVariable: false,
    about: 'as --select, for models only',
  },
  {
    name: 'exclude',
    options: ['--exclude'],
    kind: 'list',
    default: [],
    commands: selecting,
    hasVariable: false,
    about: 'nodes to leave out',
  },
  {
    name: 'selector',
    options: ['--selector'],
    kind: 'text',
    commands: selecting,
    hasVariable: false,
    about: 'a selector of selectors.yml',
  },
  {
    name: 'indirect_selection',
    options: ['--indirect-selection'],
    kind: 'text',
    choices: ['eager', 'cautious', 'buildable', 'empty'],
    default: 'eager',
    about: 'which tests come along with what they look at',
  },
  {
    name: 'resource_types',
    options: ['--resource-type', '--resource-types'],
    kind: 'list',
    choices: [...resourceTypes, 'all'],
    default: [],
    commands: choosingTypes,
    about: 'kinds of nodes to take',
  },
  {
    name: 'exclude_resource_types',
    options: ['--exclude-resource-type', '--exclude-resource-types'],
    kind: 'list',
    choices: resourceTypes,
    default: [],
    commands: choosingTypes,
    about: 'kinds of nodes to leave out',
  },
  { name: 'state', options: ['--state'], kind: 'text', about: "folder of an earlier run's artifacts" },
  { name: 'defer', options: ['--defer'], kind: 'switch', default: false, about: 'read what is not built from there' },
  {
    name: 'defer_state',
    options: ['--defer-state'],
    kind: 'text',
    about: 'folder of the manifest to defer to (default: --state)',
  },
  {
    name: 'favor_state',
    options: ['--favor-state'],
    kind: 'switch',
    default: false,
    about: 'defer also what is built here',
  },
]

const projectFlags: readonly Flag[] = [
  { name: 'project_dir', options: ['--project-dir'], kind: 'text', about: 'folder with dbt_project.yml' },
  { name: 'profiles_dir', options: ['--profiles-dir'], kind: 'text', about: 'folder with profiles.yml' },
  { name: 'profile', options: ['--profile'], kind: 'text', about: 'profile of profiles.yml' },
  { name: 'target', options: ['-t', '--target'], kind: 'text', about: 'target of the profile' },
  { name: 'target_path', options: ['--target-path'], kind: 'text', about: 'folder for artifacts' },
  {
    name: 'vars',
    options: ['--vars'],
    kind: 'yaml',
    default: {},
    hasVariable: false,
    about: "variables, as YAML: '{day: 2026-01-01}'",
  },
  { name: 'threads', options: ['--threads'], kind: 'number', hasVariable: false, about: 'nodes at once' },
  {
    name: 'partial_parse',
    options: ['--partial-parse'],
    kind: 'switch',
    default: true,
    about: 'read only the files that changed',
  },
]

const executionFlags: readonly Flag[] = [
  {
    name: 'full_refresh',
    options: ['-f', '--full-refresh'],
    kind: 'switch',
    default: false,
    commands: ['build', 'clone', 'compile', 'retry', 'run', 'seed', 'show'],
    about: 'build incremental models and seeds anew',
  },
  {
    name: 'fail_fast',
    options: ['-x', '--fail-fast'],
    kind: 'switch',
    default: false,
    about: 'stop at the first failure',
  },
  {
    name: 'empty',
    options: ['--empty'],
    kind: 'switch',
    default: false,
    commands: ['build', 'compile', 'run', 'snapshot'],
    about: 'read no rows: try the SQL alone',
  },
  {
    name: 'only_stale',
    options: ['--only-stale'],
    kind: 'switch',
    default: false,
    commands: ['build', 'run', 'seed', 'snapshot', 'test'],
    about: 'leave out what has not changed since it was built, or passed',
  },
  {
    name: 'store_failures',
    options: ['--store-failures'],
    kind: 'switch',
    default: false,
    commands: ['build', 'test'],
    about: 'keep the rows that fail a test in a table',
  },
  {
    name: 'event_time_start',
    options: ['--event-time-start'],
    kind: 'text',
    commands: ['build', 'run'],
    about: 'begin of what microbatch models build',
  },
  {
    name: 'event_time_end',
    options: ['--event-time-end'],
    kind: 'text',
    commands: ['build', 'run'],
    about: 'end of what microbatch models build',
  },
  { name: 'sample', options: ['--sample'], kind: 'text', commands: ['build', 'run'] },
  {
    name: 'show',
    options: ['--show'],
    kind: 'switch',
    default: false,
    commands: ['build', 'seed'],
    hasVariable: false,
    about: 'show rows of what was loaded',
  },
  { name: 'warn_error', options: ['--warn-error'], kind: 'switch', about: 'let warnings fail the run' },
  {
    name: 'warn_error_options',
    options: ['--warn-error-options'],
    kind: 'yaml',
    default: { error: [], warn: [], silence: [] },
    about: 'which warnings do',
  },
]

const commandFlags: readonly Flag[] = [
  {
    name: 'output',
    options: ['--output', '-o'],
    kind: 'text',
    commands: ['compile', 'diff', 'ls', 'show', 'source freshness'],
    hasVariable: false,
    about: 'form of the output; of source freshness, where to write it',
  },
  {
    name: 'output_keys',
    options: ['--output-keys'],
    kind: 'list',
    default: [],
    commands: ['ls'],
    hasVariable: false,
    about: 'keys of --output json',
  },
  {
    name: 'inline',
    options: ['--inline'],
    kind: 'text',
    commands: ['compile', 'show'],
    hasVariable: false,
    about: 'a template to compile in place of a selection',
  },
  {
    name: 'limit',
    options: ['--limit'],
    kind: 'number',
    default: 5,
    commands: ['show'],
    hasVariable: false,
    about: 'rows to show, -1 for all',
  },
  {
    name: 'limit',
    options: ['--limit'],
    kind: 'number',
    default: 0,
    commands: ['diff'],
    hasVariable: false,
    about: 'differing rows to show with their values (default: none)',
  },
  {
    name: 'against',
    options: ['--against'],
    kind: 'text',
    commands: ['diff'],
    hasVariable: false,
    about: 'target of the profile to compare with',
  },
  {
    name: 'against_schema',
    options: ['--against-schema'],
    kind: 'text',
    commands: ['diff'],
    hasVariable: false,
    about: 'schema of the same database to compare with',
  },
  {
    name: 'key',
    options: ['--key'],
    kind: 'list',
    default: [],
    commands: ['diff'],
    hasVariable: false,
    about: 'columns that tell rows apart (default: unique_key, else what tests say)',
  },
  {
    name: 'args',
    options: ['--args'],
    kind: 'yaml',
    default: {},
    commands: ['run-operation'],
    hasVariable: false,
    about: "arguments of the macro, as YAML: '{name: value}'",
  },
  {
    name: 'introspect',
    options: ['--introspect'],
    kind: 'switch',
    default: true,
    commands: ['compile', 'show'],
  },
  {
    name: 'inject_ephemeral_ctes',
    options: ['--inject-ephemeral-ctes'],
    kind: 'switch',
    default: true,
    commands: ['compile'],
    hasVariable: false,
  },
  {
    name: 'compile',
    options: ['--compile'],
    kind: 'switch',
    default: true,
    commands: ['docs generate'],
    hasVariable: false,
    about: 'compile the models first',
  },
  {
    name: 'empty_catalog',
    options: ['--empty-catalog'],
    kind: 'switch',
    default: false,
    commands: ['docs generate'],
    hasVariable: false,
    about: 'ask the warehouse nothing',
  },
  {
    name: 'static',
    options: ['--static'],
    kind: 'switch',
    default: false,
    commands: ['docs generate'],
    hasVariable: false,
    about: 'write static_index.html too: the whole site in one file',
  },
  {
    name: 'host',
    options: ['--host'],
    kind: 'text',
    default: '127.0.0.1',
    commands: ['docs serve'],
    about: 'address to listen at (default: this machine alone)',
  },
  {
    name: 'port',
    options: ['--port'],
    kind: 'number',
    default: 8080,
    commands: ['docs serve'],
    hasVariable: false,
    about: 'port to listen at (default: 8080)',
  },
  {
    name: 'browser',
    options: ['--browser'],
    kind: 'switch',
    default: true,
    commands: ['docs serve'],
    hasVariable: false,
    about: 'open the site in a browser',
  },
  {
    name: 'connection',
    options: ['--connection'],
    kind: 'switch',
    default: false,
    commands: ['debug'],
    hasVariable: false,
    about: 'try the connection alone',
  },
  {
    name: 'config_dir',
    options: ['--config-dir'],
    kind: 'switch',
    default: false,
    commands: ['debug'],
    hasVariable: false,
    about: 'say where profiles.yml is looked for',
  },
  {
    name: 'lock',
    options: ['--lock'],
    kind: 'switch',
    default: false,
    commands: ['deps'],
    hasVariable: false,
    about: 'write package-lock.yml and install nothing',
  },
  {
    name: 'upgrade',
    options: ['--upgrade'],
    kind: 'switch',
    default: false,
    commands: ['deps'],
    hasVariable: false,
    about: 'take the newest versions that packages.yml allows',
  },
  {
    name: 'clean_project_files_only',
    options: ['--clean-project-files-only'],
    kind: 'switch',
    default: true,
    commands: ['clean'],
    about: 'refuse to remove what is outside of the project',
  },
  {
    name: 'skip_profile_setup',
    options: ['--skip-profile-setup'],
    kind: 'switch',
    default: false,
    commands: ['init'],
    hasVariable: false,
    about: 'write no profiles.yml',
  },
]

const outputFlags: readonly Flag[] = [
  { name: 'quiet', options: ['-q', '--quiet'], kind: 'switch', default: false, about: 'tell of nothing but failures' },
  { name: 'debug', options: ['-d', '--debug'], kind: 'switch', default: false, about: 'tell of everything' },
  {
    name: 'log_format',
    options: ['--log-format'],
    kind: 'text',
    choices: formats,
    default: 'default',
    about: 'text for people, json for programs',
  },
  { name: 'log_format_file', options: ['--log-format-file'], kind: 'text', choices: formats, default: 'debug' },
  {
    name: 'log_level',
    options: ['--log-level'],
    kind: 'text',
    choices: levels,
    default: 'info',
    about: 'what to tell of',
  },
  { name: 'log_level_file', options: ['--log-level-file'], kind: 'text', choices: levels, default: 'debug' },
  { name: 'log_path', options: ['--log-path'], kind: 'text', about: 'folder of dbt.log' },
  { name: 'print', options: ['--print'], kind: 'switch', default: true, about: 'show what print() says' },
  { name: 'printer_width', options: ['--printer-width'], kind: 'number', default: 80, about: 'width of its lines' },
  { name: 'use_colors', options: ['--use-colors'], kind: 'switch', about: 'colours' },
  { name: 'use_colors_file', options: ['--use-colors-file'], kind: 'switch', default: true },
  {
    name: 'write_json',
    options: ['--write-json'],
    kind: 'switch',
    default: true,
    about: 'write the artifacts',
  },
]

const ignoredSwitches = {
  cache_selected_only: false,
  export_saved_queries: false,
  include_saved_query: false,
  log_cache_events: false,
  macro_debugging: false,
  partial_parse_file_diff: true,
  populate_cache: true,
  send_anonymous_usage_stats: false,
  show_all_deprecations: false,
  show_resource_report: false,
  single_threaded: false,
  static_parser: true,
  upload_to_artifacts_ingest_api: false,
  use_experimental_parser: false,
  use_fast_test_edges: false,
  version_check: true,
}

const ignoredFlags: readonly Flag[] = [
  ...Object.entries(ignoredSwitches).map(([name, value]): Flag => ({
    name,
    options: [`--${name.replaceAll('_', '-')}`],
    kind: 'switch',
    default: value,
  })),
  { name: 'log_file_max_bytes', options: ['--log-file-max-bytes'], kind: 'number', default: 10_485_760 },
  { name: 'partial_parse_file_path', options: ['--partial-parse-file-path'], kind: 'text' },
  { name: 'record_timing_info', options: ['-r', '--record-timing-info'], kind: 'text', hasVariable: false },
]

export const flags: readonly Flag[] = [
  ...selectionFlags,
  ...executionFlags,
  ...commandFlags,
  ...projectFlags,
  ...outputFlags,
  ...ignoredFlags,
]

/** The flags that a command takes. */
export function flagsOf(command: CommandName): readonly Flag[] {
  return flags.filter((flag) => flag.commands?.includes(command) ?? true)
}
