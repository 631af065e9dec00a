import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { filledRows } from './filled-rows.ts'
import type { Part } from './filled-rows.ts'
import { unresolvedColumn } from './lone-rows.ts'
import {
  changesOf,
  deletedAt,
  isAsNew,
  isDelete,
  lastRows,
  lsn,
  namesOf,
  order,
  quote,
  row,
  sameKey,
  updatedAt,
  whereAll,
} from './merge.ts'
import type { Merge } from './merge.ts'
import { timestampLiteral } from '../table/timestamp-literal.ts'

/**
 * When no change leaves anything out and the table has nothing newer: no more than one pass over the table's keys.
 *
 * @param last rows that are the last ones of their keys, as a query. Default: looked for. Undefined: all are.
 */
export function plainMerge(
  merge: Merge,
  { last }: { readonly last: string | undefined } = { last: lastRows(merge) },
): string[] {
  const target = duckdbDialect.formatRelation(merge.table)
  const names = namesOf(merge)
  const changes = changesOf(merge)
  const conditions = [
    ...(merge.takes === 'last' && last !== undefined ? [`d.${row} IN (${last})`] : []),
    ...(merge.deletes === 'removed' ? [`NOT (${isDelete('d')})`] : []),
  ]
  const insert = `INSERT INTO ${target} (${names}) SELECT ${names} FROM ${changes} AS d${whereAll(conditions)}`
  if (merge.takes === 'all') return [insert]
  return [deleteKeys(merge, changes), insert]
}

/**
 * In every other case: rows as they are to be come into a table of their own first (lone-rows.ts, filled-rows.ts), because
 * they are partly made of those they replace.
 */
export function resolvedMerge(merge: Merge, resolved: RelationName): string[] {
  const target = duckdbDialect.formatRelation(merge.table)
  const from = duckdbDialect.formatRelation(resolved)
  const names = namesOf(merge)
  const kept = merge.deletes === 'removed' ? ` AS d WHERE NOT (${isDelete('d')})` : ''
  return [
    ...(merge.takes === 'last' ? [deleteKeys(merge, from)] : []),
    `INSERT INTO ${target} (${names}) SELECT ${names} FROM ${from}${kept}`,
  ]
}

/** Of rows that were resolved as if they were alone, those that are not; the last statement removes what they were. */
export function replaceUnresolved(
  merge: Merge,
  resolved: RelationName,
  parts: readonly (Part | undefined)[],
): string[] {
  const table = duckdbDialect.formatRelation(resolved)
  const among = `(SELECT * FROM ${table} WHERE ${unresolvedColumn} <> 0)`
  return [
    ...parts.map((part) => `INSERT INTO ${table} BY NAME SELECT * FROM (${filledRows(merge, { among, part })})`),
    `DELETE FROM ${table} WHERE ${unresolvedColumn} <> 0`,
  ]
}

/** Puts filled rows into a table that it creates, one part after the other. */
export function resolveInParts(merge: Merge, resolved: RelationName, parts: readonly (Part | undefined)[]): string[] {
  const [first, ...others] = parts
  const table = duckdbDialect.formatRelation(resolved)
  return [
    duckdbDialect.createTableAs(resolved, filledRows(merge, { part: first }), { temporary: true }),
    ...others.map((part) => `INSERT INTO ${table} BY NAME SELECT * FROM (${filledRows(merge, { part })})`),
  ]
}

/** All rows are gone as of that change. */
export function truncation(
  merge: Pick<Merge, 'table' | 'columns' | 'deletes' | 'mayBeBehind'>,
  at: { readonly position: bigint; readonly order: number; readonly committedAtUs: bigint },
): string[] {
  const target = duckdbDialect.formatRelation(merge.table)
  const older = merge.mayBeBehind
    ? [`NOT ${isAsNew('t', { position: String(at.position), order: String(at.order) })}`]
    : []
  if (merge.deletes === 'removed') return [`DELETE FROM ${target} AS t${whereAll(older)}`]
  const time = timestampLiteral(at.committedAtUs)
  const replaced = new Map([
    [lsn as string, String(at.position)],
    [order, String(at.order)],
    [updatedAt, time],
    [deletedAt, time],
  ])
  const names = namesOf(merge)
  const values = merge.columns.map(({ name }) => replaced.get(name) ?? `t.${quote(name)}`).join(', ')
  const conditions = whereAll([`t.${deletedAt} IS NULL`, ...older])
  // Not UPDATE: DuckDB (1.5.6) keeps the values before an update in memory until the commit.
  return [
    `INSERT INTO ${target} (${names}) SELECT ${values} FROM ${target} AS t${conditions}`,
    `DELETE FROM ${target} AS t${conditions}`,
  ]
}

function deleteKeys(merge: Merge, from: string): string {
  const target = duckdbDialect.formatRelation(merge.table)
  return `DELETE FROM ${target} AS t WHERE EXISTS (SELECT 1 FROM ${from} AS s WHERE ${sameKey(merge, 't', 's')})`
}
