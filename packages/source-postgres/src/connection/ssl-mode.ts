import { X509Certificate } from 'node:crypto'
import { checkServerIdentity, createSecureContext } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { EclusaError } from '@eclusa/sdk'

/** libpq's modes, from the least to the most demanding. */
export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof sslModes)[number]

/** How TLS is used; certificates and keys are PEM texts. */
export interface SslSettings {
  readonly mode: SslMode
  readonly caCertificate?: string
  readonly clientCertificate?: string
  readonly clientKey?: string
  readonly clientKeyPassword?: string
}

/** One way to open a connection: without TLS, or with these options for Node's TLS. */
export type SslAttempt = false | ConnectionOptions

/*
 * What libpq tries, in order (PostgreSQL docs, "SSL Mode Descriptions"); the second is tried only when the server
 * refuses the first, never when it cannot be reached.
 *
 * | mode        | first                         | second   |
 * |-------------|-------------------------------|----------|
 * | disable     | plain                         |          |
 * | allow       | plain                         | TLS      |
 * | prefer      | TLS                           | plain    |
 * | require     | TLS                           |          |
 * | verify-ca   | TLS, issuer verified          |          |
 * | verify-full | TLS, issuer and name verified |          |
 */

/**
 * The ways to connect that a mode permits, the preferred one first. Unix sockets never use TLS, as in libpq.
 *
 * @throws POSTGRES_TLS_MATERIAL_INVALID when a certificate or key cannot be read.
 */
export function sslAttempts(ssl: SslSettings, host: string): readonly SslAttempt[] {
  if (host.startsWith('/')) return [false]
  switch (ssl.mode) {
    case 'disable':
      return [false]
    case 'allow':
      return [false, unverified(ssl)]
    case 'prefer':
      return [unverified(ssl), false]
    case 'require':
      // libpq verifies the issuer in this mode as soon as it is given one to trust.
      return [ssl.caCertificate === undefined ? unverified(ssl) : issuerVerified(ssl)]
    case 'verify-ca':
      return [issuerVerified(ssl)]
    case 'verify-full':
      return [fullyVerified(ssl, host)]
  }
}

function unverified(ssl: SslSettings): ConnectionOptions {
  return { ...material(ssl), rejectUnauthorized: false }
}

function issuerVerified(ssl: SslSettings): ConnectionOptions {
  return { ...material(ssl), rejectUnauthorized: true, checkServerIdentity: () => undefined }
}

function fullyVerified(ssl: SslSettings, host: string): ConnectionOptions {
  // The name to compare with is fixed here: for an address Node would fall back to the name of the socket.
  return {
    ...material(ssl),
    rejectUnauthorized: true,
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  }
}

function material(ssl: SslSettings): ConnectionOptions {
  const options: ConnectionOptions = {
    ...(ssl.caCertificate !== undefined && { ca: ssl.caCertificate }),
    ...(ssl.clientCertificate !== undefined && { cert: ssl.clientCertificate }),
    ...(ssl.clientKey !== undefined && { key: ssl.clientKey }),
    ...(ssl.clientKeyPassword !== undefined && { passphrase: ssl.clientKeyPassword }),
  }
  try {
    // A secure context overlooks authorities that it cannot read; trusting nobody in silence would be hard to explain.
    if (ssl.caCertificate !== undefined) void new X509Certificate(ssl.caCertificate)
    createSecureContext(options)
  } catch (cause) {
    throw new EclusaError('POSTGRES_TLS_MATERIAL_INVALID', {
      message: 'A certificate or key under ssl_mode cannot be read: it is not PEM text, or its password is wrong.',
      cause,
    })
  }
  return options
}
