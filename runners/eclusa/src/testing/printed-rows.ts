import { readDuckDb } from './end-to-end.ts'
import type { EndToEnd } from './end-to-end.ts'
import { postgresExpression } from './postgres-expression.ts'

/*
 * Rows of a table as PostgreSQL prints them, whichever system holds them: those of DuckDB go back as expressions made of
 * their numbers and bytes.
 */

const rowsPerStatement = 300

/** Sorted: equal for equal multisets of rows. */
export async function printedRows(database: EndToEnd, table: string, columns: readonly string[]): Promise<string[]> {
  return await print(database, `SELECT ${columns.map((column) => `(${column})::text`).join(', ')} FROM ${table}`)
}

/** The same of a query to a DuckDB file; `database` only prints. */
export async function printedDuckDbRows(database: EndToEnd, path: string, sql: string): Promise<string[]> {
  const { types, rows } = await readDuckDb(path, sql)
  const printed: string[] = []
  for (let at = 0; at < rows.length; at += rowsPerStatement) {
    const selects = rows.slice(at, at + rowsPerStatement).map((row) => {
      const cells = row.map((value, index) => `(${postgresExpression({ type: types[index], value })})::text`)
      return `(${cells.join(', ')})`
    })
    printed.push(...(await print(database, `VALUES ${selects.join(', ')}`)))
  }
  return printed.toSorted()
}

async function print(database: EndToEnd, sql: string): Promise<string[]> {
  const rows = await database.sql(`SET TimeZone TO 'UTC'; SET DateStyle TO 'ISO, YMD'; ${sql}`)
  return rows.map((row) => JSON.stringify(row)).toSorted()
}
