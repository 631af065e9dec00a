import type { StepNodeEvent, Warehouse } from '@eclusa/sdk'
import type { LoadedProject } from '../load-project.ts'
import { entryGraph } from '../command/entry-graph.ts'
import { selectEntries } from '../select/select-entries.ts'
import type { GraphEntry } from '../manifest/manifest.ts'
import type { RunResult } from '../manifest/run-result.ts'
import { executeNodes } from './execute-nodes.ts'
import type { NodeResult, NodeStatus } from './node-result.ts'
import type { RunEvent } from './run-event.ts'

export interface RunProjectOptions {
  readonly warehouse: Warehouse
  /** Terms of dbt's selection grammar. Default: everything. */
  readonly select?: readonly string[]
  readonly exclude?: readonly string[]
  /** `build` runs models, seeds, snapshots and tests, `run` models only, `test` tests only. Default `build`. */
  readonly command?: 'build' | 'run' | 'test' | 'seed' | 'snapshot'
  /** Rebuild incremental models. Default false. */
  readonly fullRefresh?: boolean
  /** Leave out what has not changed since it was built. Default false. */
  readonly onlyStale?: boolean
  /** Skip what has not begun when something fails. Default false. */
  readonly failFast?: boolean
  readonly signal: AbortSignal
  emit?(event: StepNodeEvent): void
}

export interface RunProjectResult {
  readonly results: readonly NodeResult[]
  readonly counts: Readonly<Record<'pass' | 'warn' | 'error' | 'skip' | 'unchanged' | 'total', number>>
}

/**
 * Builds the selected nodes in the order of their dependencies, as many at once as the target has threads, each followed
 * by its tests. What depends on a failure is skipped; everything else goes on.
 *
 * @throws SELECTION_INVALID; CANCELLED by way of the signal. A failing model is a result, not an error.
 */
export async function runProject(project: LoadedProject, options: RunProjectOptions): Promise<RunProjectResult> {
  const {
    warehouse,
    select = [],
    exclude = [],
    command = 'build',
    fullRefresh = false,
    failFast = false,
    onlyStale = false,
  } = options
  const results: NodeResult[] = []
  await executeNodes(project, {
    ids: selectEntries(project.manifest, entryGraph(project), {
      select,
      exclude,
      indirectSelection: 'eager',
      selectors: project.selectors,
    }),
    command,
    execution: {
      threads: project.scope.target.threads,
      fullRefresh,
      failFast,
      empty: false,
      storeFailures: false,
      onlyStale,
      warnError: false,
    },
    warehouse,
    signal: options.signal,
    emit: (event) => {
      if (event.type === 'finished') results.push(nodeResultOf(event))
      if (event.type === 'log') project.scope.log[event.level](event.message)
      const told = stepEventOf(event)
      if (told !== undefined) options.emit?.(told)
    },
  })
  return { results, counts: countResults(results) }
}

type Finished = Extract<RunEvent, { readonly type: 'finished' }>

function nodeResultOf({ node, result, error, rows }: Finished): NodeResult {
  return {
    uniqueId: node.unique_id,
    name: node.name,
    resourceType: node.resource_type as NodeResult['resourceType'],
    status: statusOf(node, result),
    durationMs: Math.round(result.execution_time * 1000),
    ...(rows === undefined ? {} : { rows }),
    ...(result.failures === null ? {} : { failures: result.failures }),
    ...(result.message === null ? {} : { message: result.message }),
    ...(error === undefined ? {} : { error }),
  }
}

function statusOf({ resource_type: type }: GraphEntry, { status }: RunResult): NodeStatus {
  switch (status) {
    case 'runtime error':
    case 'partial success':
      return 'error'
    case 'no-op':
      return type === 'exposure' || type === 'saved_query' ? 'success' : 'unchanged'
    default:
      return status
  }
}

function stepEventOf(event: RunEvent): StepNodeEvent | undefined {
  if (event.type !== 'started' && event.type !== 'finished') return undefined
  const node = { nodeType: event.node.resource_type, node: event.node.name }
  if (event.type === 'started') return { ...node, status: 'started' }
  const { status, message, rows, durationMs } = nodeResultOf(event)
  return {
    ...node,
    status: eventStatus(status),
    durationMs,
    ...(rows === undefined ? {} : { rows }),
    ...(message === undefined ? {} : { message }),
  }
}

function eventStatus(status: NodeStatus): StepNodeEvent['status'] {
  if (status === 'success' || status === 'pass') return 'succeeded'
  if (status === 'warn') return 'warned'
  return status === 'skipped' || status === 'unchanged' ? 'skipped' : 'failed'
}

function countResults(results: readonly NodeResult[]): RunProjectResult['counts'] {
  const count = (...statuses: NodeStatus[]) => results.filter(({ status }) => statuses.includes(status)).length
  return {
    pass: count('success', 'pass'),
    warn: count('warn'),
    error: count('error', 'fail'),
    skip: count('skipped'),
    unchanged: count('unchanged'),
    total: results.length,
  }
}
