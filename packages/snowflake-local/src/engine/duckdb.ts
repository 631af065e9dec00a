import type { DuckDBConnection, DuckDBMaterializedResult } from '@duckdb/node-api'
import { executionFault } from '../function/execution-error.ts'
import { SqlError } from './sql-error.ts'

/** Runs a statement of DuckDB. @throws SqlError, with DuckDB's own failures told as Snowflake would. */
export async function runDuckdb(connection: DuckDBConnection, sql: string): Promise<DuckDBMaterializedResult> {
  try {
    return await connection.run(sql)
  } catch (error) {
    throw faultOf(error, sql)
  }
}

/** The rows as texts; every column must be one already. */
export async function readTexts(
  connection: DuckDBConnection,
  sql: string,
): Promise<readonly (readonly (string | null)[])[]> {
  const result = await runDuckdb(connection, sql)
  return (await result.getRows()) as (string | null)[][]
}

/** The same block by block, as DuckDB makes them; until the last is read, the connection is taken. */
export async function* streamTexts(
  connection: DuckDBConnection,
  sql: string,
): AsyncGenerator<readonly (readonly (string | null)[])[]> {
  try {
    const result = await connection.stream(sql)
    for (;;) {
      const chunk = await result.fetchChunk()
      if (chunk === null || chunk.rowCount === 0) return
      yield chunk.getRows() as (string | null)[][]
    }
  } catch (error) {
    throw error instanceof SqlError ? error : faultOf(error, sql)
  }
}

export async function readNumber(connection: DuckDBConnection, sql: string): Promise<number> {
  const result = await runDuckdb(connection, sql)
  const [row] = await result.getRows()
  return Number(row?.[0] ?? 0)
}

function faultOf(error: unknown, sql: string): SqlError {
  const message = error instanceof Error ? error.message : String(error)
  const known = executionFault(message) ?? ownFault(message)
  if (known !== undefined) return new SqlError({ ...known, cause: error })
  // Only a fault of the translation comes here, so the SQL that DuckDB refused is told.
  return new SqlError({
    code: '000603',
    sqlState: 'XX000',
    message: `SQL execution internal error:\n${message}\n${sql.slice(0, 2000)}`,
    cause: error,
  })
}

function ownFault(message: string): { code: string; sqlState: string; message: string } | undefined {
  if (/NOT NULL constraint failed/u.test(message)) {
    return { code: '100072', sqlState: '22000', message: 'NULL result in a non-nullable column' }
  }
  if (/Interrupt/iu.test(message)) return { code: '000604', sqlState: '57014', message: 'SQL execution canceled' }
  if (/Transaction conflict|Conflict on|write-write conflict/iu.test(message)) {
    return {
      code: '000625',
      sqlState: '57014',
      message: 'Statement has locked table and the lock could not be acquired.',
    }
  }
  const text =
    /(?:invalid (?:date|timestamp|time)[^"]*|time zone displacement out of range.*|timestamp field value[^"]*|date field value[^"]*|time field value[^"]*)"(?<value>[^"]*)"/iu.exec(
      message,
    )
  if (text?.groups !== undefined) {
    const kind = /timestamp/iu.test(message) ? 'Timestamp' : /date/iu.test(message) ? 'Date' : 'Time'
    return {
      code: kind === 'Date' ? '100040' : '100035',
      sqlState: '22007',
      message: `${kind} '${text.groups['value'] ?? ''}' is not recognized`,
    }
  }
  return undefined
}
