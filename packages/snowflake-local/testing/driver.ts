import { EventEmitter } from 'node:events'
import type { Connection, ConnectionOptions, RowStatement, StatementOption } from 'snowflake-sdk'

/* What its import looks up and loads, and what connections tell: none of it is wanted here. */
process.env['SNOWFLAKE_DISABLE_PLATFORM_DETECTION'] = 'true'
process.env['SNOWFLAKE_DISABLE_MINICORE'] = '1'
process.env['SF_TELEMETRY_DISABLE_CONNECTION_SHAPE'] = '1'

/** The driver itself, unmodified. */
export async function loadDriver() {
  const { default: snowflake } = await import('snowflake-sdk')
  EventEmitter.defaultMaxListeners = 50
  snowflake.configure({ logLevel: 'OFF', additionalLogToConsole: false, useEnvProxy: false } as never)
  return snowflake
}

export async function connect(options: ConnectionOptions): Promise<Connection> {
  const snowflake = await loadDriver()
  const connection = snowflake.createConnection(options)
  const { promise, resolve, reject } = Promise.withResolvers<Connection>()
  connection.connect((error) => (error === undefined || error === null ? resolve(connection) : reject(error)))
  return await promise
}

export async function disconnect(connection: Connection): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  connection.destroy(() => resolve())
  await promise
}

export interface Executed {
  readonly statement: RowStatement
  readonly rows: readonly Record<string, unknown>[]
}

export async function execute(
  connection: Connection,
  sqlText: string,
  options: Partial<StatementOption> = {},
): Promise<Executed> {
  const { promise, resolve, reject } = Promise.withResolvers<Executed>()
  connection.execute({
    ...options,
    sqlText,
    complete: (error, statement, rows) =>
      error === undefined || error === null ? resolve({ statement, rows: rows ?? [] }) : reject(error),
  })
  return await promise
}
