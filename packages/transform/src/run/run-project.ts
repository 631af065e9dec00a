import { EclusaError } from '@eclusa/sdk'
import type { StepNodeEvent, Warehouse } from '@eclusa/sdk'
import { selectNodes } from '../select/select-nodes.ts'
import type { LoadedProject } from '../load-project.ts'
import { isEphemeral } from '../manifest/node.ts'
import type { ModelNode, ProjectNode, TestNode } from '../manifest/node.ts'
import { NodeExecutor } from './node-executor.ts'
import type { NodeResult, NodeStatus } from './node-result.ts'
import { runSchedule } from './scheduler.ts'
import { SessionPool } from './session-pool.ts'

export interface RunProjectOptions {
  readonly warehouse: Warehouse
  /** Terms of dbt's selection grammar. Default: everything. */
  readonly select?: readonly string[]
  readonly exclude?: readonly string[]
  /** `build` runs models and tests, `run` models only, `test` tests only. Default `build`. */
  readonly command?: 'build' | 'run' | 'test'
  /** Rebuild incremental models. Default false. */
  readonly fullRefresh?: boolean
  /** Skip what has not begun when something fails. Default false. */
  readonly failFast?: boolean
  readonly signal: AbortSignal
  emit?(event: StepNodeEvent): void
}

export interface RunProjectResult {
  readonly results: readonly NodeResult[]
  readonly counts: Readonly<Record<'pass' | 'warn' | 'error' | 'skip' | 'total', number>>
}

/**
 * Builds the selected models in the order of their dependencies, as many at once as the target has threads, each
 * followed by its tests. What depends on a failure is skipped; everything else goes on.
 *
 * @throws SELECTION_INVALID; CANCELLED by way of the signal. A failing model is a result, not an error.
 */
export async function runProject(project: LoadedProject, options: RunProjectOptions): Promise<RunProjectResult> {
  await using sessions = new SessionPool(options.warehouse)
  const run = new ProjectRun(project, options, new NodeExecutor(project, sessions, options))
  await run.execute()
  options.signal.throwIfAborted()
  return { results: run.results, counts: countResults(run.results) }
}

class ProjectRun {
  readonly results: NodeResult[] = []
  readonly #project: LoadedProject
  readonly #options: RunProjectOptions
  readonly #executor: NodeExecutor
  readonly #failed = new Set<string>()
  #stopped = false

  constructor(project: LoadedProject, options: RunProjectOptions, executor: NodeExecutor) {
    this.#project = project
    this.#options = options
    this.#executor = executor
  }

  async execute(): Promise<void> {
    const nodes = this.#chosenNodes()
    const byId = new Map(nodes.map((node) => [node.unique_id, node]))
    await this.#executor.createSchemas(nodes.filter((node) => node.resource_type === 'model'))
    await runSchedule({
      ids: [...byId.keys()],
      concurrency: this.#project.scope.target.threads,
      waitsFor: (id) => this.#waitsFor(id, byId),
      run: async (id) => await this.#runNode(byId.get(id)!, byId),
    })
  }

  #chosenNodes(): (ModelNode | TestNode)[] {
    const { select = [], exclude = [], command = 'build' } = this.#options
    const chosen = selectNodes(this.#project.nodes, this.#project.graph, { select, exclude })
    return [...this.#project.nodes.values()]
      .filter(isRunnable)
      .filter((node) => chosen.has(node.unique_id) && !isEphemeral(node))
      .filter((node) => command === 'build' || (command === 'test') === (node.resource_type === 'test'))
  }

  /**
   * Its parents, ephemeral ones replaced by theirs; and, in a build, the tests of those parents: what fails a test is
   * not built upon. Tests wait for nothing but models.
   */
  #waitsFor(id: string, byId: ReadonlyMap<string, ModelNode | TestNode>): string[] {
    const parents = this.#builtParents(id)
    if (byId.get(id)?.resource_type === 'test') return parents
    const tests = parents
      .flatMap((parent) => this.#project.graph.children(parent))
      .filter((child) => byId.get(child)?.resource_type === 'test')
    // A test that looks at this model too, as a relationship does, waits for it and not the other way round.
    const below = this.#project.graph.reachable(id, 'children')
    return [...parents, ...tests.filter((test) => !below.has(test))]
  }

  #builtParents(id: string): string[] {
    return this.#project.graph.parents(id).flatMap((parent) => {
      const node = this.#project.nodes.get(parent)
      return node !== undefined && isEphemeral(node) ? this.#builtParents(parent) : [parent]
    })
  }

  async #runNode(node: ModelNode | TestNode, byId: ReadonlyMap<string, ModelNode | TestNode>): Promise<void> {
    const culprit = this.#waitsFor(node.unique_id, byId).find((id) => this.#failed.has(id))
    if (culprit !== undefined || this.#stopped || this.#options.signal.aborted) {
      const reason = culprit === undefined ? 'an earlier node failed' : `${byId.get(culprit)?.name ?? culprit} failed`
      this.#record(node, { status: 'skipped', durationMs: 0, message: reason })
      return
    }
    this.#emit(node, { status: 'started' })
    const startedAtMs = performance.now()
    const outcome = await this.#attempt(node)
    this.#record(node, { ...outcome, durationMs: Math.round(performance.now() - startedAtMs) })
  }

  async #attempt(
    node: ModelNode | TestNode,
  ): Promise<Omit<NodeResult, 'uniqueId' | 'name' | 'resourceType' | 'durationMs'>> {
    try {
      return await this.#executor.run(node)
    } catch (error) {
      const known = EclusaError.isInstance(error)
        ? error
        : new EclusaError('INTERNAL', {
            message: `${node.name}: ${error instanceof Error ? error.message : String(error)}`,
            cause: error,
          })
      return { status: 'error', message: known.message, error: known }
    }
  }

  #record(node: ModelNode | TestNode, outcome: Omit<NodeResult, 'uniqueId' | 'name' | 'resourceType'>): void {
    const { unique_id: uniqueId, name, resource_type: resourceType } = node
    this.results.push({ uniqueId, name, resourceType, ...outcome })
    if (isFailure(outcome.status)) {
      this.#failed.add(uniqueId)
      if (this.#options.failFast === true) this.#stopped = true
    } else if (outcome.status === 'skipped') {
      this.#failed.add(uniqueId)
    }
    const { status: _, ...facts } = outcome
    this.#emit(node, { status: eventStatus(outcome.status), durationMs: facts.durationMs, ...pickDefined(facts) })
  }

  #emit(node: ModelNode | TestNode, event: Omit<StepNodeEvent, 'nodeType' | 'node'>): void {
    this.#options.emit?.({ nodeType: node.resource_type, node: node.name, ...event })
  }
}

function pickDefined({ rows, message }: { readonly rows?: number; readonly message?: string }): {
  rows?: number
  message?: string
} {
  return { ...(rows === undefined ? {} : { rows }), ...(message === undefined ? {} : { message }) }
}

function isFailure(status: NodeStatus): boolean {
  return status === 'error' || status === 'fail'
}

function eventStatus(status: NodeStatus): StepNodeEvent['status'] {
  if (status === 'success' || status === 'pass') return 'succeeded'
  if (status === 'warn') return 'warned'
  return status === 'skipped' ? 'skipped' : 'failed'
}

function countResults(results: readonly NodeResult[]): RunProjectResult['counts'] {
  const count = (...statuses: NodeStatus[]) => results.filter(({ status }) => statuses.includes(status)).length
  return {
    pass: count('success', 'pass'),
    warn: count('warn'),
    error: count('error', 'fail'),
    skip: count('skipped'),
    total: results.length,
  }
}

function isRunnable(node: ProjectNode): node is ModelNode | TestNode {
  return node.resource_type === 'model' || node.resource_type === 'test'
}
