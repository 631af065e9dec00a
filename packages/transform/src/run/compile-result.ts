import type { ManifestNode } from '../manifest/node.ts'
import type { RunResult, Timing } from '../manifest/run-result.ts'

/** What run_results.json has of a node that was compiled and not run; seeds have no SQL. */
export function compileResult(node: ManifestNode, startedAt: Date): RunResult {
  const completedAt = new Date()
  const isSeed = node.resource_type === 'seed'
  return {
    status: 'success',
    timing: [phase('compile', startedAt, completedAt), phase('execute', completedAt, completedAt)],
    thread_id: 'Thread-1 (worker)',
    execution_time: (completedAt.getTime() - startedAt.getTime()) / 1000,
    adapter_response: {},
    message: null,
    failures: null,
    unique_id: node.unique_id,
    compiled: isSeed ? null : true,
    compiled_code: isSeed ? null : (node.compiled_code ?? ''),
    relation_name: isSeed ? null : (node.relation_name ?? null),
    batch_results: null,
  }
}

function phase(name: Timing['name'], startedAt: Date, completedAt: Date): Timing {
  const stamp = (time: Date) => time.toISOString().replace('Z', '000Z')
  return { name, started_at: stamp(startedAt), completed_at: stamp(completedAt) }
}
