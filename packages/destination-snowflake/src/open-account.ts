import { openSnowflake } from '@eclusa/warehouse'
import type { SnowflakeWarehouse } from '@eclusa/warehouse'
import { accountError } from './account-error.ts'
import { examineLogin } from './account-examination.ts'
import type { SnowflakeSettings } from './config.ts'

export interface OpenAccountOptions {
  readonly signal: AbortSignal
  /** Shown as the tag of each statement in QUERY_HISTORY: the pipeline. */
  readonly forWhat?: string
  /** Whether warehouse and database can be used is found out at once. Default: true. */
  readonly isExamined?: boolean
}

/**
 * Opens the account as the configuration says.
 *
 * @throws SNOWFLAKE_ROLE_REFUSED, SNOWFLAKE_WAREHOUSE_MISSING, SNOWFLAKE_WAREHOUSE_SUSPENDED, SNOWFLAKE_DATABASE_MISSING;
 *   WAREHOUSE_CONNECTION_FAILED, WAREHOUSE_KEY_UNREADABLE, WAREHOUSE_DRIVER_MISSING
 */
export async function openAccount(
  { login }: Pick<SnowflakeSettings, 'login'>,
  { signal, forWhat, isExamined = true }: OpenAccountOptions,
): Promise<SnowflakeWarehouse> {
  const queryTag = forWhat === undefined ? 'eclusa' : `eclusa: ${forWhat}`
  try {
    const warehouse = await openSnowflake({ ...login, signal, queryTag })
    if (isExamined) await refuseUnusable(warehouse, login)
    return warehouse
  } catch (error) {
    throw accountError(error, login)
  }
}

async function refuseUnusable(warehouse: SnowflakeWarehouse, login: SnowflakeSettings['login']): Promise<void> {
  try {
    await using connection = await warehouse.connect()
    for (const { error } of await examineLogin(connection, login)) if (error !== undefined) throw error
  } catch (error) {
    await warehouse[Symbol.asyncDispose]()
    throw error
  }
}
