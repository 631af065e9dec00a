import { testServer } from '@eclusa/postgres-local/testing'
import type { TestDatabase } from '@eclusa/postgres-local/testing'
import fc from 'fast-check'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChoppingProxy } from '../../testing/chopping-proxy.ts'
import type { ChoppingProxy } from '../../testing/chopping-proxy.ts'
import { batchContents, copyTable, planTable } from '../../testing/table-plan.ts'
import type { TablePlan } from '../../testing/table-plan.ts'

/* TCP delivers bytes in any pieces, and may stop at any byte. */

describe('a COPY whose bytes arrive in pieces', () => {
  let database: TestDatabase
  let proxy: ChoppingProxy
  let url: URL
  let plan: TablePlan
  let whole: unknown

  beforeAll(async () => {
    const server = await testServer()
    database = await server.createDatabase()
    proxy = await startChoppingProxy(server.port)
    url = new URL(database.connectionString)
    await withClient(async (client) => {
      await client.query(`CREATE TABLE pieces AS SELECT i AS id, i / 3.0 AS n, md5(i::text) AS t, ARRAY[i, NULL] AS l,
        now() AS ts, CASE WHEN i % 2 = 0 THEN 'x'::varchar END AS v FROM generate_series(1, 40) AS i`)
      plan = await planTable(client, 'pieces')
      whole = (await copyTable(client, plan)).map(batchContents)
    })
    url.port = String(proxy.port)
  })

  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await database.drop()
  })

  async function withClient<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const client = new Client({ connectionString: url.href })
    client.on('error', () => {})
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }

  test('is the same whatever the pieces are', async () => {
    await withClient(async (client) => {
      const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 300 })), {
        minLength: 1,
      })
      await fc.assert(
        fc.asyncProperty(sizes, fc.constantFrom('generated', 'interpreted'), async (cycle, decoder) => {
          let next = 0
          proxy.pieceBytes = () => cycle[next++ % cycle.length] ?? 1
          const batches = await copyTable(client, plan, { decoder })
          proxy.pieceBytes = undefined
          expect(batches.map(batchContents)).toEqual(whole)
          expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
        }),
        { numRuns: 25 },
      )
    })
  })

  test('fails when the connection is cut anywhere before its end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5000 }), async (bytes) => {
        await withClient(async (client) => {
          proxy.bytesLeft = bytes
          await expect(copyTable(client, plan)).rejects.toMatchObject({ code: 'POSTGRES_CONNECTION_LOST' })
          proxy.bytesLeft = Infinity
        })
      }),
      { numRuns: 40 },
    )
  })
})
