import { hasErrorCode, streamKey } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'
import type { RelationColumn } from '../relation.ts'
import { metadataColumnsOf } from './metadata-column.ts'
import { planTable } from './table-plan.ts'
import type { TablePlan } from './table-plan.ts'
import type { TableRules } from './table-rules.ts'

/**
 * Why a refresh that was interrupted cannot go on with the stream as it is now; undefined when it can. Nobody has seen
 * its rows yet, so it begins anew instead of asking for a change of the source or of the policy.
 *
 * @param table of the refresh, and which of its columns are versions
 */
export function obstacleToResuming(
  rules: TableRules,
  configured: ConfiguredStream,
  table: { readonly columns: readonly RelationColumn[]; readonly versions: ReadonlyMap<string, string> },
): string | undefined {
  try {
    const plan = planTable({
      rules,
      stream: configured.stream,
      columns: configured.schema.columns,
      metadata: metadataColumnsOf(configured),
      table: table.columns,
      versions: table.versions,
      policy: configured.schemaPolicy,
      replaces: false,
    })
    const key = movedKey(rules, configured, plan)
    return key === undefined
      ? undefined
      : `The type of key column "${key}" of stream ${streamKey(configured.stream)} changed.`
  } catch (error) {
    if (hasErrorCode(error, 'SCHEMA_CHANGED')) return error.message
    throw error
  }
}

/** A key column whose values go on in another column of the table: there they cannot be compared with those before. */
function movedKey(
  { fold }: TableRules,
  { destinationSyncMode, primaryKey }: ConfiguredStream,
  { columns }: TablePlan,
): string | undefined {
  if (destinationSyncMode !== 'append_dedup') return undefined
  return primaryKey.find((key) => {
    const folded = fold(key)
    return !columns.some(({ name, origin }) => fold(name) === folded && origin.kind === 'source')
  })
}
