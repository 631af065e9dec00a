import { EclusaError } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import type { ConnectionSettings } from './connection-settings.ts'
import { connectError, statementError, tellableMessage } from './server-error.ts'
import type { ServerError } from './server-error.ts'

const settings: ConnectionSettings = {
  host: 'db.example.com',
  port: 5432,
  database: 'shop',
  username: 'reader',
  password: 'secret',
  ssl: { mode: 'prefer' },
  applicationName: 'eclusa',
  connectTimeoutMs: 1000,
}

function serverError(code: string, message: string): ServerError {
  return Object.assign(new Error(message), { code, severity: 'ERROR' })
}

function networkError(code: string, message = code): Error {
  return Object.assign(new Error(message), { code })
}

describe('a connection that cannot be opened', () => {
  it.each([
    ['57P03', 'the database system is starting up', 'POSTGRES_NOT_READY', 'transient_error'],
    ['57P01', 'terminating connection due to administrator command', 'POSTGRES_NOT_READY', 'transient_error'],
    ['53300', 'sorry, too many clients already', 'POSTGRES_CONNECTIONS_EXHAUSTED', 'transient_error'],
    ['08P01', 'no such database: shop', 'POSTGRES_POOLER_UNSUITABLE', 'config_error'],
    ['XX000', 'something odd', 'POSTGRES_STATEMENT_FAILED', 'system_error'],
  ])('because of %s (%s) is %s', (state, message, code, failureType) => {
    expect(connectError(serverError(state, message), settings)).toMatchObject({
      code,
      failureType,
      details: { sqlState: state },
    })
  })

  it.each([
    ['ENOTFOUND', 'POSTGRES_HOST_UNKNOWN'],
    ['EAI_AGAIN', 'POSTGRES_UNREACHABLE'],
    ['EHOSTUNREACH', 'POSTGRES_UNREACHABLE'],
    ['ETIMEDOUT', 'POSTGRES_UNREACHABLE'],
    ['ECONNREFUSED', 'POSTGRES_CONNECTION_REFUSED'],
    ['CERT_HAS_EXPIRED', 'POSTGRES_TLS_UNVERIFIABLE'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'POSTGRES_TLS_FAILED'],
  ])('because of %s is %s', (code, expected) => {
    expect(connectError(networkError(code), settings).code).toBe(expected)
  })

  it.each([
    [
      'no pg_hba.conf entry for host "10.1.2.3", user "reader", database "shop", no encryption',
      'host shop reader 10.1.2.3/32',
    ],
    [
      'no pg_hba.conf entry for host "10.1.2.3", user "reader", database "shop", SSL encryption',
      'hostssl shop reader 10.1.2.3/32',
    ],
    [
      'no pg_hba.conf entry for host "fe80::1", user "reader", database "shop", no encryption',
      'host shop reader fe80::1/128',
    ],
    ['no pg_hba.conf entry for host "[local]", user "reader", database "shop", no encryption', 'local shop reader'],
  ])('because %s, is told the line to add', (message, line) => {
    const error = connectError(serverError('28000', message), settings)
    expect(error.code).toBe('POSTGRES_HBA_REJECTED')
    expect(error.remedy).toContain(line)
  })
})

describe('a statement that failed', () => {
  const attempt = { doing: 'reading shop.t', stream: 'shop.t' }

  it.each([
    ['42P01', 'POSTGRES_TABLE_MISSING'],
    ['42703', 'POSTGRES_TABLE_CHANGED'],
    ['42501', 'POSTGRES_PRIVILEGE_MISSING'],
    ['55P03', 'POSTGRES_LOCK_TIMEOUT'],
    ['57014', 'POSTGRES_STATEMENT_CANCELLED'],
    ['40001', 'POSTGRES_STATEMENT_CANCELLED'],
    ['XX001', 'POSTGRES_STATEMENT_FAILED'],
  ])('with %s is %s of its stream', (state, code) => {
    expect(statementError(serverError(state, 'text'), attempt)).toMatchObject({
      code,
      details: { stream: 'shop.t', sqlState: state },
    })
  })

  it('names no stream when the connection is what failed', () => {
    for (const error of [serverError('57P01', 'terminating'), new Error('Connection terminated unexpectedly')]) {
      expect(statementError(error, attempt)).toMatchObject({ code: 'POSTGRES_CONNECTION_LOST' })
      expect(statementError(error, attempt).details).not.toHaveProperty('stream')
    }
  })

  it('keeps the code it has, and learns its stream and the better remedy', () => {
    const original = new EclusaError('POSTGRES_PRIVILEGE_MISSING', { message: 'No.', details: { sqlState: '42501' } })
    const told = statementError(original, { ...attempt, remedies: { POSTGRES_PRIVILEGE_MISSING: 'GRANT it' } })
    expect(told).toMatchObject({
      code: 'POSTGRES_PRIVILEGE_MISSING',
      message: 'No.',
      remedy: 'GRANT it',
      details: { stream: 'shop.t', sqlState: '42501' },
    })
  })

  it('does not repeat values of rows', () => {
    const masked = tellableMessage(serverError('22P02', 'invalid input syntax for type integer: "geheim"'))
    expect(masked).toBe('invalid input syntax for type integer: "…"')
    expect(tellableMessage(serverError('42P01', 'relation "t" does not exist'))).toBe('relation "t" does not exist')
  })
})
