import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { EclusaError, hasErrorCode } from '@eclusa/sdk'
import type { SslMode, SslSettings } from '@eclusa/sdk'
import { testServer } from '@eclusa/postgres-local/testing'
import { startTlsServer } from '@eclusa/postgres-local/tls-server'
import { describe, expect, it } from 'vitest'
import { openPostgres } from './connection.ts'
import type { OpenPostgresOptions } from './login.ts'

const plain = await testServer()
const tls = await startTlsServer(18)

function optionsFor({ host, port, user, password }: typeof plain): OpenPostgresOptions {
  return { host, port, user, password, database: 'postgres' }
}

/** What the first session is: encrypted, or not, or refused with this message. */
async function outcome(options: OpenPostgresOptions): Promise<string> {
  try {
    await using warehouse = await openPostgres(options)
    await using session = await warehouse.connect()
    const { rows } = await session.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    return rows[0]?.[0] === true ? 'TLS' : 'plain'
  } catch (error) {
    if (EclusaError.isInstance(error)) return error.message
    throw error
  }
}

describe.skipIf(tls === undefined)('a session of a server that speaks TLS', () => {
  const { server, authority, clientCertificate, stranger } = tls!
  const open = async (ssl: SslSettings, change: Partial<OpenPostgresOptions> = {}) =>
    await outcome({ ...optionsFor(server), database: 'either', ssl, ...change })
  const refused = /no pg_hba.conf entry/u
  const untrusted = /self-signed certificate|unable to verify|unable to get/u

  it.each<[SslMode, string, string | RegExp]>([
    ['disable', 'either', 'plain'],
    ['allow', 'either', 'plain'],
    ['prefer', 'either', 'TLS'],
    ['require', 'either', 'TLS'],
    ['disable', 'tls_only', refused],
    ['allow', 'tls_only', 'TLS'],
    ['prefer', 'plain_only', 'plain'],
    ['require', 'plain_only', refused],
  ])('is opened by %s at the database %s: %s', async (mode, database, result) => {
    expect(await open({ mode }, { database })).toMatch(result)
  })

  it.each<[SslMode, 'authority' | 'stranger', string, string | RegExp]>([
    ['verify-ca', 'authority', '127.0.0.1', 'TLS'],
    ['verify-ca', 'stranger', 'localhost', untrusted],
    ['verify-full', 'authority', 'localhost', 'TLS'],
    ['verify-full', 'authority', '127.0.0.1', /does not match certificate's altnames/u],
    ['verify-full', 'stranger', 'localhost', untrusted],
    ['require', 'authority', '127.0.0.1', 'TLS'],
    ['require', 'stranger', '127.0.0.1', untrusted],
    ['prefer', 'authority', '127.0.0.1', 'TLS'],
    ['prefer', 'stranger', '127.0.0.1', 'plain'],
  ])('is judged by %s with the certificate of the %s at %s: %s', async (mode, who, host, result) => {
    const caCertificate = { authority, stranger }[who].certificate
    expect(await open({ mode, caCertificate }, { host })).toMatch(result)
  })

  it('trusts public authorities alone where none is named, and never reads what is no certificate', async () => {
    expect(await open({ mode: 'verify-ca' })).toMatch(untrusted)
    expect(await open({ mode: 'require', caCertificate: 'nonsense' })).toMatch(/cannot be read/u)
  })

  it('logs in by client certificate', async () => {
    const certified = { database: 'certificate', user: 'certified', password: '' }
    const { certificate, key } = clientCertificate
    expect(await open({ mode: 'require', clientCertificate: certificate, clientKey: key }, certified)).toBe('TLS')
    expect(await open({ mode: 'require' }, certified)).toMatch(/requires a valid client certificate/u)
  })

  it('tells of a wrong password, not of the way that pg_hba.conf refused before', async () => {
    for (const database of ['tls_only', 'plain_only']) {
      const mode = database === 'tls_only' ? 'allow' : 'prefer'
      expect(await open({ mode }, { database, password: 'wrong' })).toMatch(/password authentication failed/u)
    }
  })
})

describe('a session of a server without TLS', () => {
  it.each<[SslMode, string | RegExp]>([
    ['prefer', 'plain'],
    ['require', /does not support SSL/u],
    ['verify-ca', /does not support SSL/u],
  ])('is opened by %s: %s', async (mode, result) => {
    expect(await outcome({ ...optionsFor(plain), ssl: { mode } })).toMatch(result)
  })
})

describe('each session of a warehouse', () => {
  it('begins with its role and search_path, which any text may be', async () => {
    await using database = await plain.createDatabase()
    const role = `"Writer of ${database.name}"`
    const options = { ...optionsFor(plain), database: database.name }
    const searchPath = '"My Schema", "back\\slash", public'
    await using admin = await openPostgres(options)
    await using owner = await admin.connect()
    await owner.query(`CREATE ROLE ${role}`)
    try {
      await using warehouse = await openPostgres({ ...options, role, searchPath })
      for (const session of [await warehouse.connect(), await warehouse.connect()]) {
        const { rows } = await session.query(`SELECT current_user, current_setting('search_path')`)
        expect(rows).toEqual([[JSON.parse(role), searchPath]])
      }
    } finally {
      await owner.query(`DROP ROLE ${role}`)
    }
    const missing = openPostgres({ ...options, role, retriesMax: 9 })
    await expect(missing).rejects.toThrow(/refused SET ROLE "Writer.*does not exist/u)
  })

  it('is asked for again when the server hangs up, as often as it may, and at once', async () => {
    await using door = await closedAtFirst(plain, 1)
    const options = { ...optionsFor(plain), host: '127.0.0.1', port: door.port }
    expect(await outcome(options)).toMatch(/Connection terminated|ECONNRESET|socket/u)
    door.refuse(1)
    expect(await outcome({ ...options, retriesMax: 1 })).toBe('plain')
    expect(door.refused).toBe(2)
  })

  it('is not asked for again when the password is wrong', async () => {
    await using door = await closedAtFirst(plain, 0)
    const options = { ...optionsFor(plain), host: '127.0.0.1', port: door.port, password: 'wrong' }
    const opening = openPostgres({ ...options, retriesMax: 5 })
    await expect(opening).rejects.toSatisfy((error) => hasErrorCode(error, 'WAREHOUSE_CONNECTION_FAILED'))
    expect(door.accepted).toBe(1)
  })

  it('is given up when the server is silent for longer than it may be', async () => {
    await using silent = await listening(() => {})
    const options = { ...optionsFor(plain), host: '127.0.0.1', port: silent.port, connectTimeoutMs: 50 }
    expect(await outcome(options)).toMatch(/timeout/u)
  })
})

/** A way to the server that hangs up on the first ones who come. */
async function closedAtFirst(server: typeof plain, refusals: number) {
  const door = { refusals, refused: 0, accepted: 0 }
  const listener = await listening((socket) => {
    if (door.refusals > 0) {
      door.refusals--
      door.refused++
      socket.destroy()
      return
    }
    door.accepted++
    const onward = connect(server.port, server.host)
    socket.pipe(onward).pipe(socket)
    for (const end of [socket, onward]) end.on('error', () => [socket, onward].forEach((one) => one.destroy()))
  })
  return {
    ...listener,
    refuse: (count: number) => void (door.refusals = count),
    get refused() {
      return door.refused
    },
    get accepted() {
      return door.accepted
    },
  }
}

async function listening(onSocket: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    onSocket(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
