import type { ErrorEntry } from './error-entry.ts'

/** @eclusa/destination-snowflake: the account, and the way of files into it. */
export const snowflakeErrors = {
  SNOWFLAKE_DATABASE_MISSING: {
    failureType: 'config_error',
    cause: 'There is no such database in the Snowflake account, or the role may not use it.',
    remedy:
      'Correct `database`, or have it made and granted: CREATE DATABASE …; GRANT USAGE, CREATE SCHEMA ON DATABASE … TO ROLE …. `eclusa snowflake setup` prints all of it.',
  },
  SNOWFLAKE_PRIVILEGE_MISSING: {
    failureType: 'config_error',
    cause: 'The role of the Snowflake user lacks a privilege that loading needs.',
    remedy:
      'Have the GRANT of the message run by the owner of the object. `eclusa snowflake setup` prints all of them.',
  },
  SNOWFLAKE_ROLE_REFUSED: {
    failureType: 'config_error',
    cause: 'There is no such role in the Snowflake account, or it was not granted to the user.',
    remedy: 'Correct `role`, or have it granted: GRANT ROLE … TO USER ….',
  },
  SNOWFLAKE_WAREHOUSE_MISSING: {
    failureType: 'config_error',
    cause: 'There is no such virtual warehouse in the Snowflake account, or the role may not use it.',
    remedy: 'Correct `warehouse`, or have it granted: GRANT USAGE ON WAREHOUSE … TO ROLE ….',
  },
  SNOWFLAKE_WAREHOUSE_SUSPENDED: {
    failureType: 'config_error',
    cause: 'The virtual warehouse is suspended and does not resume by itself.',
    remedy:
      'ALTER WAREHOUSE … SET AUTO_RESUME = TRUE, or ALTER WAREHOUSE … RESUME. Where a resource monitor has suspended it, raise its quota.',
  },
  STAGED_ROWS_MISSING: {
    failureType: 'system_error',
    cause: 'Snowflake loaded another number of rows from the staged files than were written into them.',
    remedy:
      'Nothing was committed. Run again: the rows are staged anew. If it fails again, see whether someone else changes files in the stage, and report it.',
  },
  STAGING_DIRECTORY_UNUSABLE: {
    failureType: 'config_error',
    cause: 'The directory where files wait to be put into Snowflake cannot be made, read or written.',
    remedy: 'Correct `staging_directory`, or the rights of this user there.',
  },
  STAGING_DISK_FULL: {
    failureType: 'transient_error',
    cause: 'There is no room left where files wait to be put into Snowflake.',
    remedy:
      'Free some room or set `staging_directory` to a larger disk, then run again: nothing that was committed is lost. About `uploads_max` times `file_bytes_target`, twice, is needed: the driver encrypts into a second file.',
  },
} as const satisfies Record<string, ErrorEntry>
