import { airbyteErrors } from './error-code/airbyte.ts'
import { anyPackageErrors } from './error-code/any-package.ts'
import { destinationErrors } from './error-code/destination.ts'
import { postgresConnectionErrors } from './error-code/postgres-connection.ts'
import { postgresLocalErrors } from './error-code/postgres-local.ts'
import { postgresReadingErrors } from './error-code/postgres-reading.ts'
import { postgresReplicationErrors } from './error-code/postgres-replication.ts'
import { snowflakeErrors } from './error-code/snowflake.ts'
import { transformErrors } from './error-code/transform.ts'
import { warehouseErrors } from './error-code/warehouse.ts'

/**
 * Every error code of eclusa's own packages with its cause and remedy, one file for each area. Published in
 * docs/reference/errors.md, which is generated from here. Names are readable and stable: programs and runbooks match on
 * them. Connectors of others declare their codes by `defineErrorCodes`.
 */
export const errorCatalogue = {
  ...anyPackageErrors,
  ...postgresLocalErrors,
  ...warehouseErrors,
  ...postgresConnectionErrors,
  ...postgresReadingErrors,
  ...postgresReplicationErrors,
  ...transformErrors,
  ...destinationErrors,
  ...airbyteErrors,
  ...snowflakeErrors,
}

/** The codes of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue
