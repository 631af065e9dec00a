import type { ErrorEntry } from './error-entry.ts'

/** Destinations: writing tables and checkpoints. */
export const destinationErrors = {
  COLUMN_NAME_COLLISION: {
    failureType: 'config_error',
    cause: 'Two columns would have one name in the warehouse, which does not tell upper from lower case.',
    remedy: 'Leave one of the columns out, or read the stream by a query that gives it another name.',
  },
  DESTINATION_BUSY: {
    failureType: 'transient_error',
    cause: 'Another run, or another program, is writing to the destination.',
    remedy: 'Wait until it ends, then run again.',
  },
  DESTINATION_FAILED: {
    failureType: 'system_error',
    cause: 'The part of the program that writes to the destination ended unexpectedly.',
    remedy:
      'Run again: it continues from the last commit. If it fails again, report it with the stack trace (`--debug`).',
  },
  DESTINATION_LEDGER_NEWER: {
    failureType: 'config_error',
    cause: 'The checkpoints in the destination were written by a later version of eclusa.',
    remedy: 'Upgrade eclusa.',
  },
  DESTINATION_MEMORY_LOWERED: {
    failureType: 'transient_error',
    cause: 'A statement needed more memory than loading lets the warehouse have at first.',
    remedy: 'Nothing: the run tries again with all the memory that is configured.',
  },
  DESTINATION_TABLE_CHANGED: {
    failureType: 'config_error',
    cause: 'A table of the destination was changed by hand in a way that loading cannot go on with.',
    remedy: 'Undo the change, or drop the table: the next run loads it anew.',
  },
  DESTINATION_TABLE_TAKEN: {
    failureType: 'config_error',
    cause:
      'The place of a table is taken: by a relation that eclusa did not make, or by the table of another pipeline.',
    remedy: 'Choose another target for the stream, or move away what is there.',
  },
  KEY_VALUE_NULL: {
    failureType: 'config_error',
    cause: 'Rows are to be merged by a key that is NULL in some of them: it cannot tell them apart.',
    remedy:
      'Choose a `primary_key` of columns that are never NULL, set `destination_sync_mode: append`, or read the stream by a query that puts a value in the place of NULL.',
  },
  SCHEMA_CHANGED: {
    failureType: 'config_error',
    cause: "The columns of the source are no longer the destination's, and the schema policy forbids to follow.",
    remedy: 'Set `schema_policy: evolve` for the stream, or undo the change in the source.',
  },
} as const satisfies Record<string, ErrorEntry>
