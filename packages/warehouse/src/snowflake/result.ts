import type { Column, RowStatement } from 'snowflake-sdk'
import type { QueryResult } from '@eclusa/sdk'
import { firstWordOf } from './first-word.ts'
import { typeNameOf, valueParserOf } from './value.ts'

/** Statements that only say that they were done. */
const commands = new Set(
  'ALTER BEGIN COMMENT COMMIT CREATE DROP GRANT REVOKE ROLLBACK SET START TRUNCATE UNDROP UNSET USE'.split(' '),
)

/** What the driver gives for a statement, as a session of any warehouse gives it. */
export function resultOf(sql: string, statement: RowStatement, rows: readonly unknown[][]): QueryResult {
  const described = statement.getColumns() ?? []
  const names = described.map((column) => column.getName())
  if (isChange(statement)) {
    return { columns: [], rows: [], rowsChanged: changedRows(names, rows[0] ?? []) }
  }
  if (names.length === 1 && names[0] === 'status' && commands.has(firstWordOf(sql))) {
    return { columns: [], rows: [], rowsChanged: 0, commandTag: statusOf(rows) }
  }
  return { columns: described.map(columnOf), rows: parsedRows(described, rows), rowsChanged: 0 }
}

/** The driver counts rows of statements that the server calls DML, and of no others, whatever their columns are called. */
function isChange(statement: RowStatement): boolean {
  const changed = statement.getNumUpdatedRows()
  return changed !== undefined && changed >= 0
}

function statusOf(rows: readonly unknown[][]): string {
  const status = rows[0]?.[0]
  return typeof status === 'string' ? status : ''
}

/** The counts of MERGE come as a column for each kind of change; "multi-joined" ones are no changes of their own. */
function changedRows(names: readonly string[], counts: readonly unknown[]): number {
  return names.reduce((sum, name, index) => (name.includes('multi-joined') ? sum : sum + Number(counts[index])), 0)
}

function columnOf(column: Column): QueryResult['columns'][number] {
  return { name: column.getName(), type: typeNameOf(column) }
}

function parsedRows(described: readonly Column[], rows: readonly unknown[][]): QueryResult['rows'] {
  const parsers = described.map(valueParserOf)
  return rows.map((row) => row.map((value, index) => parsers[index]!(value)))
}
