import { startSnowflakeLocal } from '@eclusa/snowflake-local'
import type { SnowflakeLocal } from '@eclusa/snowflake-local'
import { openSnowflake, snowflakeDialect } from '@eclusa/warehouse'
import type { OpenSnowflakeOptions, SnowflakeConnection, SnowflakeWarehouse } from '@eclusa/warehouse'
import { snowflakeLoginFromEnv } from '../src/account/index.ts'

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

/** A place of its own for tables and files, in the local endpoint or in the account that the environment names. */
export interface TestPlace extends AsyncDisposable {
  readonly session: SnowflakeConnection
  readonly database: string
  readonly schema: string
  /** With its `@`, quoted as in SQL. */
  readonly stage: string
}

/** Set by `pnpm interop`: tests that use a `TestPlace` run in the account of SNOWFLAKE_ACCOUNT and the like. */
export async function openTestPlace(): Promise<TestPlace> {
  return process.env['ECLUSA_TEST_ACCOUNT'] === undefined ? await localPlace() : await accountPlace()
}

async function localPlace(): Promise<TestPlace> {
  const account = await openLocalAccount()
  const { session } = account
  const close = () => account[Symbol.asyncDispose]()
  return { session, database: 'SHOP', schema: 'STAGING', stage: localStage, [Symbol.asyncDispose]: close }
}

async function accountPlace(): Promise<TestPlace> {
  const { options } = await snowflakeLoginFromEnv(process.env)
  const warehouse = await openSnowflake(options)
  const session = await warehouse.connect()
  const { database } = options
  const schema = `ECLUSA_TEST_${Date.now()}`
  const place = `${snowflakeDialect.quoteIdentifier(database)}."${schema}"`
  await session.query(`CREATE SCHEMA ${place}`)
  await session.query(`CREATE STAGE ${place}."LOAD"`)
  return {
    session,
    database,
    schema,
    stage: `@${place}."LOAD"`,
    async [Symbol.asyncDispose]() {
      await session.query(`DROP SCHEMA ${place} CASCADE`)
      await warehouse[Symbol.asyncDispose]()
    },
  }
}
