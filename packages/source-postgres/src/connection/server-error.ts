import { EclusaError, isCertificateUntrusted, isHandshakeFailure } from '@eclusa/sdk'
import type { AnyErrorCode, ErrorCode } from '@eclusa/sdk'
import { quoteIdentifier } from '../sql-text.ts'
import type { ConnectionSettings } from './connection-settings.ts'

/** What `pg` throws for an ErrorResponse of the server. */
export interface ServerError extends Error {
  /** SQLSTATE: five characters. */
  readonly code: string
  readonly severity: string
  readonly routine?: string
}

export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string'
}

/** SQLSTATE classes whose messages quote values of rows: data exception, integrity, check option, raised by a function. */
const classesWithValues = new Set(['22', '23', '44', 'P0'])

/** The server's message, without the values that messages of some classes quote. */
export function tellableMessage(error: ServerError): string {
  if (!classesWithValues.has(error.code.slice(0, 2))) return error.message
  return error.message.replaceAll(/"[^"]*"|'[^']*'/gu, '"…"')
}

interface Explanation {
  readonly code: ErrorCode
  readonly message: string
  readonly remedy?: string
}

/** Says why a connection could not be opened. */
export function connectError(cause: unknown, settings: ConnectionSettings): EclusaError {
  if (EclusaError.isInstance(cause)) return cause
  const { code, message, remedy } = isServerError(cause)
    ? explainRefusal(cause, settings)
    : explainNetwork(cause, settings)
  return new EclusaError(code, {
    message,
    ...(remedy !== undefined && { remedy }),
    details: {
      host: settings.host,
      port: settings.port,
      database: settings.database,
      username: settings.username,
      ...(isServerError(cause) && { sqlState: cause.code }),
    },
    cause,
  })
}

function explainRefusal(error: ServerError, settings: ConnectionSettings): Explanation {
  const role = quoteIdentifier(settings.username)
  const said = `PostgreSQL at ${addressOf(settings)} said: ${error.message}.`
  switch (error.code) {
    case '28P01':
      return { code: 'POSTGRES_AUTHENTICATION_FAILED', message: said }
    case '28000':
      return explainAuthorization(error, settings, said)
    case '3D000':
      return { code: 'POSTGRES_DATABASE_MISSING', message: said }
    case '42501':
      return {
        code: 'POSTGRES_PRIVILEGE_MISSING',
        message: said,
        // `must be superuser or replication role to start walsender`; since 16 `permission denied to start WAL sender`.
        remedy: /wal ?sender/iu.test(error.message)
          ? `ALTER ROLE ${role} REPLICATION`
          : `GRANT CONNECT ON DATABASE ${quoteIdentifier(settings.database)} TO ${role}`,
      }
    case '53300':
      return { code: 'POSTGRES_CONNECTIONS_EXHAUSTED', message: said }
    case '57P01':
    case '57P02':
    case '57P03':
      return { code: 'POSTGRES_NOT_READY', message: said }
    // PgBouncer answers with this state whatever it refuses: an unknown database, too many clients, an unknown setting.
    case '08P01':
      return { code: 'POSTGRES_POOLER_UNSUITABLE', message: said }
    default:
      return { code: 'POSTGRES_STATEMENT_FAILED', message: said }
  }
}

function explainAuthorization(error: ServerError, settings: ConnectionSettings, said: string): Explanation {
  if (!error.message.includes('pg_hba.conf')) {
    const remedy = error.message.includes('not permitted to log in')
      ? `ALTER ROLE ${quoteIdentifier(settings.username)} LOGIN`
      : 'Correct username, or the client certificate.'
    return { code: 'POSTGRES_AUTHENTICATION_FAILED', message: said, remedy }
  }
  const address = /for host "([^"]+)"/u.exec(error.message)?.[1]
  const kind = /, (SSL encryption|SSL on)$/u.test(error.message) ? 'hostssl' : 'host'
  const line =
    address === undefined || address === '[local]'
      ? `local ${settings.database} ${settings.username} scram-sha-256`
      : `${kind} ${settings.database} ${settings.username} ${address}${address.includes(':') ? '/128' : '/32'} scram-sha-256`
  return {
    code: 'POSTGRES_HBA_REJECTED',
    message: said,
    remedy: `Add this line to pg_hba.conf, then run SELECT pg_reload_conf(): ${line}`,
  }
}

function explainNetwork(error: unknown, settings: ConnectionSettings): Explanation {
  const code = codeOf(error)
  const text = error instanceof Error ? error.message : String(error)
  const at = addressOf(settings)
  if (isCertificateUntrusted(error)) {
    return { code: 'POSTGRES_TLS_UNVERIFIABLE', message: `The certificate of ${at} is not trusted: ${text}.` }
  }
  if (isHandshakeFailure(error)) {
    return { code: 'POSTGRES_TLS_FAILED', message: `The TLS handshake with ${at} failed: ${text}.` }
  }
  switch (code) {
    case 'ENOTFOUND':
      return { code: 'POSTGRES_HOST_UNKNOWN', message: `The host "${settings.host}" is unknown.` }
    case 'ECONNREFUSED':
      return { code: 'POSTGRES_CONNECTION_REFUSED', message: `Nothing accepts connections at ${at}.` }
    case 'ENOENT':
      return { code: 'POSTGRES_CONNECTION_REFUSED', message: `There is no PostgreSQL socket at ${at}.` }
  }
  return explainText(text, settings)
}

/** `pg` has no codes for what it finds out itself. */
function explainText(text: string, settings: ConnectionSettings): Explanation {
  const at = addressOf(settings)
  if (text.includes('does not support SSL')) {
    return { code: 'POSTGRES_TLS_REFUSED', message: `PostgreSQL at ${at} does not offer TLS, and ssl_mode demands it.` }
  }
  if (text.includes('establishing an SSL connection')) {
    return { code: 'POSTGRES_TLS_FAILED', message: `The server at ${at} answered the request for TLS with an error.` }
  }
  if (text.startsWith('SASL')) {
    const password =
      settings.password === undefined || settings.password === ''
        ? 'demands a password, and none is configured'
        : 'could not be authenticated'
    return {
      code: 'POSTGRES_AUTHENTICATION_FAILED',
      message: `PostgreSQL at ${at} ${password}.`,
      remedy: 'Give the password of the role.',
    }
  }
  if (text === 'timeout expired') {
    return {
      code: 'POSTGRES_UNREACHABLE',
      message: `The server at ${at} did not answer within ${settings.connectTimeoutMs} ms.`,
    }
  }
  return { code: 'POSTGRES_UNREACHABLE', message: `The connection to ${at} could not be opened: ${text}.` }
}

function addressOf({ host, port }: ConnectionSettings): string {
  return host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

const codesByState: Readonly<Record<string, ErrorCode>> = {
  // What a server with the encoding SQL_ASCII says when it has to send bytes that are no UTF-8.
  '22021': 'POSTGRES_TEXT_NOT_UTF8',
  '3F000': 'POSTGRES_TABLE_MISSING',
  '40001': 'POSTGRES_STATEMENT_CANCELLED',
  '42501': 'POSTGRES_PRIVILEGE_MISSING',
  // Tables are read by the columns that the catalog had a moment before.
  '42703': 'POSTGRES_TABLE_CHANGED',
  '42P01': 'POSTGRES_TABLE_MISSING',
  '55P03': 'POSTGRES_LOCK_TIMEOUT',
  '57014': 'POSTGRES_STATEMENT_CANCELLED',
  '57P01': 'POSTGRES_CONNECTION_LOST',
  '57P02': 'POSTGRES_CONNECTION_LOST',
  '57P03': 'POSTGRES_CONNECTION_LOST',
  '57P05': 'POSTGRES_CONNECTION_LOST',
  '25P03': 'POSTGRES_CONNECTION_LOST',
  '25P04': 'POSTGRES_CONNECTION_LOST',
}

/** What was being done when it failed. */
export interface Attempt {
  /** Begins the message: `reading sales.orders`. */
  readonly doing: string
  /** Key of the stream, when one stream alone is concerned: the others can go on without it. */
  readonly stream?: string
  /** Of the catalogue's remedy, when there is a better one. */
  readonly remedies?: Readonly<Partial<Record<AnyErrorCode, string>>>
}

/** Naming a stream in these would make the pipeline go on without that one, though all are concerned. */
const concernEveryStream: ReadonlySet<AnyErrorCode> = new Set([
  'CANCELLED',
  'POSTGRES_CONNECTION_LOST',
  'POSTGRES_POOLER_UNSUITABLE',
  'POSTGRES_SNAPSHOT_UNAVAILABLE',
])

/** Says why a statement failed. Errors that already have a code only learn the stream they belong to. */
export function statementError(cause: unknown, attempt: Attempt): EclusaError {
  if (EclusaError.isInstance(cause)) return withStream(cause, attempt)
  const code = isServerError(cause) ? codeOfStatement(cause) : 'POSTGRES_CONNECTION_LOST'
  const said = isServerError(cause) ? `PostgreSQL said: ${tellableMessage(cause)}` : `the connection ended`
  const remedy = attempt.remedies?.[code]
  return new EclusaError(code, {
    message: `Failed while ${attempt.doing}: ${said}.`,
    ...(remedy !== undefined && { remedy }),
    details: {
      ...(attempt.stream !== undefined && !concernEveryStream.has(code) && { stream: attempt.stream }),
      ...(isServerError(cause) && { sqlState: cause.code }),
    },
    cause,
  })
}

function codeOfStatement(error: ServerError): ErrorCode {
  // With row_security = off PostgreSQL refuses to run a query whose rows a policy would filter.
  if (error.code === '42501' && error.message.includes('row-level security')) return 'POSTGRES_ROWS_HIDDEN'
  return codesByState[error.code] ?? 'POSTGRES_STATEMENT_FAILED'
}

function withStream(error: EclusaError, attempt: Attempt): EclusaError {
  if (attempt.stream === undefined || 'stream' in error.details || concernEveryStream.has(error.code)) return error
  const remedy = attempt.remedies?.[error.code]
  return new EclusaError(error, {
    message: error.message,
    ...(remedy !== undefined && { remedy }),
    details: { ...error.details, stream: attempt.stream },
    cause: error.cause,
  })
}
