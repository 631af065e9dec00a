import type { SqlValue } from '@eclusa/sdk'
import { snowflakeDialect, snowflakeStatements } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { loadingTableOf } from '@eclusa/warehouse/load'
import type { LoadContext } from './table-columns.ts'
import type { LoadedStream, Query } from './ledger.ts'

/**
 * Puts a complete refresh into its target's place. The commit before this has noted that it is to be done: DDL takes no
 * part in transactions, so it comes after, and whatever a crash left of it is gone on with by the next session.
 */
export async function finishSwap(query: Query, context: LoadContext, record: LoadedStream): Promise<void> {
  const { rules, columnsOf, ledger } = context
  const { table, swapGenerationId: generation } = record
  const loading = { ...table, identifier: loadingTableOf(rules, table.identifier) }
  if ((await columnsOf(loading)) !== undefined) {
    if ((await columnsOf(table)) === undefined) {
      await query(snowflakeDialect.rename(loading, 'table', table.identifier))
    } else {
      const generationOf = (relation: RelationName) => newestGeneration(query, context, relation)
      const isSwapped = await hasSwapped(generationOf, { table, loading, generation: generation! })
      if (!isSwapped) await query(snowflakeStatements.swapTables(table, loading))
      await query(snowflakeDialect.dropRelation(loading, 'table'))
    }
  }
  await ledger.by(query).noteSwapped(record.stream)
}

/** By whose rows are where. Where neither table has any it makes no difference. */
async function hasSwapped(
  generationOf: (table: RelationName) => Promise<SqlValue | undefined>,
  { table, loading, generation }: { table: RelationName; loading: RelationName; generation: number },
): Promise<boolean> {
  const inLoading = await generationOf(loading)
  if (inLoading !== null) return Number(inLoading) !== generation
  return Number(await generationOf(table)) === generation
}

async function newestGeneration(query: Query, { rules }: LoadContext, table: RelationName): Promise<SqlValue> {
  const column = snowflakeDialect.quoteIdentifier(rules.nameOf('_airbyte_generation_id'))
  const { rows } = await query(`SELECT MAX(${column}) FROM ${snowflakeDialect.formatRelation(table)}`)
  return rows[0]?.[0] ?? null
}
