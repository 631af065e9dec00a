import { EclusaError } from '@eclusa/sdk'
import { AdapterSession } from '../adapter/adapter-session.ts'
import type { RelationCache } from '../adapter/relation-cache.ts'
import { compileNode, templateFailed } from '../compile/compile-node.ts'
import type { RunScope } from '../compile/run-scope.ts'
import { RecordValue, SettingsValue } from '../context/record-value.ts'
import { PyTuple } from '../jinja/python-collections.ts'
import { isRecord } from '../manifest/node-config.ts'
import type { ManifestNode, OperationNode } from '../manifest/node.ts'
import type { RunResult } from '../manifest/run-result.ts'
import type { QueryComment } from './query-comment.ts'
import type { RunEvent } from './run-event.ts'
import type { SessionPool } from './session-pool.ts'
import { complaintOf } from './warehouse-complaint.ts'

export type HookPhase = 'on-run-start' | 'on-run-end'

export interface RunHooksOptions {
  readonly run: RunScope
  readonly sessions: SessionPool
  readonly cache: RelationCache
  readonly comment: QueryComment
  readonly phase: HookPhase
  /** What ran before: `results`, `schemas` and `database_schemas` of on-run-end. */
  readonly results: readonly RunResult[]
  emit(event: RunEvent): void
}

/**
 * Runs the project's hooks one after the other, those of packages first, each statement committed by itself. After one
 * that fails the others are skipped. @returns their results.
 */
export async function runHooks(options: RunHooksOptions): Promise<RunResult[]> {
  const { run } = options
  const hooks = hooksOfPhase(options)
  const results: RunResult[] = []
  let failed = false
  for (const [index, hook] of hooks.entries()) {
    const name = `${hook.package_name}.${options.phase}.${index}`
    const startedAtMs = performance.now()
    const error: EclusaError | undefined = failed ? undefined : await runHook(hook, options)
    const seconds = (performance.now() - startedAtMs) / 1000
    const status: 'skipped' | 'success' | 'error' = failed ? 'skipped' : error === undefined ? 'success' : 'error'
    const ending = { success: 'passed', skipped: 'skipped', error: `failed, error:\n ${error?.message ?? ''}` }[status]
    failed ||= status === 'error'
    const result = hookResult(hook, { status, message: `${name} ${ending}`, seconds })
    results.push(result)
    const place = { index: index + 1, total: hooks.length }
    options.emit({
      type: 'hook',
      name,
      status,
      seconds,
      node: hook,
      result,
      ...place,
      ...(error === undefined ? {} : { error }),
    })
  }
  run.files.settle()
  return results
}

function hooksOfPhase({ run, phase }: RunHooksOptions): OperationNode[] {
  const { name: root, nodes } = run.project
  // The root project's own come last.
  const rank = (node: OperationNode) => (node.package_name === root ? '\u{10ffff}' : node.package_name)
  return [...nodes.values()]
    .filter((node): node is OperationNode => node.resource_type === 'operation' && node.tags.includes(phase))
    .toSorted((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : (a.index ?? 0) - (b.index ?? 0)))
}

async function runHook(hook: OperationNode, options: RunHooksOptions): Promise<EclusaError | undefined> {
  const { run, sessions, cache, comment, phase } = options
  let sql: string | undefined
  try {
    await sessions.use(async (connection) => {
      const session = new AdapterSession({ connection, cache, signal: run.signal, comment: comment(hook) })
      try {
        const extra = phase === 'on-run-end' ? endNames(options) : {}
        sql = await compileNode(run, hook, { session, extra })
        run.files.writeCompiled(hook, sql)
        if (sql.trim() !== '') await session.execute(sql, { autoBegin: false })
        await session.commit()
      } finally {
        await session.rollback()
      }
    })
    return undefined
  } catch (error) {
    if (run.signal.aborted) throw error
    const known = templateFailed(hook, error)
    // As in dbt: what cannot even be rendered ends the run before its nodes, a statement that fails does not.
    if (sql === undefined && phase === 'on-run-start') throw known
    if (EclusaError.isInstance(known)) return told(known, sql)
    return new EclusaError('INTERNAL', {
      message: known instanceof Error ? known.message : String(known),
      cause: known,
    })
  }
}

/** The warehouse's complaint as that of a node is told. */
function told(error: EclusaError, sql: string | undefined): EclusaError {
  if (error.code !== 'WAREHOUSE_STATEMENT_FAILED') return error
  return new EclusaError('MODEL_FAILED', { message: complaintOf(error, sql), cause: error })
}

/** What a hook at the end sees of the run. */
function endNames({ run, results }: RunHooksOptions): Record<string, unknown> {
  const built = results
    .filter(({ status }) => status !== 'error' && status !== 'fail' && status !== 'skipped')
    .map(({ unique_id: id }) => run.project.nodes.get(id))
    .filter((node): node is ManifestNode => node !== undefined && isRelational(node as ManifestNode))
  const pairs = new Map(built.map(({ database, schema }) => [`${database}.${schema}`, new PyTuple([database, schema])]))
  return {
    // dbt leaves out the hooks themselves, unless they failed.
    results: results
      .filter(({ thread_id: thread, status }) => thread !== 'main' || status === 'error')
      .map((result) => resultValue(result, run.project.nodes.get(result.unique_id))),
    schemas: [...new Set(built.map(({ schema }) => schema))],
    database_schemas: [...pairs.values()],
  }
}

function isRelational({ resource_type: type }: ManifestNode): boolean {
  return type === 'model' || type === 'seed' || type === 'snapshot'
}

/** dbt's RunResult for templates: the record with the node. */
function resultValue(result: RunResult, node: object | undefined): RecordValue {
  const fields = { ...result, node: node === undefined ? null : nodeValue(node) }
  const timing = result.timing.map((phase) => new RecordValue('TimingInfo', { ...phase }))
  return new RecordValue('RunResult', { ...fields, timing }, () => ({ ...result, node: node ?? null }))
}

function nodeValue(node: object): RecordValue {
  const settings = 'config' in node && isRecord(node.config) ? { config: new SettingsValue(node.config) } : {}
  return new RecordValue('Node', { ...node, ...settings }, () => ({ ...node }))
}

function hookResult(
  hook: OperationNode,
  {
    status,
    message,
    seconds,
  }: { readonly status: RunResult['status']; readonly message: string; readonly seconds: number },
): RunResult {
  return {
    status,
    timing: [],
    thread_id: 'main',
    execution_time: seconds,
    adapter_response: {},
    message,
    failures: status === 'success' ? 0 : 1,
    unique_id: hook.unique_id,
    compiled: true,
    compiled_code: null,
    relation_name: null,
    batch_results: null,
  }
}
