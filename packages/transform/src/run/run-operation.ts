import { EclusaError } from '@eclusa/sdk'
import type { Warehouse } from '@eclusa/sdk'
import { AdapterSession } from '../adapter/adapter-session.ts'
import { RelationCache } from '../adapter/relation-cache.ts'
import { templateFailed } from '../compile/compile-node.ts'
import { operationNode } from '../compile/operation-node.ts'
import { RunScope } from '../compile/run-scope.ts'
import { boundMacro } from '../context/macro-library.ts'
import type { MacroDefinition, MacroLibrary } from '../context/macro-library.ts'
import { callDirectly } from '../jinja/call.ts'
import type { LoadedProject } from '../load-project.ts'
import type { OperationNode } from '../manifest/node.ts'
import type { RunResult } from '../manifest/run-result.ts'
import { executionDefault } from './compile-nodes.ts'
import { queryComment } from './query-comment.ts'
import type { RunEvent } from './run-event.ts'
import { complaintOf } from './warehouse-complaint.ts'

export interface RunOperationOptions {
  /** `macro` or `package.macro`. */
  readonly macro: string
  readonly args: Readonly<Record<string, unknown>>
  readonly warehouse: Warehouse
  readonly signal: AbortSignal
  emit(event: RunEvent): void
}

/**
 * Calls a macro. What it began and did not commit is rolled back, as in dbt. @returns dbt's result; its message says why
 * the macro failed.
 *
 * @throws COMMAND_INVALID when there is no such macro.
 */
export async function runOperation(project: LoadedProject, options: RunOperationOptions): Promise<RunResult> {
  const { warehouse, signal, args } = options
  const run = new RunScope({
    project,
    command: 'run-operation',
    execution: executionDefault,
    selected: new Set(),
    signal,
  })
  const macro = findMacro(run.scope.macros, options.macro, project.name)
  if (macro === undefined) {
    throw new EclusaError('COMMAND_INVALID', {
      message: `dbt could not find a macro with the name '${options.macro}' in any package`,
      remedy: 'Name a macro of the project, or one of a package as package.macro.',
    })
  }
  const node = operationNode(project, macro.name, macro.uniqueId)
  const startedAt = new Date()
  const error = await callMacro(run, macro, { node, args, warehouse })
  const completedAt = new Date()
  if (error !== undefined) {
    const message = `Encountered an error while running operation: ${error.message}`
    options.emit({ type: 'log', level: 'error', message })
  }
  const stamp = (time: Date) => time.toISOString().replace('Z', '000Z')
  return {
    status: error === undefined ? 'success' : 'error',
    timing: [{ name: 'execute', started_at: stamp(startedAt), completed_at: stamp(completedAt) }],
    thread_id: 'MainThread',
    execution_time: (completedAt.getTime() - startedAt.getTime()) / 1000,
    adapter_response: {},
    message: null,
    failures: error === undefined ? 0 : 1,
    unique_id: macro.uniqueId,
    compiled: null,
    compiled_code: null,
    relation_name: null,
    batch_results: null,
  }
}

/** The project's own, else that of any package, else our library's. */
function findMacro(macros: MacroLibrary, name: string, root: string): MacroDefinition | undefined {
  const [packageName, ofPackage] = name.split('.')
  if (packageName !== undefined && ofPackage !== undefined) return macros.findIn(packageName, ofPackage)
  return macros.find(name, root) ?? [...macros.definitions()].find((macro) => macro.name === name)
}

async function callMacro(
  run: RunScope,
  macro: MacroDefinition,
  { node, args, warehouse }: { node: OperationNode; args: Readonly<Record<string, unknown>>; warehouse: Warehouse },
): Promise<Error | undefined> {
  await using connection = await warehouse.connect()
  const cache = new RelationCache()
  const session = new AdapterSession({ connection, cache, signal: run.signal, comment: queryComment(run)(undefined) })
  try {
    const context = run.contextOf(node, { ...node }, { session })
    await callDirectly(boundMacro(context, macro), [], args)
    return undefined
  } catch (error) {
    run.signal.throwIfAborted()
    const known = templateFailed(node, error)
    if (EclusaError.isInstance(known) && known.code === 'WAREHOUSE_STATEMENT_FAILED')
      return new EclusaError('MODEL_FAILED', { message: complaintOf(known, undefined), cause: known })
    return known instanceof Error ? known : new Error(String(known))
  } finally {
    await session.rollback()
  }
}
