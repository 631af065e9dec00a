import { X509Certificate } from 'node:crypto'
import { checkServerIdentity, createSecureContext } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { EclusaError } from './error.ts'

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
      return [false, encrypted(ssl)]
    case 'prefer':
      return [encrypted(ssl), false]
    case 'require':
      return [encrypted(ssl)]
    case 'verify-ca':
      return [issuerVerified(ssl)]
    case 'verify-full':
      return [fullyVerified(ssl, host)]
  }
}

/** libpq verifies the issuer in every mode as soon as it is given one to trust. */
function encrypted(ssl: SslSettings): ConnectionOptions {
  return ssl.caCertificate === undefined ? { ...material(ssl), rejectUnauthorized: false } : issuerVerified(ssl)
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
      message: 'A certificate or key for TLS cannot be read: it is not PEM text, or its password is wrong.',
      cause,
    })
  }
  return options
}

const untrustedCodes = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** True for what Node throws when a server's certificate fails the verification that a mode demands. */
export function isCertificateUntrusted(error: unknown): boolean {
  return untrustedCodes.has(codeOf(error))
}

/** True for what Node throws when the two sides cannot agree on TLS at all. */
export function isHandshakeFailure(error: unknown): boolean {
  const code = codeOf(error)
  const isOpenSsl = code.startsWith('ERR_SSL_') || code.startsWith('ERR_OSSL_') || code === 'EPROTO'
  return isOpenSsl || textOf(error).includes('secure TLS connection')
}

/**
 * True when TLS was refused, by the server or because of its certificate. Only then, or when the server itself answers
 * with an error, may the next of `sslAttempts` be tried.
 */
export function isTlsRefusal(error: unknown): boolean {
  // `pg` has no codes for what it finds out itself.
  const isRefused = /does not support SSL|establishing an SSL connection/u.test(textOf(error))
  return isRefused || isHandshakeFailure(error) || isCertificateUntrusted(error)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
}
