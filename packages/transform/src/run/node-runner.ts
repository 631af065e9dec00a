import { EclusaError } from '@eclusa/sdk'
import type { Warehouse } from '@eclusa/sdk'
import { AdapterSession, isConflict } from '../adapter/adapter-session.ts'
import type { AdapterSessionOptions } from '../adapter/adapter-session.ts'
import type { RelationCache } from '../adapter/relation-cache.ts'
import { artifactPath } from '../compile/artifact-files.ts'
import { compileNode, templateFailed } from '../compile/compile-node.ts'
import { compileUnitTest } from '../compile/compile-unit-test.ts'
import type { Batch, RunScope } from '../compile/run-scope.ts'
import { TemplateError } from '../jinja/template-error.ts'
import type { UnitTest } from '../manifest/manifest.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { RunResult, RunStatus, Timing } from '../manifest/run-result.ts'
import { materialize } from './materialize.ts'
import type { QueryComment } from './query-comment.ts'
import { isUnitTest } from './run-entry.ts'
import type { RunEntry, Runnable } from './run-entry.ts'
import { judgeUnitTest } from './unit-test-verdict.ts'
import { batchesOf, isMicrobatch } from './microbatch.ts'
import { nodeFailed } from './node-failure.ts'
import type { AuditedNode } from './publications.ts'
import type { NodeOutcome } from './run-event.ts'
import type { SessionPool } from './session-pool.ts'
import { judgeTest } from './test-verdict.ts'
import type { StatementResult } from '../compile/statement-results.ts'

/** Other models commit at the same time; DuckDB refuses the later of two changes to one catalog entry. */
const conflictAttemptsMax = 5

export interface NodeRunnerOptions {
  readonly run: RunScope
  readonly sessions: SessionPool
  readonly cache: RelationCache
  readonly warehouse: Warehouse
  /** The name of the materialization for every node: `clone`. Default: each node's own. */
  readonly materialization?: string
  readonly comment: QueryComment
}

interface Executed {
  readonly compiledCode: string | undefined
  readonly status: RunStatus
  readonly message: string | null
  readonly failures: number | null
  readonly response: Readonly<Record<string, unknown>>
  readonly rows?: number
  readonly batchResults?: RunResult['batch_results']
  /** Why it failed, where other batches were built all the same. */
  readonly error?: EclusaError
}

/** Compiles nodes and does at the warehouse what they ask for. Never rejects: a failure is a result. */
export class NodeRunner {
  readonly #options: NodeRunnerOptions

  constructor(options: NodeRunnerOptions) {
    this.#options = options
  }

  /** @param audited where the node is to be built under another name, until its tests have passed */
  async run(
    entry: Runnable,
    {
      thread,
      audited,
      beforeCommit,
    }: {
      readonly thread: number
      readonly audited?: AuditedNode | undefined
      readonly beforeCommit?: AdapterSessionOptions['beforeCommit']
    },
  ): Promise<NodeOutcome> {
    const clock = new NodeClock()
    let compiledCode: string | undefined
    try {
      const executed = await this.#options.sessions.use(async (connection) => {
        const { run, cache, comment } = this.#options
        const open = () =>
          new AdapterSession({
            connection,
            cache,
            signal: run.signal,
            threadName: threadName(thread),
            comment: comment(isUnitTest(entry) ? undefined : entry),
            beforeCommit,
          })
        const onCompiled = (code: string) => {
          compiledCode = code
        }
        return await repeatedly(open, async (session) => {
          if (isUnitTest(entry)) return await this.#executeUnitTest(entry, session, clock, onCompiled)
          if (audited !== undefined) await this.#copyForAudit(audited, session)
          const node = audited?.audit ?? entry
          return isMicrobatch(node) && this.#options.materialization === undefined
            ? await this.#executeBatches(node, session, clock, onCompiled)
            : await this.#execute(node, session, clock, onCompiled)
        })
      })
      const { rows, error } = executed
      return {
        result: resultOf(entry, { ...executed, clock, thread }),
        ...(rows === undefined ? {} : { rows }),
        ...(error === undefined ? {} : { error }),
      }
    } catch (error) {
      const known = knownError(entry, error)
      const failed = { compiledCode, status: 'error', message: known.message, failures: null, response: {} } as const
      return { result: resultOf(entry, { ...failed, clock, thread }), error: known }
    }
  }

  /** Puts what was built aside, and has passed its tests, in the place of the old relation. */
  async publish(
    { node, audit }: AuditedNode,
    { built, beforeCommit }: { readonly built: NodeOutcome } & Pick<AdapterSessionOptions, 'beforeCommit'>,
  ): Promise<NodeOutcome> {
    const { run, sessions, cache, comment } = this.#options
    const clock = new NodeClock()
    const outcomeOf = (facts: Partial<RunResult>) => {
      const seconds = built.result.execution_time + clock.seconds
      return { ...built, result: { ...built.result, execution_time: seconds, ...facts } }
    }
    try {
      await sessions.use(async (connection) => {
        const { signal } = run
        const open = () => new AdapterSession({ connection, cache, signal, comment: comment(node), beforeCommit })
        await repeatedly(open, async (session) => {
          const extra = { audit_relation: run.relationOf(audit) }
          await materialize(run, { node, compiledCode: undefined, session, name: 'publish', extra })
        })
      })
      return outcomeOf({})
    } catch (error) {
      const known = knownError(node, this.#told(node, templateFailed(node, error)))
      const message = `${known.message}\n  Not published. What was built is in ${audit.relation_name}.`
      return { ...outcomeOf({ status: 'error', message }), error: known }
    }
  }

  /** An incremental model adds its rows to a copy of what is visible. */
  async #copyForAudit({ node, audit }: AuditedNode, session: AdapterSession): Promise<void> {
    if (node.config.materialized !== 'incremental') return
    const { run } = this.#options
    const extra = { published_relation: run.relationOf(node) }
    try {
      await materialize(run, { node: audit, compiledCode: undefined, session, name: 'audit_copy', extra })
    } catch (error) {
      throw this.#told(node, templateFailed(node, error))
    }
  }

  /** Compiles an ephemeral model for those who look at it: nothing is to be built. */
  async compile(node: ManifestNode): Promise<void> {
    const { run, sessions, cache, comment } = this.#options
    await sessions.use(async (connection) => {
      await using session = new AdapterSession({ connection, cache, signal: run.signal, comment: comment(node) })
      run.files.writeCompiled(node, await compileNode(run, node, { session }))
    })
  }

  async #execute(
    node: ManifestNode,
    session: AdapterSession,
    clock: NodeClock,
    onCompiled: (code: string) => void,
  ): Promise<Executed> {
    const { run, materialization } = this.#options
    const onEphemeral = (model: ManifestNode, sql: string) => run.files.writeCompiled(model, sql)
    clock.begin('compile')
    const compiledCode =
      node.resource_type === 'seed' ? undefined : await compileNode(run, node, { session, onEphemeral })
    if (compiledCode !== undefined) {
      onCompiled(compiledCode)
      run.files.writeCompiled(node, compiledCode)
    }
    clock.begin('execute')
    try {
      const name = materialization ?? (node.resource_type === 'test' ? 'test' : undefined)
      const { main } = await materialize(run, { node, compiledCode, session, ...(name === undefined ? {} : { name }) })
      return { compiledCode, ...this.#read(node, main) }
    } catch (error) {
      throw this.#told(node, templateFailed(node, error), compiledCode)
    } finally {
      clock.end()
    }
  }

  /** Each window by itself: one that fails leaves the others. After the first has failed nothing can be built upon. */
  async #executeBatches(
    node: ManifestNode,
    session: AdapterSession,
    clock: NodeClock,
    onCompiled: (code: string) => void,
  ): Promise<Executed> {
    const { run, cache } = this.#options
    clock.begin('execute')
    const relation = await cache.get(run.relationOf(node).path, run.adapterFor(session).listing)
    const rebuilds = (node.config['full_refresh'] ?? run.execution.fullRefresh) === true
    const isIncremental = relation?.is_table === true && !rebuilds
    const { eventTimeStart, eventTimeEnd, sample } = run.execution
    const [start, end] = [sample?.start ?? eventTimeStart, sample?.end ?? eventTimeEnd]
    const batches = batchesOf(node, { isIncremental, start, end, now: new Date() })
    const [successful, failed]: [[string, string][], [string, string][]] = [[], []]
    let compiledCode: string | undefined
    let error: EclusaError | undefined
    for (const [index, batch] of batches.entries()) {
      const window: [string, string] = [batch.event_time_start, batch.event_time_end]
      if (failed.length > 0 && successful.length === 0) {
        failed.push(window)
        continue
      }
      try {
        compiledCode = await this.#executeBatch(node, session, {
          batch,
          isFirst: index === 0,
          isLast: index === batches.length - 1,
          isIncremental: index > 0 || isIncremental,
        })
        onCompiled(compiledCode)
        successful.push(window)
      } catch (cause) {
        run.signal.throwIfAborted()
        await session.rollback()
        error ??= knownError(node, cause)
        failed.push(window)
      }
    }
    clock.end()
    const total = successful.length + failed.length
    const partial = failed.length > 0 && successful.length > 0
    return {
      compiledCode,
      status: failed.length === 0 ? 'success' : partial ? 'partial success' : 'error',
      message: failed.length === 0 ? 'SUCCESS' : partial ? `PARTIAL SUCCESS (${successful.length}/${total})` : 'ERROR',
      failures: 0,
      response: {},
      batchResults: { successful, failed },
      ...(error === undefined ? {} : { error }),
    }
  }

  async #executeBatch(
    node: ManifestNode,
    session: AdapterSession,
    {
      batch,
      isFirst,
      isLast,
      isIncremental,
    }: { batch: Batch; isFirst: boolean; isLast: boolean; isIncremental: boolean },
  ): Promise<string> {
    const { run } = this.#options
    const hooks = { ...(isFirst ? {} : { 'pre-hook': [] }), ...(isLast ? {} : { 'post-hook': [] }) }
    // Macros of dbt-snowflake, and those that projects write after them, read the window there.
    const window = {
      __dbt_internal_microbatch_event_time_start: batch.event_time_start,
      __dbt_internal_microbatch_event_time_end: batch.event_time_end,
    }
    const copy: ManifestNode = { ...node, config: { ...node.config, ...hooks, ...window } }
    const overrides = isIncremental ? { macros: { is_incremental: true, should_full_refresh: false } } : {}
    const compiledCode = await compileNode(run, copy, { session, batch, overrides })
    run.files.writeCompiled(node, compiledCode)
    try {
      await materialize(run, { node: copy, compiledCode, session, batch, overrides })
    } catch (error) {
      throw this.#told(node, templateFailed(node, error), compiledCode)
    }
    await session.rollback()
    return compiledCode
  }

  async #executeUnitTest(
    test: UnitTest,
    session: AdapterSession,
    clock: NodeClock,
    onCompiled: (code: string) => void,
  ): Promise<Executed> {
    const { run } = this.#options
    clock.begin('compile')
    const { node, compiledCode } = await compileUnitTest(run, test, {
      session,
      onFixture: (fixture, sql) => run.files.writeCompiled(fixture, sql),
    })
    onCompiled(compiledCode)
    run.files.writeCompiled(node, compiledCode)
    clock.begin('execute')
    try {
      const { main } = await materialize(run, { node, compiledCode, session, name: 'unit' })
      return { compiledCode, ...judgeUnitTest(main), response: main?.response.toRecord() ?? {} }
    } catch (error) {
      throw this.#told(node, templateFailed(node, error), compiledCode)
    } finally {
      clock.end()
    }
  }

  #read(node: ManifestNode, main: StatementResult | undefined): Omit<Executed, 'compiledCode'> {
    const response = main?.response.toRecord() ?? {}
    if (node.resource_type === 'test') {
      return { ...judgeTest(node, main, this.#options.run.execution), response }
    }
    const rows = node.config.materialized === 'view' ? undefined : main?.response.rowsWritten
    return {
      status: 'success',
      // A clone that is there already sends nothing.
      message:
        main === undefined ? (this.#options.materialization === 'clone' ? 'No-op' : null) : String(main.response),
      failures: null,
      response,
      ...(rows === undefined ? {} : { rows }),
    }
  }

  #told(node: ManifestNode, error: unknown, compiledCode?: string): unknown {
    const compiledPath = artifactPath(this.#options.run.project, node, 'compiled')
    return nodeFailed(node, error, { compiledPath, compiledCode })
  }
}

/** Once, and again while another transaction was in the way and nothing of this one has stayed. */
async function repeatedly<Result>(
  open: () => AdapterSession,
  work: (session: AdapterSession) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    const session = open()
    try {
      return await work(session)
    } catch (error) {
      await session.rollback()
      const cause = error instanceof TemplateError ? error.cause : error
      if (attempt >= conflictAttemptsMax || !isConflict(cause) || !session.isRepeatable) throw error
    } finally {
      await session.rollback()
    }
  }
}

/** As Python calls the threads of dbt. */
function threadName(thread: number): string {
  return `Thread-${thread} (worker)`
}

function knownError(entry: RunEntry, error: unknown): EclusaError {
  const told = error instanceof TemplateError ? templateFailed(entry as ManifestNode, error) : error
  if (EclusaError.isInstance(told)) return told
  return new EclusaError('INTERNAL', {
    message: `${entry.name}: ${told instanceof Error ? told.message : String(told)}`,
    cause: told,
  })
}

function resultOf(
  entry: Runnable,
  facts: Omit<Executed, 'rows'> & { readonly clock: NodeClock; readonly thread: number },
): RunResult {
  const { compiledCode, clock } = facts
  return {
    status: facts.status,
    timing: clock.timing,
    thread_id: threadName(facts.thread),
    execution_time: clock.seconds,
    adapter_response: facts.response,
    message: facts.message,
    failures: facts.failures,
    unique_id: entry.unique_id,
    compiled: entry.resource_type === 'seed' ? null : compiledCode !== undefined,
    compiled_code: compiledCode ?? null,
    relation_name: isUnitTest(entry) ? null : entry.relation_name,
    batch_results: facts.batchResults ?? null,
  }
}

/** The times of a node's two phases. */
class NodeClock {
  readonly #startedAtMs = performance.now()
  readonly #timing: Timing[] = []
  #open: { name: Timing['name']; startedAt: string } | undefined

  get timing(): readonly Timing[] {
    this.end()
    return this.#timing
  }

  get seconds(): number {
    return (performance.now() - this.#startedAtMs) / 1000
  }

  begin(name: Timing['name']): void {
    this.end()
    if (name === 'compile') this.#timing.length = 0
    this.#open = { name, startedAt: timestamp() }
  }

  end(): void {
    if (this.#open === undefined) return
    const { name, startedAt } = this.#open
    this.#open = undefined
    this.#timing.push({ name, started_at: startedAt, completed_at: timestamp() })
  }
}

/** The current time with the microseconds that dbt's artifacts have. */
function timestamp(): string {
  return new Date().toISOString().replace('Z', '000Z')
}
