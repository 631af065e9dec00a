import type { ErrorEntry } from './error-entry.ts'

/** @eclusa/source-postgres: logical replication. */
export const postgresReplicationErrors = {
  REPLICATION_PROTOCOL_VIOLATION: {
    failureType: 'system_error',
    cause: 'The server, or something between it and here, sent what the protocol of logical replication does not know.',
    remedy: 'Connect to PostgreSQL itself; if it persists, report it with the version of the server.',
  },
} as const satisfies Record<string, ErrorEntry>
