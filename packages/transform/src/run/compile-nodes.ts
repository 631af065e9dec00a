import { EclusaError } from '@eclusa/sdk'
import type { Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { AdapterSession } from '../adapter/adapter-session.ts'
import { RelationCache } from '../adapter/relation-cache.ts'
import type { ExecutionOptions } from '../command/command-options.ts'
import { artifactPath } from '../compile/artifact-files.ts'
import { compileNode } from '../compile/compile-node.ts'
import { RunScope } from '../compile/run-scope.ts'
import type { Deferral } from '../compile/run-scope.ts'
import type { LoadedProject } from '../load-project.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { RunResult } from '../manifest/run-result.ts'
import { compileResult } from './compile-result.ts'

export interface CompileNodesOptions {
  /** Unique ids; sources among them are passed over, seeds have no SQL. */
  readonly ids: ReadonlySet<string>
  /** Where templates ask their questions. Without one there are no rows and no relations. */
  readonly warehouse?: Warehouse
  readonly deferral?: Deferral
  readonly execution?: Partial<ExecutionOptions>
  /** Writes the SQL below the target folder. Default: true. */
  readonly writeFiles?: boolean
  /** Puts ephemeral models in front as common table expressions, rather than to refer to them alone. Default: true. */
  readonly injectsEphemeral?: boolean
  readonly signal: AbortSignal
  /** Told of what cannot be compiled, which is left out. Default: the first such node ends everything. */
  readonly onFailure?: (node: ManifestNode, error: EclusaError) => void
  /** Told of what was compiled, seeds among it, as run_results.json has it. */
  readonly onResult?: (result: RunResult) => void
}

/**
 * Compiles nodes without running them. @returns each with `compiled_code`, by unique id.
 *
 * @throws TEMPLATE_FAILED; WAREHOUSE_STATEMENT_FAILED for what a template asks.
 */
export async function compileNodes(
  project: LoadedProject,
  options: CompileNodesOptions,
): Promise<ReadonlyMap<string, ManifestNode>> {
  const { ids, warehouse, deferral, execution = {}, writeFiles = true, signal, onFailure, onResult } = options
  const { injectsEphemeral = true } = options
  const run = new RunScope({
    project,
    command: 'compile',
    execution: { ...executionDefault, ...execution },
    selected: ids,
    signal,
    ...(deferral === undefined ? {} : { deferral }),
  })
  await using connection = warehouse === undefined ? noConnection : await warehouse.connect()
  const cache = new RelationCache()
  const compiled = new Map<string, ManifestNode>()
  const onEphemeral = (node: ManifestNode, sql: string) => run.files.writeCompiled(node, sql)
  for (const id of ids) {
    const node = project.nodes.get(id)
    if (node === undefined || node.resource_type === 'source') continue
    const startedAt = new Date()
    if (node.resource_type === 'seed') {
      onResult?.(compileResult(node, startedAt))
      continue
    }
    const session = new AdapterSession({ connection, cache, signal })
    try {
      const sql = await compileNode(run, node, { session, injectsEphemeral, ...(writeFiles ? { onEphemeral } : {}) })
      // As in dbt, what is not put together is not written.
      if (writeFiles && injectsEphemeral) run.files.writeCompiled(node, sql)
      const compiledPath = writeFiles ? { compiled_path: artifactPath(project, node, 'compiled') } : {}
      const known = { ...node, ...compiledPath, compiled: true, compiled_code: sql }
      compiled.set(id, known)
      onResult?.(compileResult(known, startedAt))
    } catch (error) {
      signal.throwIfAborted()
      if (onFailure === undefined || !EclusaError.isInstance(error)) throw error
      onFailure(node, error)
    } finally {
      await session.rollback()
    }
  }
  run.files.settle()
  return compiled
}

/** Nothing that changes what a node says. */
export const executionDefault: ExecutionOptions = {
  threads: 1,
  fullRefresh: false,
  failFast: false,
  empty: false,
  storeFailures: false,
  warnError: false,
}

/** An empty warehouse. */
const noConnection: WarehouseConnection = {
  query: () => Promise.resolve({ columns: [], rows: [], rowsChanged: 0 }),
  [Symbol.asyncDispose]: () => Promise.resolve(),
}
