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
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof errorCatalogue
