import type * as duckdb from '@duckdb/node-api'
import { EclusaError } from '@eclusa/sdk'
import type { ReadPart, SqlValue } from '@eclusa/sdk'
import { interruptible } from '../interruption.ts'
import type { DuckDbSession } from './connection.ts'
import { isEmptyStatement } from '../empty-statement.ts'
import { resultColumns } from './result-columns.ts'
import { duckdbStatementError } from './statement-error.ts'
import { sqlValuesOf } from './value.ts'

type Driver = typeof duckdb

export interface ReadStatementOptions {
  readonly driver: Driver
  /** Of the database file, for messages. */
  readonly path: string
  readonly sql: string
  readonly signal: AbortSignal
}

/**
 * Runs one statement in a read-only transaction of a session of its own, a chunk of rows (2,048) at a time: DuckDB goes on
 * when the next one is asked for. Statements that would not change the tables are refused all the same where they are no
 * questions: COPY writes files, SET changes the database for all its sessions.
 */
export async function* readStatement(
  warehouse: { connect(): Promise<DuckDbSession> },
  options: ReadStatementOptions,
): AsyncGenerator<ReadPart, void, undefined> {
  await using session = await warehouse.connect()
  // Values that nest are converted by a statement, which would end the one that is read from.
  await using converter = await warehouse.connect()
  await session.query('BEGIN TRANSACTION READ ONLY', { signal: options.signal })
  const result = await attempt(session, options, async () => await begin(session, options))
  yield { type: 'columns', columns: resultColumns(result) }
  for (;;) {
    const chunk = await attempt(session, options, async () => await result.fetchChunk())
    if (chunk === null || chunk.rowCount === 0) return
    yield { type: 'rows', rows: await rowsOf(chunk, result, { driver: options.driver, converter }) }
  }
}

async function begin(session: DuckDbSession, { driver, sql }: ReadStatementOptions): Promise<duckdb.DuckDBResult> {
  if (isEmptyStatement(sql)) throw refused('There is no statement.')
  const extracted = await session.native.extractStatements(sql)
  if (extracted.count !== 1) throw refused(`These are ${extracted.count} statements; only one can be run.`)
  const statement = await extracted.prepare(0)
  const { statementType } = statement
  const { SELECT, EXPLAIN } = driver.StatementType
  if (statementType !== SELECT && statementType !== EXPLAIN) {
    throw refused(`${driver.StatementType[statementType]} is no statement that only reads.`)
  }
  return await statement.stream()
}

function refused(message: string): EclusaError {
  return new EclusaError('WAREHOUSE_READ_ONLY', { message })
}

async function attempt<Result>(
  session: DuckDbSession,
  { path, sql, signal }: ReadStatementOptions,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await interruptible([signal], () => session.native.interrupt(), run)
  } catch (cause) {
    throw EclusaError.isInstance(cause) ? cause : duckdbStatementError(cause, { path, sql })
  }
}

async function rowsOf(
  chunk: duckdb.DuckDBDataChunk,
  result: duckdb.DuckDBResult,
  { driver, converter }: { readonly driver: Driver; readonly converter: DuckDbSession },
): Promise<readonly (readonly SqlValue[])[]> {
  const columns: (readonly SqlValue[])[] = []
  for (const [index, type] of result.columnTypes().entries()) {
    columns.push(await sqlValuesOf(driver, converter.native, { type, values: chunk.getColumnValues(index) }))
  }
  return Array.from({ length: chunk.rowCount }, (_, row) => columns.map((column) => column[row]!))
}
