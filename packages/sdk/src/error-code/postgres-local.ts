import type { ErrorEntry } from './error-entry.ts'

/** @eclusa/postgres-local: a local PostgreSQL server. */
export const postgresLocalErrors = {
  POSTGRES_LOCAL_BINARIES_MISSING: {
    failureType: 'config_error',
    cause: 'There are no PostgreSQL programs for this platform where they were looked for.',
    remedy: 'Install with optional dependencies, or name the directory of an installed PostgreSQL as `binaries`.',
  },
  POSTGRES_LOCAL_BINARIES_UNUSABLE: {
    failureType: 'system_error',
    cause: 'The PostgreSQL programs do not run on this machine.',
    remedy: 'Name the directory of an installed PostgreSQL as `binaries`.',
  },
  POSTGRES_LOCAL_CACHE_UNTRUSTED: {
    failureType: 'config_error',
    cause: 'Other users can write to the place where copies of the PostgreSQL programs are kept.',
    remedy: 'Set TMPDIR to a directory of your own.',
  },
  POSTGRES_LOCAL_DATA_UNUSABLE: {
    failureType: 'config_error',
    cause: "The data directory holds something else, belongs to another version, or is out of the server's reach.",
    remedy: 'Name an empty directory, or none for a temporary one.',
  },
  POSTGRES_LOCAL_START_FAILED: {
    failureType: 'system_error',
    cause: 'The local PostgreSQL server did not come up.',
    remedy: 'Correct what the server log in the message names, and start again.',
  },
} as const satisfies Record<string, ErrorEntry>
