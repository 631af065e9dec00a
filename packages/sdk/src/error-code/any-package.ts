import type { ErrorEntry } from './error-entry.ts'

/** What any package, and every connector, can meet. */
export const anyPackageErrors = {
  BACKFILL_IMPOSSIBLE: {
    failureType: 'config_error',
    cause: 'Columns can be read again in all rows only of replicated streams that are copied and merged by their key.',
    remedy: 'Read the stream from its first row: `eclusa run --full-refresh --select <stream>`.',
  },
  CANCELLED: {
    failureType: 'transient_error',
    cause: 'The run was told to stop.',
    remedy: 'Run again: it continues from the last commit.',
  },
  CHECKPOINT_DAMAGED: {
    failureType: 'config_error',
    cause:
      'A checkpoint in the destination is not what was stored there: it was changed by hand, or by a later version.',
    remedy: 'Forget it and read the streams from their first row: `eclusa run --full-refresh`.',
  },
  CONFIG_EXISTS: {
    failureType: 'config_error',
    cause: 'A file that `eclusa init` would write is there already.',
    remedy: 'Choose another folder, or overwrite the file with `--force`.',
  },
  CONFIG_INVALID: {
    failureType: 'config_error',
    cause: 'The configuration has unknown, missing or wrong values.',
    remedy: 'Correct the values named in the message.',
  },
  CONFIG_NOT_FOUND: {
    failureType: 'config_error',
    cause: 'There is no configuration where one was looked for.',
    remedy: 'Run `eclusa init` to write one, or name it with `--config`.',
  },
  CONNECTOR_CONTRACT_BROKEN: {
    failureType: 'system_error',
    cause: 'A connector did something that the contract of sources and destinations forbids.',
    remedy: 'Report it to the author of the connector that the message names; no data past the last commit was taken.',
  },
  INTERNAL: {
    failureType: 'system_error',
    cause: 'An invariant of the program did not hold.',
    remedy: 'Report it with the output of `eclusa doctor` and the stack trace (`--debug`).',
  },
  RUN_NOT_FOUND: {
    failureType: 'config_error',
    cause: 'The history holds no run of that name, or more than one.',
    remedy: 'List the runs with `eclusa runs`.',
  },
  RUN_STORE_UNREADABLE: {
    failureType: 'config_error',
    cause: 'The folder that holds the history of runs cannot be read or written.',
    remedy: 'Give the user that runs eclusa write permission on the folder, or name another one.',
  },
  SERVICE_REFUSED: {
    failureType: 'config_error',
    cause: 'The service behind a connector refused a request.',
    remedy: "Correct the address or the credentials in the connector's configuration.",
  },
  SERVICE_UNAVAILABLE: {
    failureType: 'transient_error',
    cause: 'The service behind a connector could not be reached, or asked to be called again later.',
    remedy: 'Run again later; if it persists, look at the health of the service.',
  },
  SLOT_NOT_DROPPED: {
    failureType: 'config_error',
    cause: 'A replication slot that was to be dropped is not there, is in use, or was made by another program.',
    remedy: 'Look at the slots with `eclusa slots`; `--force` drops one that is in use or not of eclusa.',
  },
  SOCKET_UNAVAILABLE: {
    failureType: 'transient_error',
    cause:
      'The process that holds a database file, and answers for it on a local socket, could not listen or be asked.',
    remedy: 'Ask again, or stop that process; it then works on the file itself.',
  },
  STREAM_SELECTION_INVALID: {
    failureType: 'config_error',
    cause: 'The chosen streams do not exist, contradict each other, or ask for what source or destination cannot do.',
    remedy: 'Correct the streams named in the message; `eclusa discover` lists what the source offers.',
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
} as const satisfies Record<string, ErrorEntry>
