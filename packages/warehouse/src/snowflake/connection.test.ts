import { generateKeyPairSync } from 'node:crypto'
import { hasErrorCode } from '@eclusa/sdk'
import type { SqlValue, WarehouseConnection } from '@eclusa/sdk'
import { startSnowflakeLocal } from '@eclusa/snowflake-local'
import type { SnowflakeLocal } from '@eclusa/snowflake-local'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SnowflakeAuthentication } from './authentication.ts'
import { openSnowflake } from './connection.ts'
import type { OpenSnowflakeOptions, SnowflakeWarehouse } from './connection.ts'

/*
 * The driver of Snowflake against an endpoint of ours over HTTP. What only an account can show - its optimizer, its locks,
 * the exact words of its errors - is not shown here.
 */

const passphrase = 'correct horse'
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase },
})
const keyPair: SnowflakeAuthentication = { method: 'key_pair', privateKey, passphrase }

let server: SnowflakeLocal
let warehouse: SnowflakeWarehouse
let connection: WarehouseConnection

function open(
  authentication: SnowflakeAuthentication,
  options: Partial<OpenSnowflakeOptions> = {},
): Promise<SnowflakeWarehouse> {
  const { account, host, port } = server
  const where = { account, host, port, protocol: 'http', database: 'SHOP' } as const
  return openSnowflake({ ...where, user: 'LOADER', authentication, ...options })
}

beforeAll(async () => {
  const user = { name: 'LOADER', password: 'p', publicKey, oauthToken: 'o', accessToken: 'a' }
  server = await startSnowflakeLocal({ users: [user] })
  warehouse = await open(keyPair)
  connection = await warehouse.connect()
  for (const sql of ['CREATE DATABASE shop', 'USE DATABASE shop', 'CREATE SCHEMA work', 'USE SCHEMA work']) {
    await connection.query(sql)
  }
})
afterAll(async () => {
  await warehouse?.[Symbol.asyncDispose]()
  await server?.close()
})
afterEach(() => server.faults.clear())

async function rows(sql: string, parameters?: readonly SqlValue[]): Promise<readonly (readonly SqlValue[])[]> {
  return (await connection.query(sql, parameters === undefined ? {} : { parameters })).rows
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('openSnowflake', () => {
  it.each<SnowflakeAuthentication>([
    { method: 'password', password: 'p' },
    { method: 'oauth', token: 'o' },
    { method: 'programmatic_access_token', token: 'a' },
  ])('logs in by $method', async (authentication) => {
    await using opened = await open(authentication)
    await using session = await opened.connect()
    expect((await session.query('SELECT CURRENT_USER()')).rows).toEqual([['LOADER']])
  })

  it.each<[string, SnowflakeAuthentication, string]>([
    ['a wrong password', { method: 'password', password: 'wrong-secret' }, 'WAREHOUSE_CONNECTION_FAILED'],
    ['a wrong token', { method: 'oauth', token: 'wrong-secret' }, 'WAREHOUSE_CONNECTION_FAILED'],
    ['a key without its passphrase', { method: 'key_pair', privateKey }, 'WAREHOUSE_KEY_UNREADABLE'],
    ['a wrong passphrase', { ...keyPair, passphrase: 'wrong-secret' }, 'WAREHOUSE_KEY_UNREADABLE'],
    ['no key', { method: 'key_pair', privateKey: 'wrong-secret' }, 'WAREHOUSE_KEY_UNREADABLE'],
  ])('tells %s, without repeating it', async (_, authentication, code) => {
    const error = await failureOf(open(authentication))
    expect(hasErrorCode(error, code as 'WAREHOUSE_KEY_UNREADABLE')).toBe(true)
    expect(String(error)).not.toContain('wrong-secret')
  })
})

describe('query', () => {
  it.each<[string, SqlValue, string]>([
    ['12::NUMBER(9,0)', 12, 'NUMBER(9,0)'],
    ['9007199254740993', 9_007_199_254_740_993n, 'NUMBER(16,0)'],
    [`${'9'.repeat(38)}::NUMBER(38,0)`, BigInt('9'.repeat(38)), 'NUMBER(38,0)'],
    ['-0.10::NUMBER(38,20)', '-0.10000000000000000000', 'NUMBER(38,20)'],
    ["'NaN'::FLOAT", Number.NaN, 'FLOAT'],
    ["'-inf'::FLOAT", -Infinity, 'FLOAT'],
    ['1.5::FLOAT', 1.5, 'FLOAT'],
    ['TRUE', true, 'BOOLEAN'],
    ["'2024-02-29'::DATE", '2024-02-29', 'DATE'],
    ["'23:59:59.123456'::TIME(6)", '23:59:59.123456000', 'TIME(6)'],
    ["'2024-07-01 12:00:00.000001'::TIMESTAMP_NTZ(6)", '2024-07-01 12:00:00.000001000', 'TIMESTAMP_NTZ(6)'],
    ["'2024-07-01 12:00:00.5 +0200'::TIMESTAMP_TZ", '2024-07-01 12:00:00.500000000 +0200', 'TIMESTAMP_TZ(9)'],
    [`PARSE_JSON('{"b": 1, "a": [true, null]}')`, '{"a":[true,null],"b":1}', 'VARIANT'],
    ["OBJECT_CONSTRUCT('b', 12345678901234567890, 'a', 'x')", '{"a":"x","b":12345678901234567890}', 'OBJECT'],
    ["ARRAY_CONSTRUCT(1, NULL, 'x')", '[1,null,"x"]', 'ARRAY'],
    ["TO_BINARY('00ff', 'HEX')", new Uint8Array([0, 255]), 'BINARY'],
    ['NULL::DATE', null, 'DATE'],
  ])('gives %s without loss', async (expression, value, type) => {
    const result = await connection.query(`SELECT ${expression} AS a`)
    expect(result.rows).toEqual([[value]])
    expect(result.columns).toEqual([{ name: 'A', type }])
  })

  it('binds values without loss', async () => {
    const given: SqlValue[] = [null, true, -7, 2 ** 40, 1.1, 2n ** 63n - 1n, "it's", new Uint8Array([0, 255])]
    const casts = ['TEXT', 'BOOLEAN', 'NUMBER(5,0)', 'FLOAT', 'FLOAT', 'NUMBER(38,0)', 'TEXT', 'BINARY']
    expect(await rows(`SELECT ${casts.map((cast) => `?::${cast}`).join(', ')}`, given)).toEqual([given])
  })

  it('counts changed rows by kind of change, and says what a command did', async () => {
    const created = await connection.query('CREATE OR REPLACE TABLE counted (id INT, a TEXT)')
    expect(created).toEqual({
      columns: [],
      rows: [],
      rowsChanged: 0,
      commandTag: 'Table COUNTED successfully created.',
    })
    const changed = async (sql: string) => (await connection.query(sql)).rowsChanged
    expect(await changed("INSERT INTO counted VALUES (1, 'x'), (2, 'y'), (3, 'z')")).toBe(3)
    expect(await changed("UPDATE counted SET a = 'w' WHERE id > 1")).toBe(2)
    const merge = `MERGE INTO counted t USING (SELECT column1 AS id FROM VALUES (1), (9)) s ON t.id = s.id
      WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)`
    expect(await changed(merge)).toBe(2)
    expect(await changed('SELECT * FROM counted')).toBe(0)
  })

  it('tells where a statement is wrong, and goes on', async () => {
    const error = await failureOf(connection.query('SELECT 1,\n  no_such_column FROM counted'))
    expect(hasErrorCode(error, 'WAREHOUSE_STATEMENT_FAILED')).toBe(true)
    expect(String(error)).toContain('line 2, column 3')
    expect(await rows('SELECT 1')).toEqual([[1]])
  })

  it('runs a statement once whose answer was lost', { timeout: 120_000 }, async () => {
    await connection.query('CREATE OR REPLACE TABLE once (id INT)')
    server.faults.inject({ kind: 'answer-lost', statement: 'insert into once' })
    expect((await connection.query('INSERT INTO once VALUES (1)')).rowsChanged).toBe(1)
    expect(server.faults.list()[0]?.hits).toBe(1)
    expect(await rows('SELECT count(*)::NUMBER(5,0) FROM once')).toEqual([[1]])
  })

  it('gives the result of an earlier statement when it is sent again under its request id', async () => {
    await connection.query('CREATE OR REPLACE TABLE replayed (id INT)')
    await using second = await warehouse.connect()
    const requestId = crypto.randomUUID()
    await second.query('INSERT INTO shop.work.replayed VALUES (1)', { requestId })
    await second.query('INSERT INTO shop.work.replayed VALUES (1)', { requestId })
    expect(await rows('SELECT count(*)::NUMBER(5,0) FROM replayed')).toEqual([[1]])
  })

  it('renews a session that has expired, and goes on', async () => {
    server.faults.inject({ kind: 'session-expired' })
    expect(await rows('SELECT 1')).toEqual([[1]])
    expect(server.faults.list()[0]?.hits).toBe(1)
  })

  it('stops waiting for a statement when the signal is aborted, and the session lives on', async () => {
    const abort = new AbortController()
    server.faults.inject({ kind: 'slow', delayMs: 2000, statement: 'select 4711' })
    const outcome = failureOf(connection.query('SELECT 4711', { signal: abort.signal }))
    abort.abort()
    expect(hasErrorCode(await outcome, 'CANCELLED')).toBe(true)
    expect(await rows('SELECT 1')).toEqual([[1]])
  })

  it('asks again for a statement that the server says nothing of', async () => {
    await using impatient = await open(keyPair, { stallMs: 300 })
    await using session = await impatient.connect()
    server.faults.inject({ kind: 'slow', delayMs: 3_600_000, statement: 'select 4712' })
    expect((await session.query('SELECT 4712::NUMBER(5,0)')).rows).toEqual([[4712]])
    expect(server.faults.list()[0]?.hits).toBe(1)
  })

  it('stops when the signal is aborted while it waits to ask again', async () => {
    await using impatient = await open(keyPair, { stallMs: 50 })
    await using session = await impatient.connect()
    const abort = new AbortController()
    server.faults.inject({ kind: 'slow', delayMs: 3_600_000, statement: 'select 4713', times: 100 })
    const outcome = failureOf(session.query('SELECT 4713', { signal: abort.signal }))
    await expect.poll(() => server.faults.list()[0]?.hits).toBe(2)
    abort.abort()
    expect(hasErrorCode(await outcome, 'CANCELLED')).toBe(true)
    expect(server.faults.list()[0]?.hits).toBe(2)
  })

  it('renews the session again and again in a long run, also while a statement runs', async () => {
    await using short = await startSnowflakeLocal({
      users: [{ name: 'LOADER', password: 'p' }],
      limits: { sessionValidityMs: 100, longPollMs: 50 },
    })
    const { account, host, port } = short
    const where = { account, host, port, protocol: 'http', database: 'SHOP', user: 'LOADER' } as const
    await using opened = await openSnowflake({ ...where, authentication: { method: 'password', password: 'p' } })
    await using session = await opened.connect()
    const { rows: before } = await session.query('SELECT CURRENT_SESSION()')
    const rowsOf = (count: number) => `TABLE(GENERATOR(ROWCOUNT => ${count}))`
    await session.query(`SELECT COUNT(*) FROM ${rowsOf(20_000)}, ${rowsOf(20_000)}`)
    short.faults.inject({ kind: 'slow', delayMs: 150, times: 3 })
    for (let run = 0; run < 3; run += 1) await session.query('SELECT 1')
    expect((await session.query('SELECT CURRENT_SESSION()')).rows).toEqual(before)
  })

  it('does not take columns for counts that are only called so', async () => {
    const { rows: found } = await connection.query(`SELECT 7::NUMBER(5,0) AS "number of rows inserted"`)
    expect(found).toEqual([[7]])
    const status = await connection.query(`/* a */ SELECT 'x' AS "status" /* b */ -- create`)
    expect(status.rows).toEqual([['x']])
  })

  it('refuses statements after the session was closed', async () => {
    const second = await warehouse.connect()
    await second[Symbol.asyncDispose]()
    expect(hasErrorCode(await failureOf(second.query('SELECT 1')), 'WAREHOUSE_CONNECTION_LOST')).toBe(true)
  })
})
