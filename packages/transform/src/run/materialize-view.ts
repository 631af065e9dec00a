import { relationOf } from '../manifest/node.ts'
import { execute } from './model-run.ts'
import type { ModelRun } from './model-run.ts'
import { inTransaction } from './transaction.ts'

/** Puts a view in the place of whatever has the name; a query that fails leaves the old relation as it was. */
export async function materializeView(run: ModelRun): Promise<undefined> {
  const { node, dialect, existing, sql, connection } = run
  await inTransaction(connection, async () => {
    if (existing !== undefined)
      await execute(run, dialect.dropRelation(relationOf(node), existing.kind, { cascade: true }))
    await execute(run, dialect.createView(relationOf(node), sql))
  })
  return undefined
}
