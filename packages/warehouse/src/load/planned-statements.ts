import type { PlannedStatement } from '@eclusa/sdk'
import { replacesAllRows } from './stream-inspection.ts'
import type { InspectedStream } from './stream-inspection.ts'
import type { TableRules } from './table-rules.ts'

/**
 * What loading would change in the tables of streams.
 *
 * @param schemas that are there
 */
export function plannedStatements(
  rules: TableRules,
  inspected: readonly InspectedStream[],
  schemas: readonly string[],
): PlannedStatement[] {
  const known = new Set(schemas.map(rules.fold))
  return inspected.flatMap((stream) => {
    const { schema, database } = stream.table
    const isNewSchema = !known.has(rules.fold(schema))
    known.add(rules.fold(schema))
    const statements = statementsOf(rules, stream)
    if (!isNewSchema) return statements
    const sql = rules.dialect.createSchema(schema, database)
    return [{ stream: stream.configured.stream, sql, reason: 'new schema' }, ...statements]
  })
}

function statementsOf(
  { dialect }: TableRules,
  { configured, table, columns, plan }: InspectedStream,
): PlannedStatement[] {
  const { stream } = configured
  const create = (reason: string) => ({ stream, sql: dialect.createTable(table, plan.columns), reason })
  if (columns === undefined) return [create('new table')]
  if (replacesAllRows(configured)) {
    const isChanged = plan.changes.length > 0 || plan.notes.length > 0
    return isChanged ? [create([...plan.changes.map(({ reason }) => reason), ...plan.notes].join('; '))] : []
  }
  return plan.changes.map(({ kind, column, sqlType, reason }) => {
    const sql =
      kind === 'add'
        ? dialect.addColumn(table, { name: column, sqlType })
        : dialect.alterColumnType(table, column, sqlType)
    return { stream, sql, reason }
  })
}
