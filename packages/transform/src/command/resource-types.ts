import type { NodeCommand } from './command-options.ts'

const refable = ['model', 'seed', 'snapshot'] as const
const tests = ['test', 'unit_test'] as const
const executable = ['model', 'test', 'snapshot', 'analysis', 'operation', 'seed', 'sql_operation'] as const
const built = ['model', 'snapshot', 'seed', 'test', 'unit_test', 'saved_query', 'exposure'] as const
const listed = [
  'model',
  'snapshot',
  'seed',
  'test',
  'source',
  'exposure',
  'metric',
  'saved_query',
  'semantic_model',
  'unit_test',
] as const

/** The kinds of nodes that a command works on when it is not told otherwise. */
const usualTypes: Readonly<Partial<Record<NodeCommand, readonly string[]>>> = {
  build: built,
  run: ['model'],
  test: tests,
  seed: ['seed'],
  snapshot: ['snapshot'],
  compile: executable,
  show: executable,
  'docs generate': [...executable, 'source'],
  ls: listed,
  clone: refable,
  diff: refable,
  freshness: ['source'],
}

/** `all` of `ls` has analyses too, which the usual list leaves out. */
const everyType: Readonly<Partial<Record<NodeCommand, readonly string[]>>> = { ls: [...listed, 'analysis'] }

/** Whose kinds `--resource-type` can choose; the others have one or one fixed set. */
const choosable = new Set<NodeCommand>(['build', 'test', 'ls', 'clone'])

export interface TypeChoice {
  readonly resourceTypes: readonly string[]
  readonly excludeResourceTypes: readonly string[]
}

/** The kinds that a command works on, after `--resource-type` and `--exclude-resource-type`. */
export function typesOfCommand(command: NodeCommand, { resourceTypes, excludeResourceTypes }: TypeChoice): string[] {
  const usual = usualTypes[command] ?? []
  if (!choosable.has(command)) return [...usual]
  const wanted = resourceTypes.length === 0 ? ['default'] : resourceTypes
  const chosen = wanted.flatMap((type) => {
    if (type === 'default') return usual
    return type === 'all' ? (everyType[command] ?? usual) : [type]
  })
  const possible = command === 'ls' ? chosen : chosen.filter((type) => usual.includes(type))
  return [...new Set(possible)].filter((type) => !excludeResourceTypes.includes(type))
}
