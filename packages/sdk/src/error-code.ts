/** The Airbyte protocol's kinds of failure: mend the configuration, try again, or report a fault of the program. */
export type FailureType = 'config_error' | 'transient_error' | 'system_error'

interface CatalogueEntry {
  readonly failureType: FailureType
  /** One sentence: what is behind it. */
  readonly cause: string
  /** One sentence: what to do, unless the error itself carries the exact command. */
  readonly remedy: string
}

/**
 * Every error code with its cause and remedy. Published in docs/reference/errors.md, which is generated from here.
 * Names are readable and stable: programs and runbooks match on them.
 */
export const errorCatalogue = {
  // --- any package
  CANCELLED: {
    failureType: 'transient_error',
    cause: 'The run was told to stop.',
    remedy: 'Run again: it continues from the last commit.',
  },
  CONFIG_INVALID: {
    failureType: 'config_error',
    cause: 'The configuration has unknown, missing or wrong values.',
    remedy: 'Correct the values named in the message.',
  },
  INTERNAL: {
    failureType: 'system_error',
    cause: 'An invariant of the program did not hold.',
    remedy: 'Report it with the output of `eclusa doctor` and the stack trace (`--debug`).',
  },
  TIMEOUT: {
    failureType: 'transient_error',
    cause: 'Something that was waited for did not happen within its deadline.',
    remedy: 'Run again; if it persists, look at the health of the system named in the message.',
  },
  UNREPRESENTABLE_VALUE: {
    failureType: 'config_error',
    cause: 'A value does not fit the column type and the policy is `on_unrepresentable: fail`.',
    remedy: 'Set `on_unrepresentable: keep_text`, or give the column a type that holds the value, such as text.',
  },

  // --- postgres-local
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
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof errorCatalogue
