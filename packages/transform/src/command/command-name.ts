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

/** Every spelling of every command. */
export const commandNames: ReadonlyMap<string, CommandName> = new Map<string, CommandName>([
  ['build', 'build'],
  ['clean', 'clean'],
  ['clone', 'clone'],
  ['compile', 'compile'],
  ['debug', 'debug'],
  ['deps', 'deps'],
  ['diff', 'diff'],
  ['docs generate', 'docs generate'],
  ['docs serve', 'docs serve'],
  ['init', 'init'],
  ['list', 'ls'],
  ['ls', 'ls'],
  ['parse', 'parse'],
  ['retry', 'retry'],
  ['run', 'run'],
  ['run-operation', 'run-operation'],
  ['seed', 'seed'],
  ['show', 'show'],
  ['snapshot', 'snapshot'],
  ['source freshness', 'source freshness'],
  ['source snapshot-freshness', 'source freshness'],
  ['test', 'test'],
])

/** What each does, for `--help`. */
export const commandAbouts: Readonly<Record<CommandName, string>> = {
  build: 'Seeds, models, snapshots and tests, in the order of their dependencies.',
  clean: 'Removes the folders of clean-targets.',
  clone: 'Makes the relations of --state here, as clones or as views on them.',
  compile: 'Writes the SQL of models and tests without running it.',
  debug: 'Says whether project, profile and connection are right.',
  deps: 'Installs the packages of packages.yml.',
  diff: 'Compares rows of models with another target, schema or state, or with what their SQL gives now.',
  'docs generate': 'Writes manifest.json and catalog.json, and the site that shows them.',
  'docs serve': 'Serves that site on this machine.',
  init: 'Writes a new project.',
  ls: 'Lists what a selection finds.',
  parse: 'Reads the project and writes manifest.json.',
  retry: 'Runs again what failed last time, and what was skipped for it.',
  run: 'Builds models.',
  'run-operation': 'Calls a macro.',
  seed: 'Loads the CSV files.',
  show: 'Shows rows of a model, or of SQL.',
  snapshot: 'Writes history.',
  'source freshness': 'Asks how old the rows of sources are.',
  test: 'Runs data tests and unit tests.',
}
