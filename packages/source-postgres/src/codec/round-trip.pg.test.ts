import { testServers } from '@eclusa/postgres-local/testing'
import type { TestServer } from '@eclusa/postgres-local/testing'
import fc from 'fast-check'
import type { ChangeBatch, Column } from '@eclusa/sdk'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batchContents, buildFromTexts, copyTable, planTable, printRows, readTexts } from '../../testing/table-plan.ts'
import type { TablePlan } from '../../testing/table-plan.ts'
import { SampleTable } from '../../testing/sample-table.ts'
import { jsonSamples, printableSamples } from '../../testing/type-samples.ts'
import type { TypeSample } from '../../testing/type-samples.ts'

/*
 * Random values of every type go into a table of a real server, and come back by COPY through the generated and the
 * interpreted decoder, and as texts; formatted again, they must be what PostgreSQL prints.
 */

const rowCount = 150
/** money is a decimal here; PostgreSQL prints it with the currency of lc_monetary. */
const plainMoney = ({ sourceType = '' }: Column, identifier: string) =>
  sourceType.startsWith('money') ? `${identifier}::${sourceType.replace('money', 'numeric(19,2)')}` : identifier

const runs = { numRuns: 3, endOnFailure: true }

for (const server of await testServers()) {
  describe(`values on PostgreSQL ${server.major}`, () => {
    let client: Client
    let table: SampleTable
    let database: Awaited<ReturnType<TestServer['createDatabase']>>

    beforeAll(async () => {
      database = await server.createDatabase()
      client = new Client({ connectionString: database.connectionString })
      await client.connect()
      table = await SampleTable.prepare(client, server.major)
    })

    afterAll(async () => {
      await client.end()
      await database.drop()
    })

    async function fill(samples: readonly TypeSample[], seed: number): Promise<void> {
      await table.create(samples)
      await table.fill(samples, { rows: rowCount, seed })
    }

    async function readAllWays(plan: TablePlan): Promise<{ way: string; batches: ChangeBatch[] }[]> {
      return [
        { way: 'generated decoder', batches: await copyTable(client, plan) },
        { way: 'interpreted decoder', batches: await copyTable(client, plan, { decoder: 'interpreted' }) },
        { way: 'texts', batches: buildFromTexts(plan, await readTexts(client, plan)) },
      ]
    }

    /** The first differing value of each column, or nothing. */
    function differences(actual: (string | null)[][], expected: (string | null)[][], plan: TablePlan): string[] {
      return plan.schema.columns.flatMap(({ sourceType }, index) => {
        const row = expected.findIndex((values, at) => values[index] !== actual[at]?.[index])
        return row === -1 ? [] : [`${sourceType}: ${actual[row]?.[index]} is not ${expected[row]?.[index]}`]
      })
    }

    function expectSameBytes(ways: readonly { way: string; batches: ChangeBatch[] }[]): void {
      const [first, ...others] = ways.map(({ batches }) => batches.map(batchContents))
      for (const other of others) expect(other).toEqual(first)
    }

    test('print as PostgreSQL prints them, whichever way they came', async () => {
      const samples = table.available(printableSamples)
      await fc.assert(
        fc.asyncProperty(fc.integer(), async (seed) => {
          await fill(samples, seed)
          const plan = await planTable(client, 'sample')
          const expected = await readTexts(client, plan, plainMoney)
          const ways = await readAllWays(plan)
          for (const { way, batches } of ways) {
            const rows = printRows(batches)
            expect({ way, differences: differences(rows, expected, plan) }).toEqual({ way, differences: [] })
            expect(rows).toHaveLength(expected.length)
          }
          expectSameBytes(ways)
        }),
        runs,
      )
    })

    test('are the JSON that PostgreSQL makes of composites and of multi-dimensional arrays', async () => {
      const samples = table.available(jsonSamples)
      await fc.assert(
        fc.asyncProperty(fc.integer(), async (seed) => {
          await fill(samples, seed)
          const plan = await planTable(client, 'sample')
          const expected = await client.query<(string | null)[]>({
            text: `SELECT ${samples.map((_, index) => `to_json(c${index})::text`).join(', ')} FROM sample ORDER BY ctid`,
            rowMode: 'array',
          })
          const ways = await readAllWays(plan)
          for (const { way, batches } of ways) {
            const documents = printRows(batches.map((batch) => ({ ...batch, unrepresentable: [] })))
            expect({ way, differences: differences(documents, expected.rows, plan) }).toEqual({ way, differences: [] })
          }
          expectSameBytes(ways)
        }),
        runs,
      )
    })
  })
}
