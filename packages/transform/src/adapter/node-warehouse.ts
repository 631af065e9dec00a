import type { ProjectScope } from '../context/scope.ts'
import type { ManifestNode } from '../manifest/node.ts'
import type { AdapterSession } from './adapter-session.ts'

/** Does the work of a node on the virtual warehouse that its config `snowflake_warehouse` names, and goes back after it. */
export async function onNodeWarehouse<Result>(
  { target }: ProjectScope,
  node: ManifestNode,
  session: AdapterSession,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  const wanted = node.config['snowflake_warehouse']
  const isOther = typeof wanted === 'string' && wanted !== (target as { readonly warehouse?: unknown }).warehouse
  if (target.type !== 'snowflake' || !isOther) return await work()
  const asked = await session.execute('select current_warehouse() as warehouse', { autoBegin: false })
  const former = asked.result.rows[0]?.[0]
  await session.execute(`use warehouse ${wanted}`, { autoBegin: false })
  try {
    return await work()
  } finally {
    if (typeof former === 'string') await session.execute(`use warehouse ${former}`, { autoBegin: false })
  }
}
