// Real servers for tests, shared by all test files of one vitest run. With the package's vitest global setup a server
// is started by the main process when a test first asks for it; without it, by the test file's own process.

import { randomBytes } from 'node:crypto'
import { access } from 'node:fs/promises'
import { join } from 'node:path'

import { Client } from 'pg'

import { startPostgresLocal } from './postgres-local.ts'
import { requestServer } from './server-broker.ts'
import type { ServerAddress, ServerRequest } from './server-broker.ts'

/**
 * The versions that tests can run against: 18 comes from npm, 15 is used where the operating system has it, and any that
 * ECLUSA_TEST_POSTGRES names with its directory of programs: `14=/opt/pg14/bin,17=/opt/pg17/bin`.
 */
export type TestServerMajor = (typeof majors)[number]

export interface TestServerOptions {
  /** Major version. Default: 18. */
  readonly major?: TestServerMajor
  /** Settings beyond the shared ones; a server with settings of its own is a server of its own. Default: none. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A database of its own for one test or test file. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string
  readonly connectionString: string
  /** Drops the database and ends the connections to it. May be called more than once. */
  drop(): Promise<void>
}

/** A running server whose settings suit tests: `wal_level = logical`, nothing waits for a disk. */
export interface TestServer extends ServerAddress {
  readonly major: TestServerMajor
  connectionString(database?: string): string
  /** Creates an empty database, or a copy of `template`, to which nobody may be connected meanwhile. */
  createDatabase(options?: { template?: string }): Promise<TestDatabase>
}

const SHARED_SETTINGS = {
  wal_level: 'logical',
  max_connections: '200',
  max_wal_senders: '50',
  max_replication_slots: '50',
  max_prepared_transactions: '10',
}

const majors = [14, 15, 16, 17, 18] as const

const namedBinaries = new Map(
  (process.env['ECLUSA_TEST_POSTGRES'] ?? '').split(',').map((entry) => {
    const [major, directory] = entry.split('=')
    return [Number(major), directory]
  }),
)

/** The versions of the matrix; a machine may lack the programs of some. */
export const testMajors = majors.filter((major) => major === 15 || major === 18 || namedBinaries.has(major))

/** Where the programs of a version are, if anywhere; undefined: where npm has put them. */
export function testBinaries(major: TestServerMajor): string | undefined {
  return namedBinaries.get(major) ?? (major === 18 ? undefined : `/usr/lib/postgresql/${major}/bin`)
}

/**
 * The shared server of a version; undefined when this machine has no binaries of it, which is never so for 18.
 * Roles, replication slots and settings belong to the whole server: give them names that no other test uses.
 *
 * @example
 * const server = await testServer({ major: 15 })
 * describe.skipIf(server === undefined)('on PostgreSQL 15', () => { ... })
 */
export async function testServer(options?: TestServerOptions & { major?: 18 }): Promise<TestServer>
export async function testServer(options: TestServerOptions): Promise<TestServer | undefined>
export async function testServer({ major = 18, settings = {} }: TestServerOptions = {}): Promise<
  TestServer | undefined
> {
  const binaries = testBinaries(major)
  if (binaries !== undefined && !(await isReadable(join(binaries, 'postgres')))) return undefined
  const request: ServerRequest = {
    settings: { ...SHARED_SETTINGS, ...settings },
    ...(binaries === undefined ? {} : { binaries }),
  }
  return describeTestServer(major, (await requestServer(request)) ?? (await startOwnServer(request)))
}

/**
 * All versions that this machine can run, oldest first: one loop covers the matrix. 15 and 18, and what
 * ECLUSA_TEST_POSTGRES names.
 *
 * @example
 * for (const server of await testServers()) describe(`PostgreSQL ${server.major}`, () => { ... })
 */
export async function testServers(options: Omit<TestServerOptions, 'major'> = {}): Promise<TestServer[]> {
  const servers = await Promise.all(testMajors.map((major) => testServer({ ...options, major })))
  return servers.filter((server) => server !== undefined)
}

/** Servers that this process had to start itself; they end with it. */
const ownServers = new Map<string, Promise<ServerAddress>>()

function startOwnServer(request: ServerRequest): Promise<ServerAddress> {
  const key = JSON.stringify(request)
  const server = ownServers.get(key) ?? startPostgresLocal(request)
  ownServers.set(key, server)
  return server
}

function describeTestServer(major: TestServerMajor, address: ServerAddress): TestServer {
  const { host, port, user, password, version } = address
  const connectionString = (database = 'postgres') => `postgresql://${user}:${password}@${host}:${port}/${database}`
  return {
    major,
    host,
    port,
    user,
    password,
    version,
    connectionString,
    createDatabase: async ({ template = 'template0' } = {}) => {
      const name = `test_${randomBytes(8).toString('hex')}`
      await runSql(connectionString(), `create database ${name} template ${quoteIdentifier(template)}`)
      const drop = () => runSql(connectionString(), `drop database if exists ${name} with (force)`)
      return { name, connectionString: connectionString(name), drop, [Symbol.asyncDispose]: drop }
    },
  }
}

async function runSql(connectionString: string, sql: string): Promise<void> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function isReadable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
