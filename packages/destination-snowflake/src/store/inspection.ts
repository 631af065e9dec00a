import type { ConfiguredStream, WarehouseConnection } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import type { RelationColumn, RelationName } from '@eclusa/warehouse'
import { inspectStreams } from '@eclusa/warehouse/load'
import type { InspectedStream } from '@eclusa/warehouse/load'
import type { SnowflakeSettings } from '../config.ts'
import { snowflakeRules } from '../table/snowflake-rules.ts'
import type { Ledger, Query } from './ledger.ts'

/** Where tables go whose targets name no schema. */
const schemaDefault = 'PUBLIC'

export interface SnowflakeInspection {
  readonly settings: SnowflakeSettings
  readonly pipeline: string
  readonly streams: readonly ConfiguredStream[]
}

/** As `inspectStreams`. @param ledger undefined when there is none yet */
export async function inspectSnowflake(
  query: Query,
  ledger: Ledger | undefined,
  { settings, pipeline, streams }: SnowflakeInspection,
): Promise<InspectedStream[]> {
  const { database } = settings.login
  const connection = connectionOf(query)
  const warehouse = {
    rules: snowflakeRules(settings.identifiers),
    columnsOf: columnsIn(query),
    relationsIn: (schema: string) => snowflakeDialect.listRelations(connection, schema, database),
    relationIn: (schema: string, identifier: string) => ({ database, schema, identifier }),
    ledger,
  }
  return await inspectStreams(warehouse, { streams, pipeline, schemaOverride: settings.schema, schemaDefault })
}

/** Columns of tables, as the catalog of their database has them. */
export function columnsIn(query: Query): (table: RelationName) => Promise<readonly RelationColumn[] | undefined> {
  const connection = connectionOf(query)
  return (table) => snowflakeDialect.listColumns(connection, table)
}

export function connectionOf(query: Query): WarehouseConnection {
  return {
    query: (sql, { parameters = [] } = {}) => query(sql, parameters),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
