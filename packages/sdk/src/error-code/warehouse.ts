import type { ErrorEntry } from './error-entry.ts'

/** @eclusa/warehouse: opening a warehouse and speaking SQL to it. */
export const warehouseErrors = {
  DUCKDB_CORRUPT: {
    failureType: 'system_error',
    cause: 'The DuckDB file is damaged.',
    remedy: 'Restore the file from a backup, or move it away and load again.',
  },
  DUCKDB_DIRECTORY_MISSING: {
    failureType: 'config_error',
    cause: 'The directory of the DuckDB file does not exist.',
    remedy: 'Create the directory, or correct the path.',
  },
  DUCKDB_DISK_FULL: {
    failureType: 'transient_error',
    cause: 'There is no room left where DuckDB writes its file, its write-ahead log or its temporary files.',
    remedy: 'Free some room and run again: nothing that was committed is lost.',
  },
  DUCKDB_LOCKED: {
    failureType: 'transient_error',
    cause: 'Another process has the DuckDB file open for writing; DuckDB lets in one writer, or several readers.',
    remedy: 'Close the process named in the message, then run again.',
  },
  DUCKDB_NEWER_VERSION: {
    failureType: 'config_error',
    cause: 'The DuckDB file was written in a storage format that the DuckDB library here cannot read.',
    remedy: 'Upgrade @duckdb/node-api, or export the file with the DuckDB version that wrote it.',
  },
  DUCKDB_NOT_A_DATABASE: {
    failureType: 'config_error',
    cause: 'The path names something that is not a DuckDB database file.',
    remedy: 'Correct the path, or move the file away.',
  },
  DUCKDB_OPEN_FAILED: {
    failureType: 'config_error',
    cause: 'DuckDB refused to open the database.',
    remedy: 'Correct what the message names.',
  },
  DUCKDB_UNWRITABLE: {
    failureType: 'config_error',
    cause: 'The DuckDB file or its directory cannot be read or written by this user.',
    remedy: 'Give this user the right to write to the file and its directory, or choose another path.',
  },
  IDENTIFIER_INVALID: {
    failureType: 'config_error',
    cause: 'A name of a schema, a table or a column cannot be written in SQL.',
    remedy: 'Choose another name: not empty, without the NUL character, and within the length limit of the warehouse.',
  },
  SNOWFLAKE_KEY_FILE: {
    failureType: 'config_error',
    cause: 'A file with a key for the login at Snowflake cannot be read, or cannot be written.',
    remedy: 'Correct the path, or the rights of its directory.',
  },
  WAREHOUSE_CONFLICT: {
    failureType: 'transient_error',
    cause: 'Another transaction changed the same rows or objects at the same time.',
    remedy: 'Run again.',
  },
  WAREHOUSE_CONNECTION_FAILED: {
    failureType: 'config_error',
    cause: 'The warehouse could not be reached, or refused the login.',
    remedy: 'Correct host, port, database, user or password as the message says.',
  },
  WAREHOUSE_CONNECTION_LOST: {
    failureType: 'transient_error',
    cause: 'The session at the warehouse ended while it was in use.',
    remedy: 'Run again.',
  },
  WAREHOUSE_DIALECT_MISSING: {
    failureType: 'config_error',
    cause: 'This version speaks no SQL dialect for that kind of warehouse.',
    remedy: 'Use a DuckDB or PostgreSQL warehouse, or upgrade.',
  },
  WAREHOUSE_DRIVER_MISSING: {
    failureType: 'config_error',
    cause: 'The package with the driver of the warehouse is not installed.',
    remedy: 'Install the package named in the message.',
  },
  WAREHOUSE_KEY_UNREADABLE: {
    failureType: 'config_error',
    cause: 'The private key for the login is not one, or its passphrase is missing or wrong.',
    remedy:
      'Give the whole PEM text with its BEGIN and END lines, and the passphrase of an encrypted key. A new key: `openssl genrsa 2048 | openssl pkcs8 -topk8 -inform PEM -out rsa_key.p8 -nocrypt`.',
  },
  WAREHOUSE_MEMORY_EXHAUSTED: {
    failureType: 'system_error',
    cause: 'A statement needed more memory than the warehouse may use.',
    remedy: 'Give it more (`memory_limit` of a DuckDB destination, or a larger machine), or fewer `threads`.',
  },
  WAREHOUSE_READ_ONLY: {
    failureType: 'config_error',
    cause: 'The statement would change the warehouse, where only reading is possible.',
    remedy: 'Write one statement that reads: SELECT, FROM, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN.',
  },
  WAREHOUSE_STATEMENT_FAILED: {
    failureType: 'config_error',
    cause: 'The warehouse refused a statement.',
    remedy: 'Correct the statement as the message says.',
  },
  WAREHOUSE_UPLOAD_FAILED: {
    failureType: 'transient_error',
    cause: 'A file could not be put into a stage of the warehouse.',
    remedy: 'Run again. Where it fails again, see whether this machine reaches the storage that the message names.',
  },
} as const satisfies Record<string, ErrorEntry>
