import type { Connection, ConnectionOptions, SnowflakeError } from 'snowflake-sdk'
import { EclusaError } from '@eclusa/sdk'
import { cancelledError } from '../interruption.ts'
import { driverAuthentication } from './authentication.ts'
import type { OpenSnowflakeOptions } from './connection.ts'
import { snowflakeDialect } from './dialect.ts'
import type { SnowflakeDriver } from './driver.ts'
import { watchRequests } from './request-watch.ts'

/** The server ends sessions that were idle for four hours. */
const heartbeatSeconds = 900
const loginStallMs = 120_000

/** @throws WAREHOUSE_CONNECTION_FAILED, WAREHOUSE_KEY_UNREADABLE */
export async function logIn(driver: SnowflakeDriver, options: OpenSnowflakeOptions): Promise<Connection> {
  const connection = driver.createConnection(connectionOptions(options))
  try {
    return await watchRequests(() => connected(connection), { signal: options.signal, stallMs: loginStallMs })
  } catch (cause) {
    if (options.signal?.aborted === true) throw cancelledError(options.signal, cause)
    throw connectionFailed(options, cause)
  }
}

function connected(connection: Connection): Promise<Connection> {
  return new Promise((resolve, reject) => {
    connection.connect((error: SnowflakeError | undefined, opened) =>
      error === undefined || error === null ? resolve(opened) : reject(error),
    )
  })
}

function connectionOptions(options: OpenSnowflakeOptions): ConnectionOptions {
  const { host, port, protocol, warehouse, schema, role } = options
  const given = { host, port, protocol, warehouse, schema, role }
  return {
    account: options.account,
    username: options.user,
    database: options.database,
    application: 'eclusa',
    // The driver would give the text NULL for a NULL that is fetched as text.
    representNullAsStringNull: false,
    clientSessionKeepAlive: true,
    clientSessionKeepAliveHeartbeatFrequency: heartbeatSeconds,
    // A wrong name of an account would be tried for five minutes.
    sfRetryMaxLoginRetries: 2,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...driverAuthentication(options.authentication),
  }
}

function connectionFailed(options: OpenSnowflakeOptions, cause: unknown): EclusaError {
  const { message, code } = snowflakeDialect.classifyError(cause, '')
  return new EclusaError('WAREHOUSE_CONNECTION_FAILED', {
    message: `Snowflake account "${options.account}", user "${options.user}": ${code === undefined ? '' : `${code}: `}${message}`,
    details: { code, message, account: options.account, user: options.user },
    cause,
  })
}
