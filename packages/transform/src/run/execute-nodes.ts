import { formatError } from '@eclusa/sdk'
import type { Warehouse } from '@eclusa/sdk'
import { AdapterSession } from '../adapter/adapter-session.ts'
import { RelationCache } from '../adapter/relation-cache.ts'
import { createSchemas } from '../adapter/warehouse-macros.ts'
import type { ExecutionOptions, NodeCommand } from '../command/command-options.ts'
import { RunScope } from '../compile/run-scope.ts'
import type { Deferral } from '../compile/run-scope.ts'
import type { LoadedProject } from '../load-project.ts'
import { isEphemeral, relationOf } from '../manifest/node.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { RunResult } from '../manifest/run-result.ts'
import { NodeRunner } from './node-runner.ts'
import { Publications } from './publications.ts'
import type { AuditedNode } from './publications.ts'
import type { NodeOutcome, RunEvent } from './run-event.ts'
import { queryComment } from './query-comment.ts'
import type { QueryComment } from './query-comment.ts'
import { runHooks } from './run-hooks.ts'
import type { HookPhase } from './run-hooks.ts'
import { isIdle, isUnitTest, runEntries } from './run-entry.ts'
import type { RunEntry, Runnable } from './run-entry.ts'
import { RunOrder } from './run-order.ts'
import { runSchedule } from './scheduler.ts'
import { SessionPool } from './session-pool.ts'
import { Staleness } from '../stale/staleness.ts'
import type { PendingBuild } from '../stale/staleness.ts'

export interface ExecuteNodesOptions {
  /** Unique ids of what is selected; what the command does not run among them is passed over. */
  readonly ids: ReadonlySet<string>
  readonly command: NodeCommand
  readonly execution: ExecutionOptions
  readonly warehouse: Warehouse
  readonly deferral?: Deferral
  readonly signal: AbortSignal
  emit(event: RunEvent): void
}

/**
 * Runs nodes in the order of their dependencies, as many at once as there are threads. What depends on a failure is
 * skipped; everything else goes on, unless `failFast`. @returns results in the order in which nodes ended.
 *
 * @throws the signal's reason. A failing node is a result, not an error.
 */
export async function executeNodes(
  project: LoadedProject,
  options: ExecuteNodesOptions,
): Promise<readonly RunResult[]> {
  await using sessions = new SessionPool(options.warehouse)
  const run = new NodesRun(project, options, sessions)
  try {
    await run.execute()
  } finally {
    run.settleFiles()
  }
  options.signal.throwIfAborted()
  return run.results
}

/** What is there under another name. */
interface BuiltAside {
  readonly outcome: NodeOutcome
  readonly index: number
  readonly pending: PendingBuild | undefined
}

class NodesRun {
  readonly results: RunResult[] = []
  readonly #project: LoadedProject
  readonly #options: ExecuteNodesOptions
  readonly #run: RunScope
  readonly #cache: RelationCache
  readonly #sessions: SessionPool
  readonly #runner: NodeRunner
  readonly #comment: QueryComment
  readonly #byId: ReadonlyMap<string, RunEntry>
  readonly #publications: Publications
  /** What is built aside and waits for its tests, by unique id. */
  readonly #built = new Map<string, BuiltAside>()
  readonly #staleness: Staleness
  readonly #order: RunOrder
  readonly #failed = new Set<string>()
  /** By what was skipped for it: the ephemeral model that cannot be compiled. */
  readonly #brokenEphemeral = new Map<string, string>()
  readonly #threads: boolean[] = []
  #started = 0
  /** Why nothing is begun any more. */
  #stopped: string | undefined

  constructor(project: LoadedProject, options: ExecuteNodesOptions, sessions: SessionPool) {
    const { ids, command, execution, warehouse, deferral, signal } = options
    this.#project = project
    this.#options = options
    this.#sessions = sessions
    this.#byId = new Map(runEntries(project, ids, command).map((entry) => [entry.unique_id, entry]))
    this.#run = new RunScope({
      project,
      command,
      execution,
      selected: ids,
      signal,
      ...(deferral === undefined ? {} : { deferral }),
    })
    this.#cache = new RelationCache()
    this.#comment = queryComment(this.#run)
    this.#runner = new NodeRunner({
      comment: this.#comment,
      run: this.#run,
      sessions,
      cache: this.#cache,
      warehouse,
      ...(command === 'clone' ? { materialization: 'clone' } : {}),
    })
    this.#publications = new Publications({ project, entries: this.#byId, command, dialect: this.#run.scope.dialect })
    this.#order = new RunOrder({ project, entries: this.#byId, publications: this.#publications, command })
    this.#publications.chooseTests((id) => this.#order.waitsFor(id))
    this.#staleness = new Staleness({
      run: this.#run,
      sessions,
      cache: this.#cache,
      recordsFresh: command !== 'clone',
      emit: (event) => options.emit(event),
    })
  }

  async execute(): Promise<void> {
    this.#tellUntested()
    await this.#prepareSchemas()
    await this.#staleness.open(this.#byId.values())
    await this.#runHooks('on-run-start')
    await runSchedule({
      ids: this.#publications.withPublishing([...this.#byId.keys()]),
      concurrency: this.#options.execution.threads,
      waitsFor: (id) => this.#order.waitsFor(id),
      run: async (id) => await this.#runScheduled(id),
    })
    if (this.#options.signal.aborted) return
    await this.#compileEphemeral()
    await this.#runHooks('on-run-end')
  }

  #tellUntested(): void {
    const { untested } = this.#publications
    if (untested.length === 0) return
    const message = `publish: after_tests, and no test of it in this run, so that what is built is visible at once: ${untested.join(', ')}. \`build\` runs the tests.`
    this.#options.emit({ type: 'log', level: 'warn', message })
  }

  settleFiles(): void {
    this.#run.files.settle()
  }

  /**
   * Nobody runs an ephemeral model, but its compiled SQL is looked at, unless what it reads has failed. One that cannot be
   * compiled is told of.
   */
  async #compileEphemeral(): Promise<void> {
    const { command, ids } = this.#options
    if (command !== 'run' && command !== 'build') return
    for (const id of ids) {
      const node = this.#project.nodes.get(id)
      if (node === undefined || node.resource_type !== 'model' || !isEphemeral(node)) continue
      if (this.#order.waitsFor(id).some((other) => this.#failed.has(other))) continue
      try {
        await this.#runner.compile(node)
      } catch (error) {
        this.#options.signal.throwIfAborted()
        this.#options.emit({ type: 'log', level: 'error', message: formatError(error) })
      }
    }
  }

  /** Nodes are run even if a hook at the start fails: dbt skips them only where a flag of the project says so. */
  async #runHooks(phase: HookPhase): Promise<void> {
    const hooks = await runHooks({
      run: this.#run,
      sessions: this.#sessions,
      cache: this.#cache,
      comment: this.#comment,
      phase,
      results: this.results,
      emit: (event) => this.#options.emit(event),
    })
    this.results.push(...hooks)
    const isObeyed = this.#project.settings.flags['skip_nodes_if_on_run_start_fails'] === true
    if (isObeyed && phase === 'on-run-start' && hooks.some(isFailure)) this.#stopped = 'on-run-start error'
  }

  /**
   * Before any node runs, so that two of one schema do not create it at the same time. What stands in those schemas is
   * listed then too: a node that had to ask would do so within its transaction.
   */
  async #prepareSchemas(): Promise<void> {
    const entries = [...this.#byId.values()].filter((entry) => !isUnitTest(entry) && !isIdle(entry))
    if (entries.length === 0) return
    const paths = (nodes: readonly ManifestNode[]) => {
      const relations = nodes.map((node) => relationOf(node))
      return [...new Map(relations.map((relation) => [`${relation.database}.${relation.schema}`, relation])).values()]
    }
    await this.#sessions.use(async (connection) => {
      const { signal } = this.#options
      const options = { connection, cache: this.#cache, signal, comment: this.#comment(undefined) }
      await using session = new AdapterSession(options)
      const adapter = this.#run.adapterFor(session)
      await createSchemas(adapter, paths(entries.filter((entry) => hasSchema(entry, this.#options.execution))))
      if (this.#options.execution.populatesCache === false) return
      for (const path of paths(entries.filter(({ resource_type: type }) => type !== 'test')))
        await this.#cache.list(path, adapter.listing)
    })
  }

  async #runScheduled(id: string): Promise<void> {
    const published = this.#publications.publishedBy(id)
    await (published === undefined ? this.#runNode(this.#byId.get(id)!) : this.#publish(id, published))
  }

  async #runNode(node: RunEntry): Promise<void> {
    const { unique_id: id } = node
    const culprit = this.#order.waitsFor(id).find((other) => this.#failed.has(other))
    const index = (this.#started += 1)
    if (culprit !== undefined || this.#stopped !== undefined || this.#options.signal.aborted) {
      const reason =
        culprit === undefined ? `Skipping due to ${this.#stopped ?? 'cancellation'}` : this.#skipReason(id, culprit)
      this.#record(node, { result: resultWithout(node, 'skipped', reason) }, index)
      return
    }
    if (isIdle(node)) {
      this.#record(node, { result: resultWithout(node, 'no-op', 'NO-OP') }, index)
      return
    }
    const pending = await this.#onThread(async () => await this.#prepare(node))
    if (pending?.unchangedSince !== undefined) {
      this.#record(node, { result: resultWithout(node, 'no-op', `Unchanged since ${pending.unchangedSince}`) }, index)
      return
    }
    this.#options.emit({ type: 'started', node, index, total: this.#byId.size })
    const audited = this.#publications.get(id)
    const outcome = await this.#onThread(async (thread) => {
      const beforeCommit = audited === undefined ? await this.#recordingOf(pending, { isPublishing: false }) : undefined
      return await this.#runner.run(node, { thread, audited, beforeCommit })
    })
    const told = this.#blamed(outcome)
    if (audited === undefined || told.result.status !== 'success') await this.#end(node, told, { index, pending })
    else this.#keepForTests(audited, { outcome, index, pending })
  }

  /** As in dbt a model is skipped, and no failure, where an ephemeral model of this run that it reads cannot be compiled. */
  #blamed(outcome: NodeOutcome): NodeOutcome {
    const { result, error } = outcome
    const blamed = error?.details['node']
    const culprit = typeof blamed === 'string' ? this.#project.nodes.get(blamed) : undefined
    if (culprit === undefined || culprit.unique_id === result.unique_id || !this.#options.ids.has(culprit.unique_id))
      return outcome
    this.#failed.add(culprit.unique_id)
    this.#brokenEphemeral.set(result.unique_id, culprit.unique_id)
    const message = causedByEphemeral(result.unique_id, culprit.unique_id)
    return { ...outcome, result: { ...result, status: 'skipped', message } }
  }

  #skipReason(id: string, parent: string): string {
    const ephemeral = this.#brokenEphemeral.get(parent)
    if (ephemeral === undefined) return `Skipping due to a failure in ${this.#nameOf(parent)}`
    this.#brokenEphemeral.set(id, ephemeral)
    return causedByEphemeral(id, ephemeral)
  }

  /** What cannot be told of a node does not keep it from being built. */
  async #prepare(node: Runnable): Promise<PendingBuild | undefined> {
    try {
      return await this.#staleness.prepare(node)
    } catch (error) {
      this.#tellOfRecords(error)
      return undefined
    }
  }

  async #recordingOf(pending: PendingBuild | undefined, how: { readonly isPublishing: boolean }) {
    if (pending === undefined) return undefined
    try {
      return await this.#staleness.recordingOf(pending, how)
    } catch (error) {
      this.#tellOfRecords(error)
      return undefined
    }
  }

  async #end(
    node: RunEntry,
    outcome: NodeOutcome,
    { index, pending }: { readonly index: number; readonly pending: PendingBuild | undefined },
  ): Promise<void> {
    const { status } = outcome.result
    try {
      if (pending !== undefined) await this.#staleness.end(pending, status === 'success' || status === 'pass')
    } catch (error) {
      this.#tellOfRecords(error)
    }
    this.#record(node, outcome, index)
  }

  #tellOfRecords(error: unknown): void {
    if (this.#options.signal.aborted) return
    const reason = error instanceof Error ? error.message : String(error)
    this.#options.emit({ type: 'log', level: 'warn', message: `The record of a build could not be kept: ${reason}` })
  }

  /** What is built aside is told of when it is published, or when its tests have spoken against it. */
  #keepForTests({ node, audit }: AuditedNode, built: BuiltAside): void {
    const { outcome, index, pending } = built
    this.#built.set(node.unique_id, built)
    if (pending !== undefined) this.#staleness.builtAside(pending)
    this.#run.unpublished.set(node.unique_id, this.#run.relationOf(audit))
    const { execution_time: seconds } = outcome.result
    this.#options.emit({ type: 'built aside', node, index, total: this.#byId.size, name: audit.alias, seconds })
  }

  /** After a failure of the node there is nothing to publish, nor where it was not built because nothing has changed. */
  async #publish(scheduleId: string, audited: AuditedNode): Promise<void> {
    const { node, audit } = audited
    const built = this.#built.get(node.unique_id)
    if (built === undefined) {
      if (this.#failed.has(node.unique_id)) this.#failed.add(scheduleId)
      return
    }
    const { outcome, index, pending } = built
    const obstacle = this.#obstacleTo(audited)
    const published =
      obstacle === undefined
        ? await this.#onThread(async () => {
            const beforeCommit = await this.#recordingOf(pending, { isPublishing: true })
            return await this.#runner.publish(audited, { built: outcome, beforeCommit })
          })
        : withheld(
            outcome,
            `${obstacle}. What was built is in ${audit.relation_name}; ${node.relation_name} is as it was.`,
          )
    this.#run.unpublished.delete(node.unique_id)
    if (isFailure(published.result)) this.#failed.add(scheduleId)
    await this.#end(node, published, { index, pending })
  }

  /** Why what is built may not be seen; undefined when all tests have passed. */
  #obstacleTo({ tests }: AuditedNode): string | undefined {
    const failed = tests.filter((test) => this.#failed.has(test)).map((test) => this.#nameOf(test))
    if (failed.length > 0) return `Not published, for it has not passed ${failed.join(', ')}`
    const { signal } = this.#options
    if (this.#stopped === undefined && !signal.aborted) return undefined
    return `Not published due to ${signal.aborted ? 'cancellation' : this.#stopped}`
  }

  async #onThread<Result>(work: (thread: number) => Promise<Result>): Promise<Result> {
    const thread = this.#takeThread()
    try {
      return await work(thread + 1)
    } finally {
      this.#threads[thread] = false
    }
  }

  #nameOf(id: string): string {
    return this.#byId.get(id)?.name ?? this.#publications.publishedBy(id)?.node.name ?? id
  }

  #takeThread(): number {
    const free = this.#threads.indexOf(false)
    const thread = free < 0 ? this.#threads.length : free
    this.#threads[thread] = true
    return thread
  }

  #record(node: RunEntry, outcome: NodeOutcome, index: number): void {
    const { result } = outcome
    this.results.push(result)
    if (isFailure(result)) {
      this.#failed.add(node.unique_id)
      if (this.#options.execution.failFast) this.#stopped = 'fail_fast'
    } else if (result.status === 'skipped') {
      this.#failed.add(node.unique_id)
    }
    this.#options.emit({ type: 'finished', node, index, total: this.#byId.size, ...outcome })
  }
}

function causedByEphemeral(id: string, ephemeral: string): string {
  return `Compilation Error in ${id}, caused by compilation error in referenced ephemeral model ${ephemeral}`
}

export function isFailure({ status }: Pick<RunResult, 'status'>): boolean {
  return status === 'error' || status === 'fail' || status === 'runtime error' || status === 'partial success'
}

/** The result of what was built and is not to be seen. */
function withheld({ result }: NodeOutcome, message: string): NodeOutcome {
  return { result: { ...result, status: 'error', message } }
}

/** Whether something is to stand in the node's schema after it has run. */
function hasSchema(node: ManifestNode, { storeFailures }: ExecutionOptions): boolean {
  if (node.resource_type !== 'test') return true
  return node.config['store_failures'] === true || (storeFailures && node.config['store_failures'] !== false)
}

/** The result of what was not run. */
function resultWithout(entry: RunEntry, status: 'skipped' | 'no-op', message: string): RunResult {
  return {
    status,
    timing: [],
    thread_id: 'Thread-1 (worker)',
    execution_time: 0,
    adapter_response: {},
    message,
    failures: status === 'no-op' ? 0 : null,
    unique_id: entry.unique_id,
    compiled: isIdle(entry) ? null : false,
    compiled_code: null,
    relation_name: isUnitTest(entry) || isIdle(entry) ? null : entry.relation_name,
    batch_results: null,
  }
}
