import { randomInt } from 'node:crypto'
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoteName } from '../translate/sql-text.ts'
import type { SessionOptions, SqlSession } from './engine.ts'
import { executeSql } from '../script/execute-sql.ts'
import { setTimeZone } from './execute-session.ts'
import { SqlError } from './sql-error.ts'
import type { EngineState, SessionState } from './session-state.ts'
import type { StatementRequest, StatementResult } from './statement.ts'
import { rollbackTransaction } from './transaction.ts'

const parametersDefault: readonly (readonly [string, string])[] = [
  ['AUTOCOMMIT', 'true'],
  ['BINARY_OUTPUT_FORMAT', 'HEX'],
  ['DATE_OUTPUT_FORMAT', 'YYYY-MM-DD'],
  ['TIME_OUTPUT_FORMAT', 'HH24:MI:SS'],
  ['TIMESTAMP_OUTPUT_FORMAT', 'YYYY-MM-DD HH24:MI:SS.FF3 TZHTZM'],
  ['TIMESTAMP_NTZ_OUTPUT_FORMAT', 'YYYY-MM-DD HH24:MI:SS.FF3'],
  ['TIMESTAMP_TYPE_MAPPING', 'TIMESTAMP_NTZ'],
  ['TIMEZONE', 'America/Los_Angeles'],
]

export async function openSession(
  engine: EngineState,
  connection: DuckDBConnection,
  options: SessionOptions,
): Promise<SqlSession> {
  const session: SessionState = {
    abort: () => {
      connection.interrupt()
      rollbackTransaction(session).catch(() => undefined)
    },
    engine,
    connection,
    sessionId: String(randomInt(1_000_000_000, 281_474_976_710_655)),
    user: options.user,
    role: options.role ?? 'ACCOUNTADMIN',
    warehouse: options.warehouse,
    database: undefined,
    schema: undefined,
    parameters: new Map([...parametersDefault, ...(options.parameters ?? [])]),
    variables: new Map(),
    temporary: new Map(),
    queryIds: [],
    consumed: new Map(),
    open: undefined,
    transactionId: 0,
  }
  choose(session, options)
  await setTimeZone(session, session.parameters.get('TIMEZONE') ?? 'UTC')
  engine.sessions.add(session)
  return sqlSession(session)
}

/** A login may name what is not there: the session then begins without it. */
function choose(session: SessionState, { database, schema }: SessionOptions): void {
  const found = database === undefined ? undefined : session.engine.catalog.databases.get(database)
  if (found === undefined) return
  session.database = found.name
  const wanted = schema ?? 'PUBLIC'
  session.schema = found.schemas.has(wanted) ? wanted : undefined
}

function sqlSession(session: SessionState): SqlSession {
  return {
    sessionId: session.sessionId,
    get role() {
      return session.role
    },
    get warehouse() {
      return session.warehouse
    },
    get database() {
      return session.database
    },
    get schema() {
      return session.schema
    },
    get parameters() {
      return session.parameters
    },
    execute: async (request) => await executeRecorded(session, request),
    close: async () => {
      await closeSession(session)
    },
  }
}

/** What a timer of Node takes at most. */
const timerMsMax = 2_147_483_647

/** So many statements are remembered by QUERY_HISTORY. */
const historyMax = 10_000

async function executeRecorded(session: SessionState, request: StatementRequest): Promise<StatementResult> {
  const startedMs = Date.now()
  const interrupt = (): void => {
    session.connection.interrupt()
  }
  const signal = withTimeout(session, request)
  signal.throwIfAborted()
  signal.addEventListener('abort', interrupt)
  let failure: unknown
  try {
    return await executeSql(session, { ...request, signal })
  } catch (error) {
    failure = signal.reason instanceof SqlError ? signal.reason : error
    throw failure
  } finally {
    signal.removeEventListener('abort', interrupt)
    session.queryIds.push(request.queryId)
    record(session, request, startedMs, failure)
  }
}

/** Aborts with Snowflake's error when the statement takes longer than the session lets it. */
function withTimeout(session: SessionState, { parameters, signal }: StatementRequest): AbortSignal {
  const name = 'STATEMENT_TIMEOUT_IN_SECONDS'
  const seconds = Number(parameters?.get(name) ?? session.parameters.get(name) ?? 0)
  // 0 is for the longest time that there is.
  if (!(seconds > 0)) return signal
  const timeout = AbortSignal.timeout(Math.min(seconds * 1000, timerMsMax))
  const stop = new AbortController()
  timeout.addEventListener('abort', () => {
    const message = `Statement reached its statement or warehouse timeout of ${seconds} second(s) and was canceled.`
    stop.abort(new SqlError({ code: '000630', sqlState: '57014', message }))
  })
  return AbortSignal.any([signal, stop.signal])
}

function record(session: SessionState, request: StatementRequest, startedMs: number, failure: unknown): void {
  const { history } = session.engine
  history.push({
    queryId: request.queryId,
    queryText: request.sqlText,
    sessionId: session.sessionId,
    userName: session.user,
    roleName: session.role,
    warehouseName: session.warehouse,
    databaseName: session.database,
    schemaName: session.schema,
    queryType: /^\s*(\w+)/u.exec(request.sqlText)?.[1]?.toUpperCase() ?? 'UNKNOWN',
    queryTag: request.parameters?.get('QUERY_TAG') ?? session.parameters.get('QUERY_TAG') ?? '',
    startedMs,
    endedMs: Date.now(),
    errorCode: failure instanceof SqlError ? failure.code : failure === undefined ? undefined : '000603',
    errorMessage: failure instanceof Error ? failure.message : undefined,
    rowsProduced: undefined,
  })
  if (history.length > historyMax) history.shift()
}

async function closeSession(session: SessionState): Promise<void> {
  session.engine.sessions.delete(session)
  await rollbackTransaction(session)
  for (const object of session.temporary.values()) {
    // A temporary table has no history.
    if (object.kind === 'TABLE') await session.connection.run(`DROP TABLE IF EXISTS ${quoteName(object.physical)}`)
  }
  session.connection.closeSync()
}
