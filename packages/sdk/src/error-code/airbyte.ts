import type { ErrorEntry } from './error-entry.ts'

/** Connectors that speak the Airbyte protocol on their standard streams. */
export const airbyteErrors = {
  PROTOCOL_INPUT_MALFORMED: {
    failureType: 'system_error',
    cause:
      'The program that feeds the destination wrote something that is no message, or a record where none may come.',
    remedy: 'Look at what the source writes at that line. What was committed before it stays.',
  },
  PROTOCOL_STREAM_INCOMPLETE: {
    failureType: 'transient_error',
    cause: 'The messages ended before every stream of the catalog was COMPLETE: the source failed or was stopped.',
    remedy: 'Look into the log of the source, and run the sync again with the states that were given back.',
  },
  PROTOCOL_STREAM_UNKNOWN: {
    failureType: 'config_error',
    cause: 'A record belongs to a stream that the configured catalog does not have.',
    remedy: 'Give source and destination the same catalog.',
  },
} as const satisfies Record<string, ErrorEntry>
