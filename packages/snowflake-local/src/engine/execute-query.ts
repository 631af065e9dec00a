import { setTimeout } from 'node:timers/promises'
import { withStages } from '../copy/execute-copy.ts'
import type { Query } from '../parse/ast-query.ts'
import { makeTranslator } from '../translate/make-translator.ts'
import type { BoundQuery } from '../translate/translator.ts'
import { runDuckdb } from './duckdb.ts'
import { environmentOf } from './environment.ts'
import type { StatementScope } from './environment.ts'
import { SqlError } from './sql-error.ts'
import type { ResultRow, StatementResult } from './statement.ts'
import { freshen } from './transaction.ts'
import { duckdbResult, rowsResult, wireQuery } from './wire.ts'

export function bindQuery(scope: StatementScope, query: Query): BoundQuery {
  return makeTranslator(environmentOf(scope)).query(query, undefined)
}

export async function executeQuery(
  scope: StatementScope,
  query: Query,
  describeOnly: boolean,
): Promise<StatementResult> {
  const tablesRead = new Set<number>()
  let waitSeconds = 0
  const wait = (seconds: number): void => {
    waitSeconds = Math.max(waitSeconds, seconds)
  }
  const {
    result: bound,
    close,
    hasOpened,
  } = await withStages({ ...scope, tablesRead, wait }, (within) => bindQuery(within, query))
  try {
    if (describeOnly) return rowsResult(bound.columns, [])
    if (waitSeconds > 0) await sleep(scope, waitSeconds)
    // What was read from stages is part of the transaction as it is.
    if (!hasOpened) await freshen(scope.session, tablesRead)
    const result = duckdbResult(await runDuckdb(scope.session.connection, wireQuery(bound)), bound.columns)
    return { ...result, rows: keeping(scope, bound, result.rows) }
  } finally {
    await close()
  }
}

async function sleep({ request: { signal } }: StatementScope, seconds: number): Promise<void> {
  await setTimeout(seconds * 1000, undefined, signal === undefined ? {} : { signal }).catch(() => {
    throw new SqlError({ code: '000604', sqlState: '57014', message: 'SQL execution canceled' })
  })
}

/** So many rows of a result are kept for RESULT_SCAN. */
const keptRowsMax = 10_000
const keptResultsMax = 100

async function* keeping(
  { session, request }: StatementScope,
  { columns }: BoundQuery,
  rows: StatementResult['rows'],
): AsyncGenerator<readonly ResultRow[]> {
  const kept: ResultRow[] = []
  let count = 0
  for await (const block of rows) {
    count += block.length
    if (count <= keptRowsMax) kept.push(...block)
    yield block
  }
  keepResult(session.engine.results, request.queryId, { columns, rows: kept, complete: count <= keptRowsMax })
}

export function keepResult<Result>(results: Map<string, Result>, queryId: string, result: Result): void {
  results.set(queryId, result)
  const [oldest] = results.keys()
  if (results.size > keptResultsMax && oldest !== undefined) results.delete(oldest)
}
