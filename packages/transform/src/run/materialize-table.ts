import { relationOf } from '../manifest/node.ts'
import { besides, execute } from './model-run.ts'
import type { ModelRun } from './model-run.ts'
import { inTransaction } from './transaction.ts'

/**
 * Builds the table aside, then puts it in place, in one transaction: readers see the old rows or the new ones, and a
 * query that fails leaves the old relation as it was. @returns the number of rows.
 */
export async function materializeTable(run: ModelRun): Promise<number> {
  const { node, dialect, existing, sql, connection } = run
  const aside = besides(relationOf(node), '__dbt_tmp', dialect)
  return await inTransaction(connection, async () => {
    await execute(run, dialect.dropRelation(aside, 'table'))
    await execute(run, dialect.createTableAs(aside, sql))
    if (existing !== undefined && existing.kind !== 'table')
      await execute(run, dialect.dropRelation(relationOf(node), existing.kind, { cascade: true }))
    for (const statement of dialect.replaceTable(relationOf(node), aside, { cascade: true }))
      await execute(run, statement)
    const counted = await connection.query(`select count(*) from ${dialect.formatRelation(relationOf(node))}`, {
      signal: run.signal,
    })
    return Number(counted.rows[0]![0])
  })
}
