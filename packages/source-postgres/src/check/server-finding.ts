import type { CheckFinding, SslAttempt } from '@eclusa/sdk'
import type { ConnectionSettings } from '../connection/connection-settings.ts'
import type { ServerFacts } from '../connection/server-facts.ts'
import { passed, warning } from './finding.ts'

export function tlsFinding(ssl: SslAttempt, { host, ssl: { mode } }: ConnectionSettings): CheckFinding {
  if (ssl !== false && ssl.rejectUnauthorized === true) {
    return passed('TLS', `The connection is encrypted and the server's certificate verified (${mode}).`)
  }
  const isLocal = host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host)
  if (isLocal) return passed('TLS', 'The connection does not leave this machine.')
  return ssl === false
    ? warning(
        'TLS',
        `The connection is not encrypted (${mode}).`,
        'Set `ssl = on` on the server and ssl_mode: verify-full.',
      )
    : warning(
        'TLS',
        `The connection is encrypted, but who answers is not verified (${mode}).`,
        'Set ssl_mode: verify-full, with ca_certificate.',
      )
}

/** The newest major version that the tests run against. */
const majorTested = 18

export function* serverFindings(facts: ServerFacts): Generator<CheckFinding, void, undefined> {
  yield Math.floor(facts.versionNumber / 10_000) > majorTested
    ? warning('version', `PostgreSQL ${facts.version} is newer than ${majorTested}, the newest that was tested.`)
    : passed('version', `PostgreSQL ${facts.version}.`)
  if (facts.isPooled) {
    yield warning(
      'pooler',
      'A connection pooler such as PgBouncer answers in place of PostgreSQL. Reading works with pool_mode session or transaction; each reader keeps a server connection for as long as it reads.',
      'Connect to PostgreSQL itself where you can.',
    )
  }
  if (facts.encoding === 'SQL_ASCII') {
    yield warning(
      'encoding',
      'The database has the encoding SQL_ASCII: texts that are no UTF-8 stop a full refresh; incremental reading and queries are refused.',
      'Move the data to a database with a real encoding: pg_dump, then CREATE DATABASE … ENCODING UTF8, then restore.',
    )
  }
  if (facts.isStandby) {
    const standby = 'The server is a standby: one reader copies one table after the other'
    yield facts.sendsFeedback
      ? passed('standby', `${standby}. Its primary keeps the rows that are read (hot_standby_feedback).`)
      : warning(
          'standby',
          `${standby}, and what its primary vacuums may cancel a long copy.`,
          'On the standby: ALTER SYSTEM SET hot_standby_feedback = on; SELECT pg_reload_conf();',
        )
  }
}
