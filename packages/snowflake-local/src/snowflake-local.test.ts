import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connection } from 'snowflake-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, disconnect, execute } from '../testing/driver.ts'
import { startSnowflakeLocal, type SnowflakeLocal } from './snowflake-local.ts'

describe('snowflake-sdk on snowflake-local', () => {
  let files: string
  let server: SnowflakeLocal
  let connection: Connection

  beforeAll(async () => {
    files = await mkdtemp(join(tmpdir(), 'snowflake-local-test-'))
    server = await startSnowflakeLocal()
    connection = await connect({ ...server.connectionOptions, arrayBindingThreshold: 10 })
    for (const sql of ['CREATE DATABASE D', 'USE SCHEMA D.PUBLIC', 'CREATE TABLE T (ID NUMBER, NAME VARCHAR)'])
      await execute(connection, sql)
  })

  afterAll(async () => {
    await disconnect(connection)
    await server.close()
    await rm(files, { recursive: true, force: true })
  })

  const count = async (of: Connection, condition: string) => {
    const { rows } = await execute(of, `SELECT COUNT(*) AS C FROM D.PUBLIC.T WHERE ${condition}`)
    return rows[0]?.['C']
  }

  it('reads every type as Snowflake gives it', async () => {
    const { rows } = await execute(
      connection,
      `SELECT 9007199254740993 AS BIG, 1.50::NUMBER(10,2) AS D, 2.5::FLOAT AS F, TRUE AS B, '2024-02-03'::DATE AS DT,
        PARSE_JSON('{"a":[1]}') AS V, TO_BINARY('00FF') AS X, NULL AS N`,
      { fetchAsString: ['Number'] },
    )
    const [row] = rows
    expect(row).toMatchObject({ BIG: '9007199254740993', D: '1.50', F: '2.5', B: true, V: { a: [1] }, N: null })
    expect(Buffer.from(row?.['X'] as Uint8Array).toString('hex')).toBe('00ff')
  })

  it('inserts arrays of binds, inline and through a stage', async () => {
    const inline = [1, 2].map((id) => [id, `inline ${id}`])
    const staged = Array.from({ length: 30 }, (_, id) => [100 + id, id === 7 ? null : `"staged", ${id}`])
    await execute(connection, 'INSERT INTO T VALUES (?, ?)', { binds: inline as never })
    const { statement } = await execute(connection, 'INSERT INTO T VALUES (?, ?)', { binds: staged as never })
    expect(statement.getNumUpdatedRows()).toBe(30)
    expect(await count(connection, `NAME LIKE '"staged", %'`)).toBe(29)
    expect(await count(connection, 'ID IN (1, 2) OR NAME IS NULL')).toBe(3)
  })

  it('copies what was put on a stage, and not twice', async () => {
    await writeFile(join(files, 'rows.csv'), '1000,one\n1001,two\n')
    await execute(connection, 'CREATE STAGE S')
    await execute(connection, `PUT file://${join(files, 'rows.csv')} @S/load OVERWRITE=TRUE`)
    await execute(connection, 'COPY INTO T FROM @S/load FILE_FORMAT=(TYPE=CSV)')
    await execute(connection, 'COPY INTO T FROM @S/load FILE_FORMAT=(TYPE=CSV)')
    expect(await count(connection, 'ID >= 1000')).toBe(2)
  })

  it('takes the location of a PUT as a bind, as the Python connector gives it', async () => {
    const path = join(files, 'bound.csv')
    await writeFile(path, '2000,bound\n')
    await execute(connection, 'CREATE STAGE IF NOT EXISTS B')
    await execute(connection, `PUT file://${path} ?`, { binds: ['@B/bound'] })
    await execute(connection, 'COPY INTO T FROM @B/bound FILE_FORMAT=(TYPE=CSV)')
    expect(await count(connection, 'ID = 2000')).toBe(1)
  })

  it('keeps a transaction to its session until it commits', async () => {
    const other = await connect(server.connectionOptions)
    await execute(connection, 'BEGIN')
    await execute(connection, `INSERT INTO T VALUES (-1, 'open')`)
    expect(await count(other, 'ID = -1')).toBe(0)
    await execute(connection, 'COMMIT')
    expect(await count(other, 'ID = -1')).toBe(1)
    await disconnect(other)
  })

  it('commits once when the answer of the commit is lost', async () => {
    await execute(connection, 'BEGIN')
    await execute(connection, `INSERT INTO T VALUES (-2, 'once')`)
    server.faults.inject({ kind: 'answer-lost', statement: '^commit' })
    await execute(connection, 'COMMIT')
    expect(server.faults.list()[0]?.hits).toBe(1)
    expect(await count(connection, 'ID = -2')).toBe(1)
  })

  it('rolls back what a session leaves open', async () => {
    const other = await connect(server.connectionOptions)
    await execute(other, 'BEGIN')
    await execute(other, `INSERT INTO D.PUBLIC.T VALUES (-3, 'left')`)
    await disconnect(other)
    expect(await count(connection, 'ID = -3')).toBe(0)
  })

  it('stops a query that is cancelled', async () => {
    const endless = `SELECT COUNT(*) FROM TABLE(GENERATOR(ROWCOUNT => 1000000)) A, TABLE(GENERATOR(ROWCOUNT => 1000000)) B
      WHERE RANDOM() < 0`
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const statement = connection.execute({ sqlText: endless, complete: (error) => resolve(error) })
    // The driver knows no query to cancel before it has sent one.
    await expect.poll(() => statement.getRequestId()).toBeTruthy()
    const cancelling = setInterval(() => statement.cancel(() => undefined), 100)
    expect(await promise).toMatchObject({ code: '000604' })
    clearInterval(cancelling)
    expect(await count(connection, 'ID = -3')).toBe(0)
  })

  it('lets in a user that SQL made, by password and by key pair, under its roles, until it is disabled', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
    const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await execute(connection, `CREATE USER LOADER PASSWORD='made' RSA_PUBLIC_KEY='${key}'`)
    const options = { ...server.connectionOptions, username: 'loader' }
    await disconnect(await connect({ ...options, password: 'made' }))
    await disconnect(await connect({ ...options, authenticator: 'SNOWFLAKE_JWT', privateKey: pem }))
    await expect(connect({ ...options, password: 'other' })).rejects.toMatchObject({ code: '390100' })
    await execute(connection, 'GRANT ROLE PUBLIC TO USER LOADER')
    await disconnect(await connect({ ...options, password: 'made', role: 'public' }))
    await expect(connect({ ...options, password: 'made', role: 'SYSADMIN' })).rejects.toMatchObject({ code: '390189' })
    await execute(connection, 'ALTER USER LOADER SET DISABLED = TRUE')
    await expect(connect({ ...options, password: 'made' })).rejects.toMatchObject({ code: '390100' })
  })

  it('keeps its data and stages in a directory, from one start to the next', async () => {
    const directory = join(files, 'kept')
    const users = [{ name: 'me', password: 'p' }]
    {
      await using first = await startSnowflakeLocal({ directory, users })
      const opened = await connect(first.connectionOptions)
      await execute(opened, 'CREATE DATABASE KEPT')
      await execute(opened, 'CREATE TABLE KEPT.PUBLIC.T AS SELECT 7 AS N')
      await disconnect(opened)
    }
    await using second = await startSnowflakeLocal({ directory, users })
    const opened = await connect(second.connectionOptions)
    expect((await execute(opened, 'SELECT N FROM KEPT.PUBLIC.T')).rows).toEqual([{ N: 7 }])
    await disconnect(opened)
  })
})
