import type { StatementFailure } from '../dialect.ts'
import { RequestsEndedError } from './request-watch.ts'

/** What a driver of Snowflake throws: the server's code and SQLSTATE beside its message. */
interface ServerError {
  readonly code?: unknown
  readonly sqlState?: unknown
}

/** Codes come as `002003` or as the number 2003, by driver and place. */
export function classifySnowflakeError(error: unknown, sql: string): StatementFailure {
  const message = error instanceof Error ? error.message : String(error)
  const code = codeOf(error)
  const kind = isLostAnswer(error) ? 'connection' : kindOf(code)
  return { code, message, position: positionIn(sql, message), kind }
}

/** The server has answered that it does not run the statement: sent again, it would end so again. */
export function isStatementRefused(error: unknown): boolean {
  const code = codeOf(error)
  return typeof serverErrorOf(error).sqlState === 'string' || (code !== undefined && connectionCodes.has(code))
}

/** The driver's codes for: unreachable, refused by HTTP status, answered by something that is not JSON. */
const lostAnswerCodes = new Set(['401001', '401002', '401003'])

/** No answer of the server about the statement: it may have run or not. */
export function isLostAnswer(error: unknown): boolean {
  return error instanceof RequestsEndedError || lostAnswerCodes.has(codeOf(error) ?? '')
}

function codeOf(error: unknown): string | undefined {
  const { code } = serverErrorOf(error)
  return typeof code === 'string' || typeof code === 'number' ? String(code).padStart(6, '0') : undefined
}

function serverErrorOf(error: unknown): ServerError {
  return typeof error === 'object' && error !== null ? error : {}
}

/** Of sessions: renewal failed, token invalid, master token gone, session gone, login needed, connection ended. */
const connectionCodes = new Set('390104 390108 390110 390111 390112 390114 390195 407001 407002'.split(' '))
/** A lock was not granted in time, or too many wait for it already. */
const conflictCodes = new Set(['000625', '000628'])
/** Cancelled by the user, or by a limit on the time of statements. */
const cancelledCodes = new Set(['000604', '000630'])

function kindOf(code: string | undefined): StatementFailure['kind'] {
  if (code === undefined) return 'statement'
  if (connectionCodes.has(code)) return 'connection'
  if (conflictCodes.has(code)) return 'conflict'
  return cancelledCodes.has(code) ? 'cancelled' : 'statement'
}

/** Snowflake counts lines from 1 and places in a line from 0. */
function positionIn(sql: string, message: string): number | undefined {
  const found = /line (\d+) at position (\d+)/u.exec(message)
  if (found === null) return undefined
  const [line, place] = [Number(found[1]), Number(found[2])]
  const lines = sql.split('\n')
  if (line < 1 || line > lines.length) return undefined
  const before = lines.slice(0, line - 1).reduce((sum, earlier) => sum + earlier.length + 1, 0)
  return before + place + 1
}
