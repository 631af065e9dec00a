import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection, RowStatement } from 'snowflake-sdk'
import type { QueryOptions, QueryResult, SqlValue } from '@eclusa/sdk'
import { isEmptyStatement } from '../empty-statement.ts'
import { interruptible } from '../interruption.ts'
import { statementError } from '../statement-error.ts'
import { snowflakeDialect } from './dialect.ts'
import { firstWordOf } from './first-word.ts'
import { RequestsEndedError, watchRequests } from './request-watch.ts'
import { resultOf } from './result.ts'
import { isLostAnswer } from './statement-failure.ts'
import { bindableSnowflakeValue } from './value.ts'

/** What a statement of Snowflake is run with beyond `QueryOptions`. */
export interface SnowflakeQueryOptions extends QueryOptions {
  /**
   * The identity of the request, a UUID. A statement that was sent under it before is not run again: its result is given.
   * Default: a new one.
   */
  readonly requestId?: string
}

/** What the driver is to give as text, in its words: its own forms of them round, reorder or leave out. */
const textTypes = ['Number', 'Date', 'JSON', 'Object', 'Array', 'Map', 'Buffer'] as (
  | 'Number'
  | 'Date'
  | 'JSON'
  | 'Buffer'
)[]

/** Resends of a statement whose answer was lost, with the waits before them. */
const resendDelaysMs = [500, 2000, 8000]
/** How long a statement may go on that was cancelled, before its requests are ended: the server may be out of reach. */
const cancelGraceMs = 10_000

export interface StatementRun {
  readonly connection: Connection
  readonly sql: string
  readonly options: SnowflakeQueryOptions
  /** Each cancels the statement. */
  readonly signals: readonly AbortSignal[]
  readonly stallMs: number
}

/** Sends a statement until an answer comes, under one request id, by which the server runs it once. */
export async function runStatement({ connection, sql, options, signals, stallMs }: StatementRun): Promise<QueryResult> {
  // Snowflake refuses it, and in the place of an empty text the driver sends a statement of its own.
  if (firstWordOf(sql) === '' && isEmptyStatement(sql)) return { columns: [], rows: [], rowsChanged: 0 }
  const requestId = options.requestId ?? randomUUID()
  const cancelling = cancellation()
  const watch = { signal: cancelling.overdue, stallMs }
  try {
    return await interruptible(signals, cancelling.cancel, async () => {
      for (let resends = 0; ; resends += 1) {
        try {
          const sent = () => send(connection, { sql, requestId, parameters: options.parameters }, cancelling.began)
          return await watchRequests(sent, watch)
        } catch (cause) {
          const waitMs = resendDelaysMs[resends]
          if (waitMs === undefined || !isLostAnswer(cause)) throw statementError(snowflakeDialect, cause, sql)
          await delay(waitMs, undefined, { signal: AbortSignal.any([...signals]) })
        }
      }
    })
  } finally {
    cancelling[Symbol.dispose]()
  }
}

interface Cancellation extends Disposable {
  /** Called again and again until the statement has ended; asks the server again only when it has answered. */
  readonly cancel: () => void
  readonly began: (statement: RowStatement) => void
  /** Aborted when a statement that was cancelled has not ended for long. */
  readonly overdue: AbortSignal
}

function cancellation(): Cancellation {
  const overdue = new AbortController()
  let statement: RowStatement | undefined
  let isAsked = false
  let grace: NodeJS.Timeout | undefined
  return {
    cancel: () => {
      grace ??= setTimeout(() => overdue.abort(new RequestsEndedError('It was cancelled')), cancelGraceMs)
      if (statement === undefined || isAsked) return
      isAsked = true
      statement.cancel(() => {
        isAsked = false
      })
    },
    began: (begun) => {
      statement = begun
    },
    overdue: overdue.signal,
    [Symbol.dispose]: () => clearTimeout(grace),
  }
}

interface Request {
  readonly sql: string
  readonly requestId: string
  readonly parameters: readonly SqlValue[] | undefined
}

function send(
  connection: Connection,
  { sql, requestId, parameters }: Request,
  began: (statement: RowStatement) => void,
): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const statement = connection.execute({
      sqlText: sql,
      requestId,
      rowMode: 'array',
      fetchAsString: [...textTypes],
      ...(parameters === undefined ? {} : { binds: parameters.map(bindableSnowflakeValue) }),
      complete: (error, done, rows) => {
        if (error === undefined || error === null) resolve(resultOf(sql, done, rows ?? []))
        else reject(error)
      },
    })
    began(statement)
  })
}
