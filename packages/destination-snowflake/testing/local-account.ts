import { startSnowflakeLocal } from '@eclusa/snowflake-local'
import type { SnowflakeLocal } from '@eclusa/snowflake-local'
import { openSnowflake } from '@eclusa/warehouse'
import type { OpenSnowflakeOptions, SnowflakeConnection, SnowflakeWarehouse } from '@eclusa/warehouse'

/** An endpoint of its own, with a database, a schema and a stage, and one session in it. */
export interface LocalAccount extends AsyncDisposable {
  readonly server: SnowflakeLocal
  readonly login: OpenSnowflakeOptions
  readonly warehouse: SnowflakeWarehouse
  readonly session: SnowflakeConnection
  /** Of one value, as text. */
  readonly one: (sql: string) => Promise<string | null>
}

export const localStage = '@"SHOP"."STAGING"."LOAD"'

export async function openLocalAccount(): Promise<LocalAccount> {
  const server = await startSnowflakeLocal({ users: [{ name: 'LOADER', password: 'p' }] })
  const login: OpenSnowflakeOptions = {
    account: server.account,
    host: server.host,
    port: server.port,
    protocol: 'http',
    database: 'SHOP',
    user: 'LOADER',
    authentication: { method: 'password', password: 'p' },
  }
  const warehouse = await openSnowflake(login)
  const session = await warehouse.connect()
  await session.query('CREATE DATABASE shop')
  await session.query('CREATE SCHEMA shop.staging')
  await session.query('CREATE STAGE shop.staging.load')
  return {
    server,
    login,
    warehouse,
    session,
    one: async (sql) => {
      const { rows } = await session.query(sql)
      const value = rows[0]?.[0] ?? null
      return value === null ? null : String(value)
    },
    async [Symbol.asyncDispose]() {
      await warehouse[Symbol.asyncDispose]()
      await server.close()
    },
  }
}
