import type { SqlFault } from './statement.ts'

/** A statement's failure as Snowflake tells it. `code` has six digits, as the drivers show it. */
export class SqlError extends Error implements SqlFault {
  readonly code: string
  readonly sqlState: string
  /** Where in the text of the statement, if that is known: told as line and position once the text is at hand. */
  readonly at: number | undefined

  constructor({ code, sqlState, message, cause, at }: SqlFault & { readonly cause?: unknown; readonly at?: number }) {
    super(message, { cause })
    this.at = at
    this.name = 'SqlError'
    this.code = code
    this.sqlState = sqlState
  }
}

/** What the text of a statement gets wrong before any name is looked up. */
export function compilationError(code: string, sqlState: string, detail: string): SqlError {
  return new SqlError({ code, sqlState, message: `SQL compilation error:\n${detail}` })
}

export function syntaxError(detail: string): SqlError {
  return compilationError('001003', '42000', detail)
}

export function unknownFunction(name: string): SqlError {
  return compilationError('002140', '42601', `Unknown function ${name}`)
}

export function invalidIdentifier(name: string, at?: number): SqlError {
  return new SqlError({
    code: '000904',
    sqlState: '42000',
    message: `SQL compilation error: error ${unknownPlace}\ninvalid identifier '${name}'`,
    ...(at === undefined ? {} : { at }),
  })
}

const unknownPlace = 'line 0 at position -1'

/** The error with line and position in the statement's text: lines count from 1, places in a line from 0. */
export function placed(error: unknown, sql: string): unknown {
  if (!(error instanceof SqlError) || error.at === undefined) return error
  const before = sql.slice(0, error.at).split('\n')
  const place = `line ${before.length} at position ${before.at(-1)?.length ?? 0}`
  const { code, sqlState, message } = error
  return new SqlError({ code, sqlState, message: message.replace(unknownPlace, place), cause: error.cause })
}

/** Snowflake does not tell a missing object from one that the role may not see. */
export function unknownObject(kind: string, name: string): SqlError {
  return compilationError('002003', '42S02', `${kind} '${name}' does not exist or not authorized.`)
}

export function existingObject(name: string): SqlError {
  return compilationError('002002', '42710', `Object '${name}' already exists.`)
}

/** What real Snowflake can do and this endpoint cannot: said aloud, never passed over. */
export function unsupportedFeature(detail: string): SqlError {
  return compilationError('000002', '0A000', `Unsupported feature '${detail}'.`)
}

export function insufficientPrivileges(kind: string, name: string): SqlError {
  return new SqlError({
    code: '003001',
    sqlState: '42501',
    message: `SQL access control error:\nInsufficient privileges to operate on ${kind} '${name}'`,
  })
}
