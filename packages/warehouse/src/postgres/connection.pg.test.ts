import { hasErrorCode } from '@eclusa/sdk'
import { testServer } from '@eclusa/postgres-local/testing'
import type { TestDatabase } from '@eclusa/postgres-local/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPostgres } from './connection.ts'
import type { OpenPostgresOptions } from './login.ts'

const server = await testServer()
let database: TestDatabase
let options: OpenPostgresOptions

beforeAll(async () => {
  database = await server.createDatabase()
  const { host, port, user, password } = server
  options = { host, port, user, password, database: database.name }
})
afterAll(async () => {
  await database.drop()
})

describe('openPostgres', () => {
  it.each([
    ['a wrong password', { password: 'wrong-secret' }],
    ['a database that is missing', { database: 'no_such_database' }],
    ['a port where nobody listens', { port: 1 }],
  ] as const satisfies readonly (readonly [string, Partial<OpenPostgresOptions>])[])(
    'names %s, and never the password',
    async (_, change: Partial<OpenPostgresOptions>) => {
      const opening = openPostgres({ ...options, ...change })
      await expect(opening).rejects.toSatisfy((error) => hasErrorCode(error, 'WAREHOUSE_CONNECTION_FAILED'))
      await expect(opening).rejects.not.toThrow(change.password ?? server.password)
    },
  )

  it('reports a session that the server ended, and opens another', async () => {
    await using warehouse = await openPostgres(options)
    const [victim, other] = await Promise.all([warehouse.connect(), warehouse.connect()])
    const { rows } = await victim.query('SELECT pg_backend_pid()')
    await other.query('SELECT pg_terminate_backend($1)', { parameters: [rows[0]?.[0] ?? null] })
    const next = victim.query('SELECT 1')
    await expect(next).rejects.toSatisfy((error) => hasErrorCode(error, 'WAREHOUSE_CONNECTION_LOST'))
    await using fresh = await warehouse.connect()
    expect((await fresh.query('SELECT 1')).rows).toEqual([[1]])
  })

  it('ends a running statement when it is closed', async () => {
    const warehouse = await openPostgres(options)
    const connection = await warehouse.connect()
    const endless = connection.query('SELECT pg_sleep(3600)')
    const outcome = endless.catch((error: unknown) => hasErrorCode(error, 'CANCELLED'))
    await warehouse[Symbol.asyncDispose]()
    expect(await outcome).toBe(true)
    await expect(warehouse.connect()).rejects.toMatchObject({ code: 'WAREHOUSE_CONNECTION_LOST' })
  })
})
