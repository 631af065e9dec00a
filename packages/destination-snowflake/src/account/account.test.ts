import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSnowflakeLocal } from '@eclusa/snowflake-local'
import type { SnowflakeLocal } from '@eclusa/snowflake-local'
import { openSnowflake } from '@eclusa/warehouse'
import type { SnowflakeAuthentication } from '@eclusa/warehouse'
import type { WarehouseConnection } from '@eclusa/sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { accountPlanDefaults } from './account-plan.ts'
import type { AccountPlan } from './account-plan.ts'
import { examineAccount } from './examine-account.ts'
import { generateKeyFile, readPublicKey } from './key-pair.ts'
import { snowflakeLoginFromEnv } from './login-from-env.ts'
import { applySetup, setupScript } from './setup.ts'

let server: SnowflakeLocal
let directory = ''
beforeEach(async () => {
  server = await startSnowflakeLocal()
  directory = await mkdtemp(join(tmpdir(), 'eclusa-account-'))
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

interface Login {
  readonly user: string
  readonly authentication: SnowflakeAuthentication
  readonly role?: string
}

async function connected<Result>(
  { user, authentication, role }: Login,
  work: (connection: WarehouseConnection) => Promise<Result>,
): Promise<Result> {
  await using warehouse = await openSnowflake({
    account: 'local',
    host: server.host,
    port: server.port,
    protocol: 'http',
    database: 'ECLUSA',
    user,
    authentication,
    ...(role === undefined ? {} : { role }),
  })
  await using connection = await warehouse.connect()
  return await work(connection)
}

function asAdmin<Result>(work: (connection: WarehouseConnection) => Promise<Result>): Promise<Result> {
  const { username, password } = server.connectionOptions
  return connected(
    { user: username, authentication: { method: 'password', password: password ?? '' }, role: 'ACCOUNTADMIN' },
    work,
  )
}

async function planWithKey(change: Partial<AccountPlan> = {}): Promise<{ plan: AccountPlan; privateKey: string }> {
  const path = join(directory, 'rsa_key.p8')
  const publicKey = await generateKeyFile(path)
  return { plan: { ...accountPlanDefaults, publicKey, ...change }, privateKey: await readFile(path, 'utf8') }
}

const failures = (findings: Awaited<ReturnType<typeof examineAccount>>) =>
  findings.filter(({ status }) => status !== 'passed').map(({ status, subject, message }) => [status, subject, message])

describe('setup', () => {
  it('prints SQL that prepares an account', () => {
    expect(setupScript({ ...accountPlanDefaults, publicKey: 'MIIBIjAN' })).toMatchInlineSnapshot(`
      "USE ROLE SYSADMIN;

      -- warehouse ECLUSA_WH
      CREATE WAREHOUSE IF NOT EXISTS ECLUSA_WH WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60 AUTO_RESUME = TRUE STATEMENT_TIMEOUT_IN_SECONDS = 3600 INITIALLY_SUSPENDED = TRUE;
      ALTER WAREHOUSE ECLUSA_WH SET WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60 AUTO_RESUME = TRUE STATEMENT_TIMEOUT_IN_SECONDS = 3600;

      -- database ECLUSA
      CREATE DATABASE IF NOT EXISTS ECLUSA DATA_RETENTION_TIME_IN_DAYS = 1;
      ALTER DATABASE ECLUSA SET DATA_RETENTION_TIME_IN_DAYS = 1;

      -- schema ECLUSA.STAGING
      CREATE SCHEMA IF NOT EXISTS ECLUSA.STAGING DATA_RETENTION_TIME_IN_DAYS = 1;
      ALTER SCHEMA ECLUSA.STAGING SET DATA_RETENTION_TIME_IN_DAYS = 1;

      -- schema ECLUSA.DW
      CREATE SCHEMA IF NOT EXISTS ECLUSA.DW DATA_RETENTION_TIME_IN_DAYS = 1;
      ALTER SCHEMA ECLUSA.DW SET DATA_RETENTION_TIME_IN_DAYS = 1;

      -- schema ECLUSA._ECLUSA
      CREATE SCHEMA IF NOT EXISTS ECLUSA._ECLUSA DATA_RETENTION_TIME_IN_DAYS = 1;
      ALTER SCHEMA ECLUSA._ECLUSA SET DATA_RETENTION_TIME_IN_DAYS = 1;

      USE ROLE ACCOUNTADMIN;

      -- resource monitor ECLUSA_MONITOR
      CREATE RESOURCE MONITOR IF NOT EXISTS ECLUSA_MONITOR WITH CREDIT_QUOTA = 20 FREQUENCY = MONTHLY START_TIMESTAMP = IMMEDIATELY TRIGGERS ON 75 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND;
      ALTER RESOURCE MONITOR ECLUSA_MONITOR SET CREDIT_QUOTA = 20;
      ALTER WAREHOUSE ECLUSA_WH SET RESOURCE_MONITOR = ECLUSA_MONITOR;

      USE ROLE USERADMIN;

      -- role ECLUSA_ROLE
      CREATE ROLE IF NOT EXISTS ECLUSA_ROLE;
      GRANT ROLE ECLUSA_ROLE TO ROLE SYSADMIN;

      -- user ECLUSA_USER
      CREATE USER IF NOT EXISTS ECLUSA_USER TYPE = SERVICE DEFAULT_ROLE = ECLUSA_ROLE DEFAULT_WAREHOUSE = ECLUSA_WH;
      ALTER USER ECLUSA_USER SET RSA_PUBLIC_KEY = 'MIIBIjAN';
      GRANT ROLE ECLUSA_ROLE TO USER ECLUSA_USER;

      USE ROLE SECURITYADMIN;

      -- privileges of role ECLUSA_ROLE on warehouse ECLUSA_WH
      GRANT USAGE ON WAREHOUSE ECLUSA_WH TO ROLE ECLUSA_ROLE;

      -- privileges of role ECLUSA_ROLE on database ECLUSA
      GRANT USAGE, CREATE SCHEMA ON DATABASE ECLUSA TO ROLE ECLUSA_ROLE;

      -- privileges of role ECLUSA_ROLE on schema ECLUSA.STAGING
      GRANT USAGE, CREATE TABLE, CREATE VIEW, CREATE DYNAMIC TABLE, CREATE MATERIALIZED VIEW, CREATE STAGE, CREATE SEQUENCE ON SCHEMA ECLUSA.STAGING TO ROLE ECLUSA_ROLE;

      -- privileges of role ECLUSA_ROLE on schema ECLUSA.DW
      GRANT USAGE, CREATE TABLE, CREATE VIEW, CREATE DYNAMIC TABLE, CREATE MATERIALIZED VIEW, CREATE STAGE, CREATE SEQUENCE ON SCHEMA ECLUSA.DW TO ROLE ECLUSA_ROLE;

      -- privileges of role ECLUSA_ROLE on schema ECLUSA._ECLUSA
      GRANT USAGE, CREATE TABLE, CREATE STAGE ON SCHEMA ECLUSA._ECLUSA TO ROLE ECLUSA_ROLE;"
    `)
  })

  it('runs as it is printed, as often as one likes, and doctor finds nothing afterwards', async () => {
    const { plan } = await planWithKey()
    const statements = setupScript(plan)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('--'))
    await asAdmin(async (connection) => {
      for (const statement of [...statements, ...statements]) await connection.query(statement)
      await connection.query('USE ROLE ACCOUNTADMIN')
      expect(failures(await examineAccount(connection, plan))).toEqual([])
    })
  })

  it('lets the user log in by key, load into both schemas, and do nothing else', async () => {
    const { plan, privateKey } = await planWithKey({ mayCreateSchemas: false })
    await asAdmin((connection) => applySetup(connection, plan, () => {}))
    await connected({ user: 'ECLUSA_USER', authentication: { method: 'key_pair', privateKey } }, async (connection) => {
      const { rows } = await connection.query('SELECT CURRENT_ROLE(), CURRENT_WAREHOUSE()')
      expect(rows).toEqual([['ECLUSA_ROLE', 'ECLUSA_WH']])
      for (const schema of plan.schemas) {
        await connection.query(`CREATE TABLE ECLUSA.${schema}.ORDERS (ID NUMBER)`)
        await connection.query(`CREATE STAGE ECLUSA.${schema}.LOADING`)
        await connection.query(`CREATE VIEW ECLUSA.${schema}.ORDERS_SEEN AS SELECT * FROM ECLUSA.${schema}.ORDERS`)
      }
      for (const refused of [
        'CREATE SCHEMA ECLUSA.MORE',
        'CREATE DATABASE MORE',
        'CREATE TABLE ECLUSA.PUBLIC.T (ID NUMBER)',
      ]) {
        await expect(connection.query(refused)).rejects.toThrow(/not exist or not authorized|nsufficient privileges/u)
      }
    })
  })

  it('keeps quoted what a person has quoted, and names with letters of both cases', async () => {
    const plan = { ...accountPlanDefaults, database: 'my shop', role: 'Loader "1"', schemas: ["o'brien"] }
    await asAdmin(async (connection) => {
      await applySetup(connection, plan, () => {})
      await connection.query('USE ROLE ACCOUNTADMIN')
      expect(failures(await examineAccount(connection, plan))).toEqual([
        ['failed', 'user ECLUSA_USER', 'it has no public key: it cannot log in by key pair'],
      ])
    })
  })
})

describe('doctor', () => {
  it('names everything that an untouched account has not', async () => {
    const findings = await asAdmin((connection) => examineAccount(connection, accountPlanDefaults))
    expect(failures(findings)).toMatchInlineSnapshot(`
      [
        [
          "failed",
          "warehouse ECLUSA_WH",
          "it does not exist, or the role may not use it",
        ],
        [
          "failed",
          "database ECLUSA",
          "it does not exist, or the role may not use it",
        ],
        [
          "failed",
          "schema ECLUSA.STAGING",
          "it does not exist, or the role may not use it",
        ],
        [
          "failed",
          "schema ECLUSA.DW",
          "it does not exist, or the role may not use it",
        ],
        [
          "failed",
          "schema ECLUSA._ECLUSA",
          "it does not exist, or the role may not use it",
        ],
        [
          "warning",
          "resource monitor ECLUSA_MONITOR",
          "nothing limits what warehouse ECLUSA_WH may cost in a month",
        ],
        [
          "failed",
          "role ECLUSA_ROLE",
          "it does not exist, or cannot be seen",
        ],
        [
          "failed",
          "user ECLUSA_USER",
          "it does not exist, or cannot be seen",
        ],
        [
          "failed",
          "privileges of role ECLUSA_ROLE on warehouse ECLUSA_WH",
          "USAGE is missing",
        ],
        [
          "failed",
          "privileges of role ECLUSA_ROLE on database ECLUSA",
          "USAGE, CREATE SCHEMA are missing",
        ],
        [
          "failed",
          "privileges of role ECLUSA_ROLE on schema ECLUSA.STAGING",
          "USAGE, CREATE TABLE, CREATE VIEW, CREATE DYNAMIC TABLE, CREATE MATERIALIZED VIEW, CREATE STAGE, CREATE SEQUENCE are missing",
        ],
        [
          "failed",
          "privileges of role ECLUSA_ROLE on schema ECLUSA.DW",
          "USAGE, CREATE TABLE, CREATE VIEW, CREATE DYNAMIC TABLE, CREATE MATERIALIZED VIEW, CREATE STAGE, CREATE SEQUENCE are missing",
        ],
        [
          "failed",
          "privileges of role ECLUSA_ROLE on schema ECLUSA._ECLUSA",
          "USAGE, CREATE TABLE, CREATE STAGE are missing",
        ],
      ]
    `)
  })

  it('names what somebody changed, each with the SQL that changes it back', async () => {
    const { plan } = await planWithKey()
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const other = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    await asAdmin(async (connection) => {
      await applySetup(connection, plan, () => {})
      for (const change of [
        'USE ROLE ACCOUNTADMIN',
        'ALTER WAREHOUSE ECLUSA_WH SET AUTO_SUSPEND = 3600 AUTO_RESUME = FALSE',
        'ALTER SCHEMA ECLUSA.STAGING SET DATA_RETENTION_TIME_IN_DAYS = 30',
        'ALTER RESOURCE MONITOR ECLUSA_MONITOR SET CREDIT_QUOTA = 500',
        `ALTER USER ECLUSA_USER SET RSA_PUBLIC_KEY = '${other}'`,
        'REVOKE CREATE TABLE ON SCHEMA ECLUSA.DW FROM ROLE ECLUSA_ROLE',
        'REVOKE ROLE ECLUSA_ROLE FROM USER ECLUSA_USER',
      ]) {
        await connection.query(change)
      }
      const findings = await examineAccount(connection, plan)
      expect(failures(findings)).toMatchInlineSnapshot(`
        [
          [
            "warning",
            "warehouse ECLUSA_WH",
            "it is suspended after 3600 seconds without work, and costs credits until then; planned are 60",
          ],
          [
            "failed",
            "warehouse ECLUSA_WH",
            "it does not resume by itself: a run fails while it is suspended",
          ],
          [
            "warning",
            "schema ECLUSA.STAGING",
            "Time Travel reaches back 30 days; planned are 1",
          ],
          [
            "warning",
            "resource monitor ECLUSA_MONITOR",
            "monitor ECLUSA_MONITOR allows 500 credits; planned are 20",
          ],
          [
            "failed",
            "user ECLUSA_USER",
            "its public key is another one",
          ],
          [
            "failed",
            "user ECLUSA_USER",
            "it has not role ECLUSA_ROLE",
          ],
          [
            "failed",
            "privileges of role ECLUSA_ROLE on schema ECLUSA.DW",
            "CREATE TABLE is missing",
          ],
        ]
      `)
      for (const { remedy } of findings) {
        for (const statement of remedy?.split(';\n') ?? []) await connection.query(statement)
      }
      expect(failures(await examineAccount(connection, plan))).toEqual([])
    })
  })
})

describe('key files', () => {
  it('are for their owner alone, and never written over', async () => {
    const path = join(directory, 'key.p8')
    const publicKey = await generateKeyFile(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readPublicKey(path)).toBe(publicKey)
    await expect(generateKeyFile(path)).rejects.toMatchObject({ code: 'SNOWFLAKE_KEY_FILE' })
  })

  it('that are none, or not there, are said so', async () => {
    await expect(readPublicKey(join(directory, 'none.pem'))).rejects.toMatchObject({ code: 'SNOWFLAKE_KEY_FILE' })
    await expect(readPublicKey(import.meta.filename)).rejects.toMatchObject({ code: 'SNOWFLAKE_KEY_FILE' })
  })
})

describe('a login from the environment', () => {
  it('names every variable that is missing', async () => {
    await expect(snowflakeLoginFromEnv({ SNOWFLAKE_USER: 'ME' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(
        'SNOWFLAKE_ACCOUNT; one of SNOWFLAKE_PRIVATE_KEY_PATH, SNOWFLAKE_TOKEN, SNOWFLAKE_PASSWORD',
      ),
    })
  })

  it('prefers the key to a password, and keeps secrets apart', async () => {
    const path = join(directory, 'key.p8')
    await generateKeyFile(path)
    const env = {
      SNOWFLAKE_ACCOUNT: 'a',
      SNOWFLAKE_USER: 'u',
      SNOWFLAKE_PASSWORD: 'p',
      SNOWFLAKE_PRIVATE_KEY_PATH: path,
    }
    const { options, secrets } = await snowflakeLoginFromEnv(env)
    expect(options).toMatchObject({ account: 'a', user: 'u', authentication: { method: 'key_pair' } })
    expect(secrets).toEqual([await readFile(path, 'utf8')])
  })
})
