import type { PlannedStatement, WriteRequest } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import { plannedStatements } from '@eclusa/warehouse/load'
import { settingsOf } from './config.ts'
import type { SnowflakeConfig } from './config.ts'
import { openAccount } from './open-account.ts'
import { connectionOf, inspectSnowflake } from './store/inspection.ts'
import { Ledger } from './store/ledger.ts'
import type { Query } from './store/ledger.ts'
import { snowflakeRules } from './table/snowflake-rules.ts'

/**
 * What loading would change in the tables, without changing it.
 *
 * @throws as `openSession`, but for DESTINATION_BUSY
 */
export async function planStatements(request: WriteRequest<SnowflakeConfig>): Promise<readonly PlannedStatement[]> {
  const { config, signal, pipeline, catalog } = request
  const settings = settingsOf(config)
  const { database } = settings.login
  await using warehouse = await openAccount(settings, { signal, forWhat: pipeline })
  await using connection = await warehouse.connect()
  const query: Query = (sql, parameters = []) => connection.query(sql, { parameters })
  const rules = snowflakeRules(settings.identifiers)
  const ledger = new Ledger(query, { database, pipeline, rules })
  const { streams } = catalog
  const found = (await ledger.exists()) ? ledger : undefined
  const inspected = await inspectSnowflake(query, found, { settings, pipeline, streams })
  return plannedStatements(rules, inspected, await snowflakeDialect.listSchemas(connectionOf(query), database))
}
