import { sslModes } from '@eclusa/sdk'
import type { SslMode } from '@eclusa/sdk'

/** What a connection string says; what it leaves out is undefined. */
export interface ConnectionAddress {
  readonly host: string
  readonly port: number | undefined
  readonly database: string
  readonly username: string
  readonly password: string | undefined
  readonly sslMode: SslMode | undefined
}

/**
 * Reads `postgresql://user:password@host:port/database?sslmode=require`, as in libpq, with one host; the directory of a
 * Unix socket is written as a host, `%2Fvar%2Frun%2Fpostgresql`. Anything that would have to be ignored is a fault,
 * told without any part of the string that may hold the password.
 */
export function parseConnectionString(text: string): ConnectionAddress | { readonly fault: string } {
  if (!/^postgres(ql)?:\/\//u.test(text)) return { fault: 'must begin with postgresql://' }
  if (!URL.canParse(text)) return { fault: 'is not a URL; write special characters in names and passwords as %XX' }
  const url = new URL(text)
  try {
    return interpret(url, databasePath(text))
  } catch {
    return { fault: 'has a % that is not followed by two hexadecimal digits; write the character % as %25' }
  }
}

/** URL takes a database called "." for a step in a path, even as %2E, and drops it. */
function databasePath(text: string): string {
  return /^\w+:\/\/[^/?#]*\/([^?#]*)/u.exec(text)?.[1] ?? ''
}

function interpret(url: URL, path: string): ConnectionAddress | { readonly fault: string } {
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'sslmode')
  if (unknown !== undefined) {
    return { fault: `has the parameter "${unknown}"; only sslmode is known: use the keys of the configuration` }
  }
  const sslMode = url.searchParams.get('sslmode') ?? undefined
  if (sslMode !== undefined && !isSslMode(sslMode)) return { fault: `sslmode must be one of ${sslModes.join(', ')}` }
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/u, '$1')
  const database = decodeURIComponent(path)
  const username = decodeURIComponent(url.username)
  if (host === '' || host.includes(',')) return { fault: 'must name one host' }
  if (database === '') return { fault: 'must name a database, after the host and a slash' }
  if (username === '') return { fault: 'must name a role, before the host and an @' }
  return {
    host,
    port: url.port === '' ? undefined : Number(url.port),
    database,
    username,
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    sslMode,
  }
}

function isSslMode(text: string): text is SslMode {
  return (sslModes as readonly string[]).includes(text)
}
