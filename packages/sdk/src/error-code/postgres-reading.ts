import type { ErrorEntry } from './error-entry.ts'

/** @eclusa/source-postgres: what is read, from where on, and its values. */
export const postgresReadingErrors = {
  POSTGRES_CHECKPOINT_UNUSABLE: {
    failureType: 'config_error',
    cause: 'The checkpoint of the stream cannot be continued from with this configuration.',
    remedy: 'Forget it and read the stream from the start: run with a full refresh of this stream.',
  },
  POSTGRES_CONNECTION_LOST: {
    failureType: 'transient_error',
    cause: 'The connection to PostgreSQL ended while it was in use.',
    remedy: 'Run again: it continues from the last commit.',
  },
  POSTGRES_CURSOR_UNSUITABLE: {
    failureType: 'config_error',
    cause: 'The cursor column cannot order the rows in the way that was asked for.',
    remedy: 'Choose another cursor column or another cursor_guard.',
  },
  POSTGRES_LOCK_TIMEOUT: {
    failureType: 'transient_error',
    cause: 'Another session holds a lock on the table (as ALTER TABLE, TRUNCATE or VACUUM FULL do) for too long.',
    remedy: 'Run again when it is done, or raise lock_timeout_ms.',
  },
  POSTGRES_PRIVILEGE_MISSING: {
    failureType: 'config_error',
    cause: 'The role may not do what was asked for.',
    remedy: 'Grant the privilege named in the message.',
  },
  POSTGRES_QUERY_REFUSED: {
    failureType: 'config_error',
    cause: 'A query of the configuration is not one SELECT with distinct column names.',
    remedy: 'Correct the query under `queries`.',
  },
  POSTGRES_ROWS_HIDDEN: {
    failureType: 'config_error',
    cause: 'Row level security would hide rows of the table from this role.',
    remedy: 'Give the role BYPASSRLS, or set `row_level_security: apply` to read only what the policies show.',
  },
  POSTGRES_SCHEMA_MISSING: {
    failureType: 'config_error',
    cause: 'A schema of the configuration does not exist.',
    remedy: 'Correct `schemas`; names are case-sensitive.',
  },
  POSTGRES_SNAPSHOT_UNAVAILABLE: {
    failureType: 'transient_error',
    cause: 'A reader could not adopt the exported snapshot, as when a load balancer sends sessions to several servers.',
    remedy: 'Connect to one server directly, and run again.',
  },
  POSTGRES_SOURCE_REPLACED: {
    failureType: 'config_error',
    cause:
      'The checkpoint belongs to another server, or to a past that this server does not share (failover, restore).',
    remedy: 'Read the stream from the start: run with a full refresh of this stream.',
  },
  POSTGRES_STATEMENT_CANCELLED: {
    failureType: 'transient_error',
    cause: 'PostgreSQL cancelled the statement: a timeout, an administrator, or a conflict with recovery on a standby.',
    remedy: 'Raise the timeout that the message names (such as statement_timeout of the role), and run again.',
  },
  POSTGRES_STATEMENT_FAILED: {
    failureType: 'system_error',
    cause: 'PostgreSQL reported an error.',
    remedy: 'Correct what the message of PostgreSQL names, and run again.',
  },
  POSTGRES_TABLE_CHANGED: {
    failureType: 'transient_error',
    cause: 'The table was altered, truncated, rewritten or replaced since its copy was planned.',
    remedy: 'Run again: the table is read anew.',
  },
  POSTGRES_TABLE_MISSING: {
    failureType: 'config_error',
    cause: 'The table of the stream is not there, or is there no longer.',
    remedy: 'Run `discover` again, and correct the streams of the pipeline.',
  },
  POSTGRES_TEXT_NOT_UTF8: {
    failureType: 'config_error',
    cause: 'A text is not valid UTF-8, which a database with the encoding SQL_ASCII, or a damaged one, lets happen.',
    remedy:
      "Mend the rows in the source, or read them through a view that names their encoding: convert_from(convert(convert_to(column, 'SQL_ASCII'), 'LATIN1', 'UTF8'), 'UTF8').",
  },
  POSTGRES_VALUE_MALFORMED: {
    failureType: 'system_error',
    cause: 'PostgreSQL, or something between it and here, sent bytes that are not a value of the announced type.',
    remedy: 'Report it with the type named in the message; until then give the column the type text.',
  },
  POSTGRES_VALUE_TOO_LARGE: {
    failureType: 'config_error',
    cause: 'A value, as it would be stored, exceeds what one batch can hold of a column (2 GiB).',
    remedy: 'Leave the column out of the stream, or read it in parts through a view.',
  },
} as const satisfies Record<string, ErrorEntry>
