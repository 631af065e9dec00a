/** The Airbyte protocol's kinds of failure: mend the configuration, try again, or report a fault of the program. */
export type FailureType = 'config_error' | 'transient_error' | 'system_error'

/** What a catalogue says of a code. */
export interface ErrorEntry {
  readonly failureType: FailureType
  /** One sentence: what is behind it. */
  readonly cause: string
  /** One sentence: what to do, unless the error itself carries the exact command. */
  readonly remedy: string
}
