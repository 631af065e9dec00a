import { generateKeyPairSync } from 'node:crypto'
import { EclusaError } from '@eclusa/sdk'
import type { CheckFinding } from '@eclusa/sdk'
import { startSnowflakeLocal } from '@eclusa/snowflake-local'
import type { SnowflakeLocal } from '@eclusa/snowflake-local'
import { openSnowflake } from '@eclusa/warehouse'
import { batchOf, configured } from '@eclusa/warehouse/testing/load'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { z } from 'zod'
import { accountError } from './account-error.ts'
import { checkSnowflake } from './check.ts'
import { settingsOf, snowflakeConfigSchema } from './config.ts'
import { snowflake } from './destination.ts'
import { openAccount } from './open-account.ts'

type Input = z.input<typeof snowflakeConfigSchema>

const key = (passphrase?: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}
const mine = key('open sesame')
const anothers = key()
const signal = new AbortController().signal

let server: SnowflakeLocal

beforeAll(async () => {
  server = await startSnowflakeLocal({
    users: [
      { name: 'ADMIN', password: 'p' },
      { name: 'LOADER', publicKey: mine.publicKey },
    ],
  })
  const { account, host, port } = server
  const admin = { account, host, port, protocol: 'http', database: 'SHOP', user: 'ADMIN' } as const
  await using warehouse = await openSnowflake({ ...admin, authentication: { method: 'password', password: 'p' } })
  await using session = await warehouse.connect()
  const statements = [
    'CREATE DATABASE shop',
    'CREATE SCHEMA shop.staging',
    'CREATE SCHEMA shop.sealed',
    'CREATE DATABASE other',
    'CREATE WAREHOUSE load_wh',
    'CREATE WAREHOUSE asleep INITIALLY_SUSPENDED = TRUE AUTO_RESUME = FALSE',
    'CREATE ROLE base',
    'CREATE ROLE loader_role',
    'CREATE ROLE weak',
    'GRANT USAGE ON WAREHOUSE load_wh TO ROLE base',
    'GRANT USAGE ON WAREHOUSE load_wh TO ROLE weak',
    'GRANT USAGE ON WAREHOUSE asleep TO ROLE base',
    'GRANT USAGE, CREATE SCHEMA ON DATABASE shop TO ROLE base',
    'GRANT USAGE ON DATABASE shop TO ROLE weak',
    'GRANT USAGE, CREATE TABLE ON SCHEMA shop.staging TO ROLE loader_role',
    'GRANT USAGE ON SCHEMA shop.sealed TO ROLE loader_role',
    'GRANT ROLE base TO ROLE loader_role',
    'GRANT ROLE loader_role TO USER loader',
    'GRANT ROLE weak TO USER loader',
  ]
  for (const sql of statements) await session.query(sql)
})
afterAll(() => server.close())

function configOf(changes: Partial<Input> = {}): z.output<typeof snowflakeConfigSchema> {
  const credentials = {
    auth_type: 'key_pair',
    private_key: mine.privateKey,
    private_key_password: 'open sesame',
  } as const
  const { account, host, port } = server
  return snowflakeConfigSchema.parse({
    account,
    host,
    port,
    protocol: 'http',
    username: 'LOADER',
    credentials,
    role: 'loader_role',
    warehouse: 'load_wh',
    database: 'shop',
    schema: 'staging',
    ...changes,
  } satisfies Input)
}

async function failures(changes: Partial<Input>): Promise<Pick<CheckFinding, 'message'>[]> {
  const nothing = () => {}
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing }
  const { findings } = await checkSnowflake(configOf(changes), { signal, log })
  return findings
    .filter(({ status }) => status !== 'passed')
    .map(({ code, message, remedy }) => ({ code, message, remedy }))
}

it('passes where everything is there, also by roles below the role and under names typed in any case', async () => {
  expect(await failures({})).toEqual([])
  expect(await failures({ schema: 'not_there_yet', role: 'LOADER_ROLE', warehouse: 'LOAD_WH' })).toEqual([])
})

it.each<[string, Partial<Input>, string, RegExp, RegExp]>([
  ['user', { username: 'NOBODY' }, 'WAREHOUSE_CONNECTION_FAILED', /NOBODY/u, /ALTER USER NOBODY SET RSA_PUBLIC_KEY/u],
  [
    'key',
    { credentials: { auth_type: 'key_pair', private_key: anothers.privateKey } },
    'WAREHOUSE_CONNECTION_FAILED',
    /390144/u,
    /ALTER USER LOADER SET RSA_PUBLIC_KEY = '…'/u,
  ],
  [
    'passphrase',
    { credentials: { auth_type: 'key_pair', private_key: mine.privateKey, private_key_password: 'wrong' } },
    'WAREHOUSE_KEY_UNREADABLE',
    /passphrase does not open it/u,
    /passphrase/u,
  ],
  [
    'password',
    { username: 'ADMIN', credentials: { auth_type: 'password', password: 'wrong' } },
    'WAREHOUSE_CONNECTION_FAILED',
    /390100/u,
    /ALTER USER ADMIN SET PASSWORD/u,
  ],
  [
    'token',
    { credentials: { auth_type: 'programmatic_access_token', token: 'wrong' } },
    'WAREHOUSE_CONNECTION_FAILED',
    /394400/u,
    /ADD PROGRAMMATIC ACCESS TOKEN/u,
  ],
  [
    'warehouse',
    { warehouse: 'none' },
    'SNOWFLAKE_WAREHOUSE_MISSING',
    /NONE/u,
    /GRANT USAGE ON WAREHOUSE NONE TO ROLE LOADER_ROLE;/u,
  ],
  [
    'warehouse that stays suspended',
    { warehouse: 'asleep' },
    'SNOWFLAKE_WAREHOUSE_SUSPENDED',
    /ASLEEP/u,
    /ALTER WAREHOUSE ASLEEP SET AUTO_RESUME = TRUE;/u,
  ],
  ['database', { database: '"shop"' }, 'SNOWFLAKE_DATABASE_MISSING', /"shop"/u, /CREATE DATABASE "shop";/u],
  [
    'database of others',
    { database: 'other' },
    'SNOWFLAKE_DATABASE_MISSING',
    /OTHER/u,
    /GRANT USAGE, CREATE SCHEMA ON DATABASE OTHER/u,
  ],
  [
    'schema of others',
    { schema: 'sealed' },
    'SNOWFLAKE_PRIVILEGE_MISSING',
    /CREATE TABLE on schema SHOP.SEALED/u,
    /^GRANT CREATE TABLE ON SCHEMA SHOP.SEALED TO ROLE LOADER_ROLE;$/u,
  ],
  [
    'schema that may not be made',
    { role: 'weak', schema: 'new_one' },
    'SNOWFLAKE_PRIVILEGE_MISSING',
    /CREATE SCHEMA on database SHOP/u,
    /^GRANT CREATE SCHEMA ON DATABASE SHOP TO ROLE WEAK;$/u,
  ],
  ['name', { schema: 'x'.repeat(256) }, 'IDENTIFIER_INVALID', /255 characters/u, /./u],
])('names a wrong %s, and what mends it', async (_, changes, code, message, remedy) => {
  const [first] = await failures(changes)
  expect(first).toEqual({
    code,
    message: expect.stringMatching(message),
    remedy: expect.stringMatching(remedy),
  })
})

it('says where the name of the account is found, and what a role of somebody else needs', () => {
  const { login } = settingsOf(configOf())
  const refused = (code: string) => new EclusaError('WAREHOUSE_CONNECTION_FAILED', { message: code, details: { code } })
  expect(accountError(refused('401001'), login)).toMatchObject({
    code: 'WAREHOUSE_CONNECTION_FAILED',
    remedy: expect.stringContaining('CURRENT_ORGANIZATION_NAME()'),
  })
  expect(accountError(refused('390189'), login)).toMatchObject({
    code: 'SNOWFLAKE_ROLE_REFUSED',
    remedy: 'GRANT ROLE LOADER_ROLE TO USER LOADER;',
  })
})

it.each([
  [
    '003001',
    "Insufficient privileges to operate on schema 'STAGING'",
    'SNOWFLAKE_PRIVILEGE_MISSING',
    'GRANT USAGE, CREATE TABLE, CREATE STAGE ON SCHEMA SHOP.STAGING TO ROLE LOADER_ROLE;',
  ],
  [
    '003001',
    "Insufficient privileges to operate on table 'ORDERS'",
    'SNOWFLAKE_PRIVILEGE_MISSING',
    'GRANT OWNERSHIP ON TABLE ORDERS TO ROLE LOADER_ROLE;',
  ],
  [
    '000606',
    'No active warehouse selected in the current session.',
    'SNOWFLAKE_WAREHOUSE_MISSING',
    'GRANT USAGE ON WAREHOUSE LOAD_WH TO ROLE LOADER_ROLE;',
  ],
  [
    '090073',
    "Warehouse 'LOAD_WH' cannot be resumed because resource monitor 'M' has exceeded its quota.",
    'SNOWFLAKE_WAREHOUSE_SUSPENDED',
    'SHOW RESOURCE MONITORS;',
  ],
])('turns a refusal by %s into what to do: %s', (code, message, expected, remedy) => {
  const refused = new EclusaError('WAREHOUSE_STATEMENT_FAILED', { message, details: { code, message } })
  expect(accountError(refused, settingsOf(configOf()).login)).toMatchObject({
    code: expected,
    remedy: expect.stringContaining(remedy),
  })
})

it('advises against passwords', async () => {
  const found = await failures({
    username: 'ADMIN',
    role: 'ACCOUNTADMIN',
    credentials: { auth_type: 'password', password: 'p' },
  })
  expect(found).toEqual([{ code: undefined, message: expect.stringContaining('password'), remedy: expect.any(String) }])
})

it('opens no account in which it could not load', async () => {
  const opening = (changes: Partial<Input>) => openAccount(settingsOf(configOf(changes)), { signal })
  await expect(opening({ warehouse: 'none' })).rejects.toMatchObject({ code: 'SNOWFLAKE_WAREHOUSE_MISSING' })
  await expect(opening({ database: 'none' })).rejects.toMatchObject({ code: 'SNOWFLAKE_DATABASE_MISSING' })
  const warehouse = await opening({})
  await warehouse[Symbol.asyncDispose]()
})

it('names the privilege that a run lacks, with its GRANT', async () => {
  const nothing = () => {}
  const of = configured({ syncMode: 'incremental', destinationSyncMode: 'append' })
  const load = async () => {
    await using session = await snowflake(configOf({ schema: 'sealed' })).open({
      catalog: { streams: [of] },
      pipeline: 'sealed',
      runId: 'run',
      bytesMax: 1_000_000,
      signal,
      log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    })
    await session.startStream(of.stream, { resumed: false })
    await session.write(batchOf([[1, 'a']], of))
    await session.completeStream(of.stream)
    await session.commit([{ stream: of.stream, state: {} }])
  }
  await expect(load()).rejects.toMatchObject({
    code: 'SNOWFLAKE_PRIVILEGE_MISSING',
    remedy: expect.stringMatching(/^GRANT .*CREATE TABLE.* ON SCHEMA SHOP.SEALED TO ROLE LOADER_ROLE;$/u),
  })
})

it('takes the account from a host that begins with it, and asks for it where none does', () => {
  const parsed = (host: string) => {
    const { account: _, ...config } = configOf()
    return snowflakeConfigSchema.safeParse({ ...config, host })
  }
  const accountOf = (host: string) => settingsOf(snowflakeConfigSchema.parse(parsed(host).data)).login.account
  expect(accountOf('org-acc.snowflakecomputing.com')).toBe('org-acc')
  expect(accountOf('xy1.eu-west-1.privatelink.snowflakecomputing.com')).toBe('xy1.eu-west-1')
  expect(parsed('db.example.com').error?.issues).toMatchObject([{ path: ['account'] }])
})

it('understands the configuration of Airbyte', () => {
  const settings = settingsOf(
    snowflakeConfigSchema.parse({
      host: 'org-acc.snowflakecomputing.com',
      role: 'AIRBYTE_ROLE',
      warehouse: 'AIRBYTE_WAREHOUSE',
      database: 'AIRBYTE_DATABASE',
      schema: 'AIRBYTE_SCHEMA',
      username: 'AIRBYTE_USER',
      credentials: { auth_type: 'Key Pair Authentication', private_key: 'k', private_key_password: 'p' },
      cdc_deletion_mode: 'Soft delete',
      retention_period_days: 1,
    }),
  )
  expect(settings).toMatchObject({
    login: {
      account: 'org-acc',
      user: 'AIRBYTE_USER',
      authentication: { method: 'key_pair', privateKey: 'k', passphrase: 'p' },
      database: 'AIRBYTE_DATABASE',
    },
    schema: 'AIRBYTE_SCHEMA',
    deletionMode: 'soft_delete',
    retentionDays: 1,
  })
})
