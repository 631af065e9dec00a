import { EclusaError } from '@eclusa/sdk'
import type { Warehouse } from '@eclusa/sdk'
import type { Dialect } from './dialect.ts'
import { duckdbDialect } from './duckdb/dialect.ts'
import { postgresDialect } from './postgres/dialect.ts'
import { snowflakeDialect } from './snowflake/dialect.ts'

const dialects: Partial<Record<Warehouse['type'], Dialect>> = {
  duckdb: duckdbDialect,
  postgres: postgresDialect,
  snowflake: snowflakeDialect,
}

/**
 * The dialect that a warehouse speaks.
 *
 * @throws WAREHOUSE_DIALECT_MISSING when this version has none for it.
 */
export function dialectOf(warehouse: Pick<Warehouse, 'type'>): Dialect {
  const dialect = dialects[warehouse.type]
  if (dialect === undefined) {
    throw new EclusaError('WAREHOUSE_DIALECT_MISSING', {
      message: `There is no SQL dialect for "${warehouse.type}" here.`,
    })
  }
  return dialect
}
