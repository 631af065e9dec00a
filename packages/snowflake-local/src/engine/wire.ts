import type { DuckDBMaterializedResult } from '@duckdb/node-api'
import { resultColumn, text } from '../catalog/sql-type.ts'
import type { SqlType } from '../catalog/sql-type.ts'
import { quoteName } from '../translate/sql-text.ts'
import type { BoundQuery, OutputColumn } from '../translate/translator.ts'
import type { ResultRow, StatementResult } from './statement.ts'

/** The query with every column as the text from which the rowset is made. */
export function wireQuery(query: BoundQuery): string {
  const columns = query.columns.map(
    ({ type }, index) => `${wireSql(`q.c${index + 1}`, type)} AS ${quoteName(`c${index + 1}`)}`,
  )
  return `SELECT ${columns.join(', ')} FROM (${query.sql}) AS q`
}

function wireSql(sql: string, type: SqlType): string {
  switch (type.name) {
    case 'NUMBER':
      return `CAST(CAST(${sql} AS DECIMAL(38,${type.scale})) AS VARCHAR)`
    case 'FLOAT':
      return `cast_float_text(${sql})`
    case 'BOOLEAN':
      return `CAST(CAST(${sql} AS TINYINT) AS VARCHAR)`
    case 'DATE':
      return `CAST(date_diff('day', DATE '1970-01-01', ${sql}) AS VARCHAR)`
    case 'TIME':
      return `CAST(epoch_us(${sql}) AS VARCHAR)`
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
      return `CAST(epoch_us(${sql}) AS VARCHAR)`
    case 'TIMESTAMP_TZ':
      return `(CAST(epoch_us((${sql}).utc) AS VARCHAR) || ' ' || CAST((${sql}).tz + 1440 AS VARCHAR))`
    case 'BINARY':
      return `hex(${sql})`
    default:
      return `CAST(${sql} AS VARCHAR)`
  }
}

type Finish = (value: string) => string

/** What is left to do in JavaScript: microseconds become seconds with a fraction. */
function finishOf(type: SqlType): Finish | undefined {
  switch (type.name) {
    case 'TIME':
    case 'TIMESTAMP_NTZ':
    case 'TIMESTAMP_LTZ':
      return (value) => secondsOf(value, type.scale)
    case 'TIMESTAMP_TZ':
      return (value) => {
        const space = value.indexOf(' ')
        return `${secondsOf(value.slice(0, space), type.scale)}${value.slice(space)}`
      }
    default:
      return undefined
  }
}

function secondsOf(microseconds: string, scale: number): string {
  const negative = microseconds.startsWith('-')
  const digits = microseconds.replace('-', '').padStart(7, '0')
  const fraction = digits.slice(-6).padEnd(9, '0').slice(0, scale)
  return `${negative ? '-' : ''}${digits.slice(0, -6)}${fraction === '' ? '' : `.${fraction}`}`
}

export const statementTypes = {
  select: 4096,
  insert: 12_544,
  update: 12_800,
  delete: 13_056,
  merge: 13_312,
  multiInsert: 13_568,
  copy: 13_824,
  session: 16_384,
  transaction: 20_480,
  ddl: 24_576,
} as const

/** Chunks of a result that DuckDB holds already, so that the session may go on to its next statement. */
export function duckdbResult(
  result: DuckDBMaterializedResult,
  columns: readonly OutputColumn[],
  statementTypeId: number = statementTypes.select,
): StatementResult {
  const finishes = columns.map(({ type }) => finishOf(type))
  return { statementTypeId, columns: wireColumns(columns), rows: chunks(result, finishes) }
}

export function wireColumns(columns: readonly OutputColumn[]): StatementResult['columns'] {
  return columns.map(({ name, type, nullable }) => resultColumn(name, type, nullable))
}

async function* chunks(
  result: DuckDBMaterializedResult,
  finishes: readonly (Finish | undefined)[],
): AsyncGenerator<readonly ResultRow[]> {
  const plain = finishes.every((finish) => finish === undefined)
  for (;;) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) return
    const rows = chunk.getRows() as (string | null)[][]
    if (!plain) for (const row of rows) finishRow(row, finishes)
    yield rows
  }
}

function finishRow(row: (string | null)[], finishes: readonly (Finish | undefined)[]): void {
  for (const [index, finish] of finishes.entries()) {
    const value = row[index]
    if (finish !== undefined && typeof value === 'string') row[index] = finish(value)
  }
}

/** Rows that are here already, as the wire writes them. */
export function rowsResult(
  columns: readonly OutputColumn[],
  rows: readonly ResultRow[],
  statementTypeId: number = statementTypes.select,
): StatementResult {
  return { statementTypeId, columns: wireColumns(columns), rows: once(rows) }
}

async function* once(rows: readonly ResultRow[]): AsyncGenerator<readonly ResultRow[]> {
  await Promise.resolve()
  if (rows.length > 0) yield rows
}

/** One row with one text, as DDL answers. */
export function statusResult(status: string, statementTypeId: number = statementTypes.ddl): StatementResult {
  return rowsResult([{ name: 'status', type: text(), nullable: true }], [[status]], statementTypeId)
}

/** Counts of rows that a statement changed. */
export function countResult(counts: Readonly<Record<string, number>>, statementTypeId: number): StatementResult {
  const columns = Object.keys(counts).map((name) => ({
    name,
    type: { name: 'NUMBER', precision: 19, scale: 0 } as const,
    nullable: false,
  }))
  return rowsResult(columns, [Object.values(counts).map(String)], statementTypeId)
}
