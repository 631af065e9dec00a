import { chown, mkdtemp, stat, writeFile, chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { testServer } from '../src/testing.ts'
import type { TestServer, TestServerMajor } from '../src/testing.ts'
import { makeCertificate } from './certificates.ts'
import type { Certificate } from './certificates.ts'

/** A server that speaks TLS, with a database for each way in that pg_hba.conf permits. */
export interface TlsServer {
  readonly server: TestServer
  readonly authority: Certificate
  /** Signed by the authority, for the role `certified`. */
  readonly clientCertificate: Certificate
  /** An authority that the server has nothing to do with. */
  readonly stranger: Certificate
}

const hba = `
host      postgres    postgres   127.0.0.1/32  scram-sha-256
host      either      all        127.0.0.1/32  scram-sha-256
hostssl   tls_only    all        127.0.0.1/32  scram-sha-256
hostnossl plain_only  all        127.0.0.1/32  scram-sha-256
hostssl   certificate all        127.0.0.1/32  cert
host      md5         all        127.0.0.1/32  md5
host      rejected    all        127.0.0.1/32  reject
`

export const tlsDatabases = ['either', 'tls_only', 'plain_only', 'certificate', 'md5', 'rejected'] as const

/** Its certificate is for the name localhost, not for the address 127.0.0.1. */
export async function startTlsServer(major: TestServerMajor): Promise<TlsServer | undefined> {
  const shared = await testServer({ major })
  if (shared === undefined) return undefined
  const authority = makeCertificate({ commonName: 'eclusa test authority' })
  const files = {
    ssl_cert_file: makeCertificate({ commonName: 'test server', issuer: authority, hosts: ['localhost'] }),
    ssl_ca_file: authority.certificate,
  }
  const directory = await mkdtemp(join(tmpdir(), 'eclusa-tls-'))
  const owner = await serverUser(shared)
  const write = async (name: string, text: string) => {
    const path = join(directory, name)
    await writeFile(path, text, { mode: 0o600 })
    await chown(path, owner.uid, owner.gid)
    return path
  }
  await chmod(directory, 0o755)
  const server = await testServer({
    major,
    settings: {
      ssl: 'on',
      ssl_cert_file: await write('server.crt', files.ssl_cert_file.certificate),
      ssl_key_file: await write('server.key', files.ssl_cert_file.key),
      ssl_ca_file: await write('authority.crt', files.ssl_ca_file),
      hba_file: await write('pg_hba.conf', hba),
    },
  })
  if (server === undefined) return undefined
  await prepare(server)
  return {
    server,
    authority,
    clientCertificate: makeCertificate({ commonName: 'certified', issuer: authority }),
    stranger: makeCertificate({ commonName: 'a stranger' }),
  }
}

/** PostgreSQL reads a key only if it belongs to the user that the server runs as. */
async function serverUser(server: TestServer): Promise<{ uid: number; gid: number }> {
  return await withClient(server, async (client) => {
    const { rows } = await client.query<{ directory: string }>(`SELECT current_setting('data_directory') AS directory`)
    return await stat(rows.at(0)!.directory)
  })
}

async function prepare(server: TestServer): Promise<void> {
  await withClient(server, async (client) => {
    for (const name of tlsDatabases) await client.query(`CREATE DATABASE "${name}"`)
    await client.query('CREATE ROLE certified LOGIN')
    await client.query(`CREATE ROLE no_login PASSWORD 'secret'`)
    await client.query(`CREATE ROLE limited LOGIN PASSWORD 'secret' CONNECTION LIMIT 0`)
    await client.query(`CREATE ROLE stranger LOGIN PASSWORD 'secret'`)
    await client.query(`SET password_encryption = 'md5'`)
    await client.query(`CREATE ROLE with_md5 LOGIN PASSWORD 'secret'`)
    await client.query('REVOKE CONNECT ON DATABASE either FROM PUBLIC')
    await client.query('GRANT CONNECT ON DATABASE either TO limited')
  })
}

async function withClient<Result>(server: TestServer, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: server.connectionString() })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
