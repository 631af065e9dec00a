import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { EclusaError, sslModes } from '@eclusa/sdk'
import type { AnyErrorCode, SslMode, SslSettings } from '@eclusa/sdk'
import { testMajors, testServer } from '@eclusa/postgres-local/testing'
import { describe, expect, it } from 'vitest'
import { startTlsServer } from '@eclusa/postgres-local/tls-server'
import type { ConnectionSettings } from './connection-settings.ts'
import { openSession } from './session.ts'

const signal = new AbortController().signal
const plain = await testServer()

/** How a connection ended up: encrypted or not, or the code of its error. */
async function outcome(settings: ConnectionSettings): Promise<'TLS' | 'plain' | AnyErrorCode> {
  try {
    await using session = await openSession(settings, signal)
    const rows = await session.query<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()', {
      attempt: { doing: 'asking for TLS' },
    })
    return rows.at(0)?.ssl ? 'TLS' : 'plain'
  } catch (error) {
    if (EclusaError.isInstance(error)) return error.code
    throw error
  }
}

async function failure(settings: ConnectionSettings): Promise<EclusaError> {
  try {
    await using _session = await openSession(settings, signal)
  } catch (error) {
    if (EclusaError.isInstance(error)) return error
    throw error
  }
  throw new Error('The connection was opened.')
}

function settingsFor(
  { host, port, user, password }: { host: string; port: number; user: string; password: string },
  overrides: Partial<ConnectionSettings> = {},
): ConnectionSettings {
  return {
    host,
    port,
    database: 'postgres',
    username: user,
    password,
    ssl: { mode: 'prefer' },
    applicationName: 'eclusa test',
    connectTimeoutMs: 10_000,
    ...overrides,
  }
}

for (const major of testMajors) {
  const tls = await startTlsServer(major)
  if (tls === undefined) continue
  describe(`a PostgreSQL ${major} that speaks TLS`, () => {
    const { server, authority, clientCertificate, stranger } = tls
    const connect = (ssl: SslSettings, overrides: Partial<ConnectionSettings> = {}) =>
      outcome(settingsFor(server, { database: 'either', ssl, ...overrides }))

    const expected: Record<string, Record<Exclude<SslMode, 'verify-ca' | 'verify-full'>, string>> = {
      either: { disable: 'plain', allow: 'plain', prefer: 'TLS', require: 'TLS' },
      tls_only: { disable: 'POSTGRES_HBA_REJECTED', allow: 'TLS', prefer: 'TLS', require: 'TLS' },
      plain_only: { disable: 'plain', allow: 'plain', prefer: 'plain', require: 'POSTGRES_HBA_REJECTED' },
      rejected: {
        disable: 'POSTGRES_HBA_REJECTED',
        allow: 'POSTGRES_HBA_REJECTED',
        prefer: 'POSTGRES_HBA_REJECTED',
        require: 'POSTGRES_HBA_REJECTED',
      },
    }
    for (const [database, byMode] of Object.entries(expected)) {
      it.each(Object.entries(byMode))(`is reached at ${database} with mode %s: %s`, async (mode, result) => {
        expect(await connect({ mode: mode as SslMode }, { database })).toBe(result)
      })
    }

    it.each<[string, SslSettings, string, string]>([
      ['verify-ca accepts any name', { mode: 'verify-ca', caCertificate: authority.certificate }, '127.0.0.1', 'TLS'],
      [
        'verify-ca refuses another issuer',
        { mode: 'verify-ca', caCertificate: stranger.certificate },
        '127.0.0.1',
        'POSTGRES_TLS_UNVERIFIABLE',
      ],
      [
        'verify-ca without an issuer trusts public authorities only',
        { mode: 'verify-ca' },
        '127.0.0.1',
        'POSTGRES_TLS_UNVERIFIABLE',
      ],
      [
        'require with an issuer verifies it',
        { mode: 'require', caCertificate: stranger.certificate },
        '127.0.0.1',
        'POSTGRES_TLS_UNVERIFIABLE',
      ],
      [
        'require with the right issuer accepts any name',
        { mode: 'require', caCertificate: authority.certificate },
        '127.0.0.1',
        'TLS',
      ],
      [
        'verify-full accepts the name in the certificate',
        { mode: 'verify-full', caCertificate: authority.certificate },
        'localhost',
        'TLS',
      ],
      [
        'verify-full refuses another name',
        { mode: 'verify-full', caCertificate: authority.certificate },
        '127.0.0.1',
        'POSTGRES_TLS_UNVERIFIABLE',
      ],
      [
        'verify-full refuses another issuer',
        { mode: 'verify-full', caCertificate: stranger.certificate },
        'localhost',
        'POSTGRES_TLS_UNVERIFIABLE',
      ],
      [
        'a certificate that is no PEM text is refused',
        { mode: 'require', caCertificate: 'nonsense' },
        '127.0.0.1',
        'POSTGRES_TLS_MATERIAL_INVALID',
      ],
    ])('%s', async (_name, ssl, host, result) => {
      expect(await connect(ssl, { host })).toBe(result)
    })

    it('logs in by client certificate', async () => {
      const certified = { database: 'certificate', username: 'certified', password: undefined }
      const ssl: SslSettings = {
        mode: 'require',
        clientCertificate: clientCertificate.certificate,
        clientKey: clientCertificate.key,
      }
      expect(await connect(ssl, certified)).toBe('TLS')
      expect(await connect({ mode: 'require' }, certified)).toBe('POSTGRES_AUTHENTICATION_FAILED')
      expect(await connect(ssl, { ...certified, username: server.user })).toBe('POSTGRES_AUTHENTICATION_FAILED')
    })

    it('logs in with a password stored as md5', async () => {
      const role = { database: 'md5', username: 'with_md5' }
      expect(await connect({ mode: 'prefer' }, { ...role, password: 'secret' })).toBe('TLS')
      expect(await connect({ mode: 'prefer' }, { ...role, password: 'wrong' })).toBe('POSTGRES_AUTHENTICATION_FAILED')
    })

    it.each(sslModes.slice(0, 4))('tells a wrong password from everything else with mode %s', async (mode) => {
      expect(await connect({ mode }, { password: 'wrong' })).toBe('POSTGRES_AUTHENTICATION_FAILED')
      expect(await connect({ mode }, { password: undefined })).toBe('POSTGRES_AUTHENTICATION_FAILED')
    })

    it('says which line is missing in pg_hba.conf', async () => {
      const error = await failure(settingsFor(server, { database: 'tls_only', ssl: { mode: 'disable' } }))
      expect(error.remedy).toContain(`host tls_only ${server.user} 127.0.0.1/32 scram-sha-256`)
    })

    it('explains roles and databases that cannot be used, with the SQL that mends it', async () => {
      const login = await failure(settingsFor(server, { username: 'no_login', password: 'secret' }))
      expect(login).toMatchObject({ code: 'POSTGRES_HBA_REJECTED' })
      const noLogin = await failure(
        settingsFor(server, { database: 'either', username: 'no_login', password: 'secret' }),
      )
      expect(noLogin).toMatchObject({ code: 'POSTGRES_AUTHENTICATION_FAILED', remedy: 'ALTER ROLE "no_login" LOGIN' })
      const full = await failure(settingsFor(server, { database: 'either', username: 'limited', password: 'secret' }))
      expect(full.code).toBe('POSTGRES_CONNECTIONS_EXHAUSTED')
      const unconnected = await failure(
        settingsFor(server, { database: 'either', username: 'stranger', password: 'secret' }),
      )
      expect(unconnected).toMatchObject({
        code: 'POSTGRES_PRIVILEGE_MISSING',
        remedy: 'GRANT CONNECT ON DATABASE "either" TO "stranger"',
      })
    })
  })
}

describe('a server without TLS', () => {
  it.each<[SslMode, string]>([
    ['disable', 'plain'],
    ['allow', 'plain'],
    ['prefer', 'plain'],
    ['require', 'POSTGRES_TLS_REFUSED'],
    ['verify-ca', 'POSTGRES_TLS_REFUSED'],
    ['verify-full', 'POSTGRES_TLS_REFUSED'],
  ])('with mode %s: %s', async (mode, result) => {
    expect(await outcome(settingsFor(plain, { ssl: { mode } }))).toBe(result)
  })

  it('tells a database that does not exist', async () => {
    const error = await failure(settingsFor(plain, { database: 'nowhere' }))
    expect(error).toMatchObject({ code: 'POSTGRES_DATABASE_MISSING', details: { database: 'nowhere' } })
  })

  it('never has the password in an error', async () => {
    const password = 'a very secret password'
    const error = await failure(settingsFor(plain, { password }))
    const everything = JSON.stringify([error.message, error.remedy, error.details, String(error.cause)])
    expect(everything).not.toContain(password)
  })
})

describe('a server that cannot be reached', () => {
  it('tells a host that does not exist', async () => {
    expect(await outcome(settingsFor(plain, { host: 'no-such-host.invalid' }))).toMatch(
      /^POSTGRES_(HOST_UNKNOWN|UNREACHABLE)$/,
    )
  })

  it('tells a port where nothing listens, in every mode', async () => {
    const unused = await freePort()
    for (const mode of sslModes) {
      expect(await outcome(settingsFor(plain, { port: unused, ssl: { mode } }))).toBe('POSTGRES_CONNECTION_REFUSED')
    }
    expect(await outcome(settingsFor(plain, { host: '/nowhere' }))).toBe('POSTGRES_CONNECTION_REFUSED')
  })

  it('gives up on a server that never answers, and on one that hangs up', async () => {
    await using silent = await listen(() => {})
    expect(await outcome(settingsFor(plain, { port: silent.port, connectTimeoutMs: 100 }))).toBe('POSTGRES_UNREACHABLE')
    await using rude = await listen((socket) => socket.destroy())
    expect(await outcome(settingsFor(plain, { port: rude.port, ssl: { mode: 'disable' } }))).toBe(
      'POSTGRES_UNREACHABLE',
    )
  })

  it('stops connecting when it is told to', async () => {
    const controller = new AbortController()
    await using silent = await listen(() => controller.abort())
    const opening = openSession(settingsFor(plain, { port: silent.port }), controller.signal)
    await expect(opening).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

async function listen(onConnection: (socket: import('node:net').Socket) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

async function freePort(): Promise<number> {
  await using server = await listen(() => {})
  return server.port
}
