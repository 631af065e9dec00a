import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestServer } from '@eclusa/postgres-local/testing'
import type { QueryResult } from '@eclusa/sdk'
import { openDuckDb } from '@eclusa/warehouse'
import { stringify } from 'yaml'
import { runCli } from './run-cli.ts'
import type { CliOptions, CliResult } from './run-cli.ts'

/** A project in a folder of its own, whose path has a space in it. */
export interface TestProject extends AsyncDisposable {
  readonly directory: string
  /** Runs a command in the project, with the server's password in PGPASSWORD. */
  cli(words: readonly string[], options?: CliOptions): Promise<CliResult>
  /** Asks the warehouse, in this process. */
  query(sql: string): Promise<QueryResult['rows']>
}

export interface TestProjectOptions {
  readonly server: Pick<TestServer, 'host' | 'port' | 'user' | 'password'>
  readonly database: string
  /** Keys of the source that differ. */
  readonly source?: Readonly<Record<string, unknown>>
  readonly streams?: readonly unknown[]
  readonly steps?: readonly unknown[]
  readonly limits?: Readonly<Record<string, unknown>>
  /** More files, by path. */
  readonly files?: Readonly<Record<string, string>>
}

export async function createTestProject(options: TestProjectOptions): Promise<TestProject> {
  const { server, database, source, streams = ['*'], steps, limits, files = {} } = options
  const directory = await mkdtemp(join(tmpdir(), 'eclusa project '))
  const config = {
    version: 1,
    name: 'test',
    source: {
      connector: 'postgres',
      host: server.host,
      port: server.port,
      database,
      username: server.user,
      password: '${env:PGPASSWORD}',
      ...source,
    },
    destination: { connector: 'duckdb', path: './warehouse.duckdb' },
    streams,
    ...(steps === undefined ? {} : { steps }),
    ...(limits === undefined ? {} : { limits }),
  }
  for (const [name, text] of Object.entries({ 'eclusa.yaml': stringify(config), ...files })) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), text)
  }
  return {
    directory,
    cli: async (words, cliOptions = {}) =>
      await runCli(words, { directory, ...cliOptions, env: { PGPASSWORD: server.password, ...cliOptions.env } }),
    query: async (sql) => {
      await using warehouse = await openDuckDb({ path: join(directory, 'warehouse.duckdb') })
      await using connection = await warehouse.connect()
      return (await connection.query(sql)).rows
    },
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }),
  }
}
