import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { postgresOptions } from './postgres-profile.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'profile-'))
  for (const name of ['root.crt', 'me.crt', 'me.key']) await writeFile(path.join(directory, name), `PEM of ${name}`)
})
afterAll(async () => await rm(directory, { recursive: true }))

const base = { host: 'db', port: 5433, user: 'u', password: 'p', database: 'd', schema: 's' }

it('has the defaults of dbt-postgres', async () => {
  expect(await postgresOptions({ ...base, sslrootcert: 'system', search_path: '', role: null })).toEqual({
    host: 'db',
    port: 5433,
    database: 'd',
    user: 'u',
    password: 'p',
    ssl: { mode: 'prefer' },
    applicationName: 'eclusa',
    connectTimeoutMs: 10_000,
    retriesMax: 1,
  })
})

it('hands on every key of the connection, with the texts of its certificates', async () => {
  const given = {
    ...base,
    port: '5434',
    sslmode: 'verify-ca',
    sslrootcert: path.join(directory, 'root.crt'),
    sslcert: path.join(directory, 'me.crt'),
    sslkey: path.join(directory, 'me.key'),
    connect_timeout: 3,
    keepalives_idle: 7,
    retries: 4,
    search_path: 'a, b',
    role: '"Writer"',
    application_name: 'mine',
  }
  expect(await postgresOptions(given)).toMatchObject({
    port: 5434,
    ssl: {
      mode: 'verify-ca',
      caCertificate: 'PEM of root.crt',
      clientCertificate: 'PEM of me.crt',
      clientKey: 'PEM of me.key',
    },
    connectTimeoutMs: 3000,
    keepAliveIdleMs: 7000,
    retriesMax: 4,
    searchPath: 'a, b',
    role: '"Writer"',
    applicationName: 'mine',
  })
})

it.each([
  ['sslrootcert', '/no/such/file.crt', /sslrootcert is "\/no\/such\/file.crt", which cannot be read/u],
  ['connect_timeout', 'soon', /connect_timeout is "soon", which is no whole number/u],
  ['sslmode', 'verify_full', /sslmode is "verify_full"/u],
])('refuses %s: %s', async (key, value, message) => {
  await expect(postgresOptions({ ...base, [key]: value })).rejects.toThrow(message)
})
