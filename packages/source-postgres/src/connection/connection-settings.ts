import { EclusaError } from '@eclusa/sdk'
import type { SslSettings } from '@eclusa/sdk'
import type { PostgresConfig } from '../config.ts'
import { parseConnectionString } from './connection-string.ts'

/** Everything that opening a connection needs, wherever the configuration had it. */
export interface ConnectionSettings {
  /** A name, an address, or the directory of a Unix socket (it begins with a slash). */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly username: string
  readonly password: string | undefined
  readonly ssl: SslSettings
  readonly applicationName: string
  /** 0 waits for ever. */
  readonly connectTimeoutMs: number
}

const portDefault = 5432

export function connectionSettings(config: PostgresConfig): ConnectionSettings {
  const address = addressOf(config)
  return {
    ...address,
    port: address.port ?? portDefault,
    password: config.password ?? address.password,
    ssl: sslSettings(config.ssl_mode ?? address.sslMode ?? 'prefer'),
    applicationName: config.application_name,
    connectTimeoutMs: config.connect_timeout_ms,
  }
}

function addressOf(config: PostgresConfig) {
  if (config.connection_string !== undefined) {
    const address = parseConnectionString(config.connection_string)
    if ('fault' in address) throw new EclusaError('CONFIG_INVALID', { message: `connection_string ${address.fault}.` })
    return address
  }
  const { host, port, database, username } = config
  if (host === undefined || database === undefined || username === undefined) {
    throw new EclusaError('CONFIG_INVALID', { message: 'The configuration lacks host, database or username.' })
  }
  return { host, port, database, username, password: undefined, sslMode: undefined }
}

function sslSettings(ssl: NonNullable<PostgresConfig['ssl_mode']>): SslSettings {
  if (typeof ssl === 'string') return { mode: ssl }
  return {
    mode: ssl.mode,
    ...(ssl.ca_certificate !== undefined && { caCertificate: ssl.ca_certificate }),
    ...(ssl.client_certificate !== undefined && { clientCertificate: ssl.client_certificate }),
    ...(ssl.client_key !== undefined && { clientKey: ssl.client_key }),
    ...(ssl.client_key_password !== undefined && { clientKeyPassword: ssl.client_key_password }),
  }
}
