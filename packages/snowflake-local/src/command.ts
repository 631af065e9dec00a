import { readFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { startSnowflakeLocal, type SnowflakeLocal } from './snowflake-local.ts'
import type { LocalUser } from './session/login.ts'

interface CommandOptions {
  readonly host: string
  readonly port: number
  readonly directory?: string
  readonly user: string
  readonly password?: string
  readonly publicKey?: string
}

const passwordVariable = 'SNOWFLAKE_LOCAL_PASSWORD'

/** The command `snowflake-local`: serves until it is told to end. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const command = new Command('snowflake-local')
    .description('A Snowflake-compatible endpoint over DuckDB, for tests and for trying out.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'port to listen on, 0 for a free one', readPort, 8123)
    .option('--directory <path>', 'where data and stages are kept (in memory when left out)')
    .option('--user <name>', 'who may log in', 'LOCAL')
    .option(
      '--password <text>',
      `its password; ${passwordVariable} keeps it out of the list of processes (local when neither is given)`,
    )
    .option('--public-key <file>', 'its public key as PEM, for logins by key pair')
    .action(async (options: CommandOptions) => await serve(options))
  await command.parseAsync([...argv])
}

function readPort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.')
  return port
}

async function serve(options: CommandOptions): Promise<void> {
  const user = await readUser(options)
  const server = await startSnowflakeLocal({
    host: options.host,
    port: options.port,
    users: [user],
    ...(options.directory === undefined ? {} : { directory: options.directory }),
  })
  process.stdout.write(describeServer(server, user))
  const { promise, resolve } = Promise.withResolvers<void>()
  process.once('SIGINT', () => resolve())
  process.once('SIGTERM', () => resolve())
  await promise
  await server.close()
}

async function readUser(options: CommandOptions): Promise<LocalUser> {
  const publicKey = options.publicKey === undefined ? undefined : await readFile(options.publicKey, 'utf8')
  const password = options.password ?? process.env[passwordVariable] ?? (publicKey === undefined ? 'local' : undefined)
  return {
    name: options.user,
    ...(password === undefined ? {} : { password }),
    ...(publicKey === undefined ? {} : { publicKey }),
  }
}

/** Settings to copy. A password that was chosen is not repeated. */
export function describeServer({ url, host, port, account }: SnowflakeLocal, user: LocalUser): string {
  const secret = user.password === 'local' ? 'local' : '…'
  return `snowflake-local listens on ${url} (Ctrl-C ends it)

snowflake-sdk
  snowflake.createConnection({ account: '${account}', accessUrl: '${url}', username: '${user.name}', password: '${secret}' })

snowflake-connector-python
  snowflake.connector.connect(account='${account}', host='${host}', port=${port}, protocol='http', user='${user.name}', password='${secret}')

dbt (profiles.yml)
  type: snowflake
  account: ${account}
  host: ${host}
  port: ${port}
  protocol: http
  user: ${user.name}
  password: ${secret}
`
}
