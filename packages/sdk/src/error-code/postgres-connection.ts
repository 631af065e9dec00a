import type { ErrorEntry } from './error-entry.ts'

/** @eclusa/source-postgres: connecting to the server. */
export const postgresConnectionErrors = {
  POSTGRES_AUTHENTICATION_FAILED: {
    failureType: 'config_error',
    cause: 'PostgreSQL knows the role but refused its password or certificate, or the role may not log in.',
    remedy: 'Correct username and password.',
  },
  POSTGRES_CONNECTIONS_EXHAUSTED: {
    failureType: 'transient_error',
    cause: 'The server, the database or the role has as many connections as it may have.',
    remedy: 'Close some sessions, lower `readers`, or raise max_connections or the CONNECTION LIMIT.',
  },
  POSTGRES_CONNECTION_REFUSED: {
    failureType: 'transient_error',
    cause: 'Nothing listens at that host and port.',
    remedy: 'Start the server, correct host and port, or add the address to listen_addresses in postgresql.conf.',
  },
  POSTGRES_DATABASE_MISSING: {
    failureType: 'config_error',
    cause: 'The server has no database of that name.',
    remedy: 'Correct the database; `psql -l` lists those that exist. Names are case-sensitive.',
  },
  POSTGRES_HBA_REJECTED: {
    failureType: 'config_error',
    cause: 'No line of pg_hba.conf lets this role reach this database from this address in this way.',
    remedy: 'Add a line to pg_hba.conf and run `SELECT pg_reload_conf()`, or change ssl_mode.',
  },
  POSTGRES_HOST_UNKNOWN: {
    failureType: 'config_error',
    cause: 'The name of the host cannot be resolved.',
    remedy: 'Correct the host.',
  },
  POSTGRES_NOT_READY: {
    failureType: 'transient_error',
    cause: 'The server is starting up, shutting down or recovering.',
    remedy: 'Run again once it accepts connections.',
  },
  POSTGRES_POOLER_UNSUITABLE: {
    failureType: 'config_error',
    cause:
      'A connection pooler stands between, and does not pass on what is needed: transactions, or the replication protocol.',
    remedy:
      'Connect to PostgreSQL itself; without replication, a pool with pool_mode = session or transaction will do.',
  },
  POSTGRES_TLS_FAILED: {
    failureType: 'config_error',
    cause: 'The TLS handshake broke off: the two sides have no protocol or certificate in common.',
    remedy: 'Check that the server offers TLS 1.2 or later and accepts the client certificate.',
  },
  POSTGRES_TLS_MATERIAL_INVALID: {
    failureType: 'config_error',
    cause: 'A certificate or key of the configuration cannot be read.',
    remedy: 'Give certificates and keys as PEM text, and client_key_password where the key is encrypted.',
  },
  POSTGRES_TLS_REFUSED: {
    failureType: 'config_error',
    cause: 'The configuration demands TLS, and the server does not offer it.',
    remedy: 'Set `ssl = on` in postgresql.conf with a certificate, or choose ssl_mode disable, allow or prefer.',
  },
  POSTGRES_TLS_UNVERIFIABLE: {
    failureType: 'config_error',
    cause:
      "The server's certificate is not what ssl_mode demands: its issuer is not trusted, or it names another host.",
    remedy:
      'Give the issuer as ca_certificate, connect by a name that is in the certificate, or choose another ssl_mode.',
  },
  POSTGRES_UNREACHABLE: {
    failureType: 'transient_error',
    cause: 'The host did not answer in time, or there is no route to it.',
    remedy: 'Check host, port, firewall and network.',
  },
  POSTGRES_VERSION_UNSUPPORTED: {
    failureType: 'config_error',
    cause: 'The server is older than PostgreSQL 14, which has no scans by row address range.',
    remedy: 'Upgrade the server to PostgreSQL 14 or later.',
  },
} as const satisfies Record<string, ErrorEntry>
