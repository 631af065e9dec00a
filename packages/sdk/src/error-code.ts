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
  CONNECTOR_CONTRACT_BROKEN: {
    failureType: 'system_error',
    cause: 'A connector did something that the contract of sources and destinations forbids.',
    remedy: 'Report it to the author of the connector that the message names; no data past the last commit was taken.',
  },
  CONFIG_NOT_FOUND: {
    failureType: 'config_error',
    cause: 'There is no configuration where one was looked for.',
    remedy: 'Run `eclusa init` to write one, or name it with `--config`.',
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

  // --- warehouse
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
  WAREHOUSE_STATEMENT_FAILED: {
    failureType: 'config_error',
    cause: 'The warehouse refused a statement.',
    remedy: 'Correct the statement as the message says.',
  },

  // --- source-postgres: connecting
  POSTGRES_AUTHENTICATION_FAILED: {
    failureType: 'config_error',
    cause: 'PostgreSQL knows the role but refused its password or certificate, or the role may not log in.',
    remedy: 'Correct username and password.',
  },
  POSTGRES_CONNECTION_REFUSED: {
    failureType: 'transient_error',
    cause: 'Nothing listens at that host and port.',
    remedy: 'Start the server, correct host and port, or add the address to listen_addresses in postgresql.conf.',
  },
  POSTGRES_CONNECTIONS_EXHAUSTED: {
    failureType: 'transient_error',
    cause: 'The server, the database or the role has as many connections as it may have.',
    remedy: 'Close some sessions, lower `readers`, or raise max_connections or the CONNECTION LIMIT.',
  },
  POSTGRES_DATABASE_MISSING: {
    failureType: 'config_error',
    cause: 'The server has no database of that name.',
    remedy: 'Correct the database; `psql -l` lists those that exist. Names are case-sensitive.',
  },
  POSTGRES_HBA_REJECTED: {
    failureType: 'config_error',
    cause: 'No line of pg_hba.conf lets this role reach this database from this address in this way.',
    remedy: 'Add a line to pg_hba.conf and run `SELECT pg_reload_conf()`, or change ssl_mode.',
  },
  POSTGRES_HOST_UNKNOWN: {
    failureType: 'config_error',
    cause: 'The name of the host cannot be resolved.',
    remedy: 'Correct the host.',
  },
  POSTGRES_NOT_READY: {
    failureType: 'transient_error',
    cause: 'The server is starting up, shutting down or recovering.',
    remedy: 'Run again once it accepts connections.',
  },
  POSTGRES_POOLER_UNSUITABLE: {
    failureType: 'config_error',
    cause: 'A connection pooler stands between, and does not pass on what is needed: transactions.',
    remedy: 'Connect to PostgreSQL itself, or to a pool with pool_mode = session or transaction.',
  },
  POSTGRES_TLS_FAILED: {
    failureType: 'config_error',
    cause: 'The TLS handshake broke off: the two sides have no protocol or certificate in common.',
    remedy: 'Check that the server offers TLS 1.2 or later and accepts the client certificate.',
  },
  POSTGRES_TLS_MATERIAL_INVALID: {
    failureType: 'config_error',
    cause: 'A certificate or key of the configuration cannot be read.',
    remedy: 'Give certificates and keys as PEM text, and client_key_password where the key is encrypted.',
  },
  POSTGRES_TLS_REFUSED: {
    failureType: 'config_error',
    cause: 'The configuration demands TLS, and the server does not offer it.',
    remedy: 'Set `ssl = on` in postgresql.conf with a certificate, or choose ssl_mode disable, allow or prefer.',
  },
  POSTGRES_TLS_UNVERIFIABLE: {
    failureType: 'config_error',
    cause:
      "The server's certificate is not what ssl_mode demands: its issuer is not trusted, or it names another host.",
    remedy:
      'Give the issuer as ca_certificate, connect by a name that is in the certificate, or choose another ssl_mode.',
  },
  POSTGRES_UNREACHABLE: {
    failureType: 'transient_error',
    cause: 'The host did not answer in time, or there is no route to it.',
    remedy: 'Check host, port, firewall and network.',
  },
  POSTGRES_VERSION_UNSUPPORTED: {
    failureType: 'config_error',
    cause: 'The server is older than PostgreSQL 14, which has no scans by row address range.',
    remedy: 'Upgrade the server to PostgreSQL 14 or later.',
  },

  // --- source-postgres: what is read, and from where on
  POSTGRES_CHECKPOINT_UNUSABLE: {
    failureType: 'config_error',
    cause: 'The checkpoint of the stream cannot be continued from with this configuration.',
    remedy: 'Forget it and read the stream from the start: run with a full refresh of this stream.',
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

  // --- source-postgres: reading values
  POSTGRES_CONNECTION_LOST: {
    failureType: 'transient_error',
    cause: 'The connection to PostgreSQL ended while it was in use.',
    remedy: 'Run again: it continues from the last commit.',
  },
  POSTGRES_PRIVILEGE_MISSING: {
    failureType: 'config_error',
    cause: 'The role may not do what was asked for.',
    remedy: 'Grant the privilege named in the message.',
  },
  POSTGRES_STATEMENT_CANCELLED: {
    failureType: 'transient_error',
    cause: 'PostgreSQL cancelled the statement: a timeout, an administrator, or a conflict with recovery on a standby.',
    remedy: 'Raise the timeout that the message names (such as statement_timeout of the role), and run again.',
  },
  POSTGRES_TABLE_MISSING: {
    failureType: 'config_error',
    cause: 'A table or column of the stream is not there, or is there no longer.',
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

  // --- source-postgres: replication
  REPLICATION_PROTOCOL_VIOLATION: {
    failureType: 'system_error',
    cause: 'The server, or something between it and here, sent what the protocol of logical replication does not know.',
    remedy: 'Connect to PostgreSQL itself; if it persists, report it with the version of the server.',
  },

  // --- transform
  MODEL_CYCLE: {
    failureType: 'config_error',
    cause: 'Models refer to each other in a circle, so that none can be built first.',
    remedy: 'Take one ref() out of the circle that the message names.',
  },
  MODEL_FAILED: {
    failureType: 'config_error',
    cause: 'The warehouse refused the SQL of a model or a test.',
    remedy: 'Correct the SQL; the compiled text is in the file that the message names.',
  },
  PROJECT_INVALID: {
    failureType: 'config_error',
    cause: "The dbt project's files have faults.",
    remedy: 'Correct the places named in the message.',
  },
  SELECTION_INVALID: {
    failureType: 'config_error',
    cause: 'A selection of nodes has a form or a method that does not exist.',
    remedy: 'Write it as dbt does: `name`, `+name+`, `tag:nightly`, `path:models/staging`, `a,b` for both.',
  },
  TEMPLATE_FAILED: {
    failureType: 'config_error',
    cause: 'The Jinja of a model, a macro or a test could not be rendered.',
    remedy: 'Correct the template at the place that the message names.',
  },

  // --- destination-duckdb
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
  SCHEMA_CHANGED: {
    failureType: 'config_error',
    cause: "The columns of the source are no longer the destination's, and the schema policy forbids to follow.",
    remedy: 'Set `schema_policy: evolve` for the stream, or undo the change in the source.',
  },
} as const satisfies Record<string, CatalogueEntry>

/** The codes of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue
