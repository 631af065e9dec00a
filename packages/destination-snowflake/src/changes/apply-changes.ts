import { streamKey } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import type { TableRules } from '@eclusa/warehouse/load'
import { madeDeletions } from '../store/made-deletions.ts'
import type { MadeRows } from '../store/made-deletions.ts'
import type { Query } from '../store/ledger.ts'
import type { WrittenColumn } from '../store/table-columns.ts'
import type { ChangeDelta } from './change-delta.ts'
import { keyRangeOf } from './key-range.ts'
import { changeNames, unfound } from './merge.ts'
import type { Merge } from './merge.ts'
import { plainMerge, resolvedMerge, truncation } from './merge-sql.ts'
import { resolveRows } from './resolve-sql.ts'

export interface AppliedDelta {
  readonly rules: TableRules
  readonly configured: ConfiguredStream
  readonly table: RelationName
  /** Tables of the session, as SQL names them. */
  readonly staging: string
  readonly resolved: string
  readonly columns: readonly WrittenColumn[]
  readonly deletes: Merge['deletes']
  readonly generationId: number
}

/** True when rows have to be made of others: they go through a second table. */
export function isResolved(delta: ChangeDelta, deletes: Merge['deletes']): boolean {
  return delta.hasMarks || (deletes === 'filled' && delta.hasDeletes)
}

/** True when the rows of a history can go straight into it. */
export function isStraight(delta: ChangeDelta, { destinationSyncMode }: ConfiguredStream): boolean {
  return destinationSyncMode === 'append' && !delta.hasMarks && !delta.hasTruncations
}

/** Brings changes from the staging table into their table, in order. @returns what a reader of the log should know. */
export async function applyChanges(
  query: Query,
  delta: ChangeDelta,
  options: AppliedDelta,
  made: MadeRows,
): Promise<readonly string[]> {
  const merge = await mergeOf(query, delta, options)
  const keepsTruncated = merge.takes === 'all' || merge.deletes !== 'removed'
  let unfoundValues = 0
  for (const { from, before, truncated } of delta.steps) {
    const rows = from === 0 && before === delta.rows ? {} : { rows: { from, before } }
    if (from < before && (truncated === undefined || keepsTruncated)) {
      unfoundValues += await mergeRows(query, { ...merge, ...rows }, isResolved(delta, options.deletes), options)
    }
    if (truncated === undefined) continue
    if (merge.takes === 'last') await query(truncation(merge, truncated))
    else
      made.add(
        (await query(madeDeletions({ ...options, key: merge.key, history: options.table, at: truncated }, made)))
          .rowsChanged,
      )
  }
  await query(`DELETE FROM ${options.staging}`)
  return unfoundValues === 0 ? [] : [unfoundNote(options.configured)]
}

/** @returns how many values were found nowhere. */
async function mergeRows(query: Query, merge: Merge, resolves: boolean, { resolved }: AppliedDelta): Promise<number> {
  if (!resolves) {
    await query(plainMerge(merge))
    return 0
  }
  await query(resolveRows(merge, resolved))
  const { rows } = await query(`SELECT COALESCE(SUM(${unfound}), 0) FROM ${resolved}`)
  await query(resolvedMerge(merge, resolved))
  await query(`DELETE FROM ${resolved}`)
  return Number(rows[0]?.[0])
}

async function mergeOf(query: Query, delta: ChangeDelta, options: AppliedDelta): Promise<Merge> {
  const { rules, configured, table, staging, columns, deletes } = options
  const key = configured.primaryKey.map(rules.nameOf)
  const takes = configured.destinationSyncMode === 'append_dedup' ? 'last' : 'all'
  return {
    table: snowflakeDialect.formatRelation(table),
    staging,
    key,
    columns: columns.map(({ name, of }) => ({ name, of, mark: delta.markOf(of) })),
    names: changeNames(rules),
    takes,
    deletes,
    hasUnsentRekeys: delta.hasUnsentRekeys && key.length > 0,
    keyRange: takes === 'all' || delta.rows === 0 ? [] : await keyRangeOf(query, { staging, key, columns }),
  }
}

function unfoundNote({ stream }: ConfiguredStream): string {
  return `Values of stream ${streamKey(stream)} that the source did not send, because they had not changed, were found in no earlier row: they are NULL, and _airbyte_meta says so.`
}
