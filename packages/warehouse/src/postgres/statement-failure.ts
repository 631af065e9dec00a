import type { StatementFailure } from '../dialect.ts'

/** The part of `pg`'s DatabaseError that is read here. */
interface ServerError {
  readonly code?: unknown
  readonly message?: unknown
  readonly position?: unknown
}

/** Reads the server's ErrorResponse as `pg` throws it, and the errors of a socket that broke. */
export function classifyPostgresError(error: unknown, sql: string): StatementFailure {
  const { code, message, position } = (typeof error === 'object' && error !== null ? error : {}) as ServerError
  const state = typeof code === 'string' ? code : undefined
  return {
    code: state,
    message: typeof message === 'string' ? message : String(error),
    position: typeof position === 'string' ? indexOfCodePoint(sql, Number(position)) : undefined,
    kind: kindOf(state, String(message)),
  }
}

/** The server counts characters, JavaScript counts UTF-16 units. */
function indexOfCodePoint(sql: string, position: number): number {
  const before = Array.from(sql).slice(0, position - 1)
  return before.join('').length + 1
}

/** Classes of the PostgreSQL manual, appendix A: 40 transaction rollback, 08 connection, 57P0x server shutdown. */
function kindOf(state: string | undefined, message: string): StatementFailure['kind'] {
  if (state === '57014') return 'cancelled'
  if (state === '53200') return 'memory'
  if (state?.startsWith('40') === true || state === '55P03') return 'conflict'
  if (state?.startsWith('08') === true || /^57P0[1-5]$/.test(state ?? '')) return 'connection'
  // Errors of sockets have names such as ECONNRESET; those that `pg` raises itself have no code at all.
  const isSocket = state !== undefined && /^E[A-Z]+$/.test(state)
  const isDriver =
    state === undefined && /connection (terminated|closed|ended)|not queryable|client was closed/i.test(message)
  return isSocket || isDriver ? 'connection' : 'statement'
}
