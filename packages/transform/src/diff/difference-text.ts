import type { SqlValue } from '@eclusa/sdk'
import type { ModelDifference, SampleRow } from './model-difference.ts'

/** The difference in lines for people, indented below the model's own line. Values are not in them. */
export function differenceLines({ columns, key, note, rows }: ModelDifference): string[] {
  const { before, after, added, removed, changed, changedColumns } = rows
  const common = after - added
  return [
    `  rows      ${before} before, ${after} after${key.length > 0 ? `, by ${key.join(', ')}` : ''}`,
    ...(note === undefined ? [] : [`  compared  as whole rows, since ${note}`]),
    ...(added === 0 ? [] : [`  added     ${added}`]),
    ...(removed === 0 ? [] : [`  removed   ${removed}`]),
    ...(changed === 0 ? [] : [`  changed   ${changed} of ${common}`]),
    ...Object.entries(changedColumns).map(([name, count]) => `    ${name}: ${count}`),
    ...columns.added.map(({ name, type }) => `  column    + ${name} ${type}`),
    ...columns.removed.map(({ name, type }) => `  column    - ${name} ${type}`),
    ...columns.retyped.map(({ name, before: from, after: to }) => `  column    ${name}: ${from} -> ${to}`),
  ]
}

/** The rows that were asked for: `+ id=3 amount=5`, `~ id=1 amount: 5 -> 7`. */
export function sampleLines({ rows }: ModelDifference): string[] {
  return rows.sample.map((row) => `    ${signs[row.kind]} ${rowText(row)}`)
}

const signs: Readonly<Record<SampleRow['kind'], string>> = { added: '+', removed: '-', changed: '~' }

function rowText({ values, changes = {} }: SampleRow): string {
  const parts = Object.entries(values).map(([name, value]) => `${name}=${shown(value)}`)
  const changed = Object.entries(changes).map(
    ([name, { before, after }]) => `${name}: ${shown(before)} -> ${shown(after)}`,
  )
  return [...parts, ...changed].join(' ')
}

/** For programs. `rows` holds values only where they were asked for. */
export function differenceJson({ columns, key, note, rows }: ModelDifference): Readonly<Record<string, unknown>> {
  const { sample, changedColumns, ...counts } = rows
  return {
    key,
    ...(note === undefined ? {} : { note }),
    ...counts,
    changed_columns: changedColumns,
    columns_added: columns.added.map(({ name, type }) => ({ name, type })),
    columns_removed: columns.removed.map(({ name, type }) => ({ name, type })),
    columns_retyped: columns.retyped,
    ...(sample.length === 0 ? {} : { rows: sample.map(jsonRow) }),
  }
}

function jsonRow({ kind, values, changes }: SampleRow): Readonly<Record<string, unknown>> {
  const plain = (record: Readonly<Record<string, SqlValue>>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, jsonValue(value)]))
  if (changes === undefined) return { kind, values: plain(values) }
  const pairs = Object.entries(changes).map(([name, change]) => [name, plain(change)])
  return { kind, values: plain(values), changes: Object.fromEntries(pairs) as Record<string, unknown> }
}

/** Numbers that JSON's readers would round are text. */
function jsonValue(value: SqlValue): unknown {
  if (value instanceof Uint8Array || (typeof value === 'bigint' && !Number.isSafeInteger(Number(value))))
    return shown(value)
  return typeof value === 'bigint' ? Number(value) : value
}

function shown(value: SqlValue): string {
  if (value === null) return 'NULL'
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
}
