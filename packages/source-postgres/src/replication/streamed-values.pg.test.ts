import { testServers } from '@eclusa/postgres-local/testing'
import type { ChangeBatch } from '@eclusa/sdk'
import fc from 'fast-check'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeRows } from '../../testing/decoded-changes.ts'
import { collectMessages, endPrefix, settingsOf } from '../../testing/pgoutput-capture.ts'
import { SampleTable } from '../../testing/sample-table.ts'
import { batchContents, copyOptions, copyTable, planTable, printRows } from '../../testing/table-plan.ts'
import { jsonSamples, printableSamples } from '../../testing/type-samples.ts'
import type { TypeSample } from '../../testing/type-samples.ts'
import { changeKind } from './pgoutput-reader.ts'
import { isBinaryDecodable } from './relation-decoder.ts'
import type { DecodedRows } from './relation-decoder.ts'
import { openReplicationConnection } from './replication-connection.ts'

/*
 * Random values of every type are inserted, updated and deleted at a real server under REPLICA IDENTITY FULL, so that each
 * row comes four times: as inserted, as old and as new row of an update, and as the old row of a delete. Each time it must
 * be what a table copy makes of it, byte by byte; that this prints as PostgreSQL prints it is proved of the table copy.
 */

const rowCount = 60
const allSamples = [...printableSamples, ...jsonSamples]
const runs = { numRuns: 1, endOnFailure: true }

const appearances = [
  { name: 'inserted', kind: changeKind.insert, which: 'new' },
  { name: 'before an update', kind: changeKind.update, which: 'old' },
  { name: 'after an update', kind: changeKind.update, which: 'new' },
  { name: 'deleted', kind: changeKind.delete, which: 'old' },
] as const

/**
 * The columns that differ in any byte. Large values do not come with an update that leaves them alone: a batch with such
 * values is compared by what it prints, where exactly those marked as absent are null.
 */
function differences({ batch, absent }: DecodedRows, expected: ChangeBatch): string[] {
  const { columns } = batch.schema
  const isAbsent = (row: number, column: number) => (((absent[column]?.[row >> 3] ?? 0) >> (row & 7)) & 1) === 1
  const [actual, wanted] = [printRows([batch]), printRows([expected])]
  const contents = [batch, expected].map((each) =>
    (batchContents(each) as { columns: unknown[] }).columns.map((column) => JSON.stringify(column)),
  )
  return columns.flatMap(({ sourceType = '' }, column) => {
    if (absent[column] === undefined) {
      return contents[0]?.[column] === contents[1]?.[column] ? [] : [sourceType]
    }
    const row = wanted.findIndex(
      (values, at) => actual[at]?.[column] !== (isAbsent(at, column) ? null : values[column]),
    )
    return row === -1 ? [] : [`${sourceType} in row ${row}`]
  })
}

for (const server of await testServers()) {
  describe(`values streamed from PostgreSQL ${server.major}`, () => {
    let client: Client
    let table: SampleTable
    let database: Awaited<ReturnType<typeof server.createDatabase>>

    beforeAll(async () => {
      database = await server.createDatabase()
      client = new Client({ connectionString: database.connectionString })
      await client.connect()
      table = await SampleTable.prepare(client, server.major)
      await client.query('CREATE PUBLICATION samples FOR ALL TABLES')
    })

    afterAll(async () => {
      await client.end()
      await database.drop()
    })

    /** Those of the samples that a table copy, and therefore replication, reads in binary form. */
    async function binarySamples(): Promise<TypeSample[]> {
      const samples = table.available(allSamples)
      await table.create(samples)
      const { codecs } = await planTable(client, 'sample')
      return samples.filter((_, index) => isBinaryDecodable(codecs.slice(index, index + 1)))
    }

    async function streamChanges(
      samples: readonly TypeSample[],
      { isBinary, seed }: { isBinary: boolean; seed: number },
    ) {
      await table.create(samples)
      // Rows of different sizes do not lie in the order in which they came: an id tells it.
      await client.query('ALTER TABLE sample REPLICA IDENTITY FULL; ALTER TABLE sample ADD id serial')
      const signal = new AbortController().signal
      await using connection = await openReplicationConnection(settingsOf(database.connectionString), signal)
      const slot = `values_${server.major}`
      await connection.createSlot({ name: slot, snapshot: 'nothing', isTemporary: true })
      await using stream = await connection.startReplication({
        slot,
        publications: ['samples'],
        protocolVersion: 1,
        isBinary,
        streaming: 'off',
      })
      await table.fill(samples, { rows: rowCount, seed })
      const plan = await planTable(client, 'sample')
      const query = copyOptions(client, plan).query.replace('ORDER BY ctid', 'ORDER BY id')
      const copied = await copyTable(client, plan, { query })
      for (const change of ['UPDATE sample SET c0 = c0', 'DELETE FROM sample']) {
        await client.query(`DO $$ BEGIN FOR i IN 1..${rowCount} LOOP ${change} WHERE id = i; END LOOP; END $$`)
      }
      await client.query(`SELECT pg_logical_emit_message(false, '${endPrefix}', '')`)
      const messages = await collectMessages(stream)
      await stream.stop()
      return { plan, copied, messages }
    }

    test.each([
      { form: 'binary', isBinary: true },
      { form: 'text', isBinary: false },
    ])('are those of a table copy, in $form form', async ({ isBinary }) => {
      const samples = isBinary ? await binarySamples() : table.available(allSamples)
      await fc.assert(
        fc.asyncProperty(fc.integer(), async (seed) => {
          const { plan, copied, messages } = await streamChanges(samples, { isBinary, seed })
          const [expected] = copied
          if (expected === undefined || copied.length !== 1) throw new Error('The rows are to fit one batch.')
          for (const { name, kind, which } of appearances) {
            for (const decoder of ['generated', 'interpreted'] as const) {
              const rows = decodeRows(messages, plan, { kind, which, decoder })
              const found = { name, decoder, differences: differences(rows, expected) }
              expect(found).toEqual({ name, decoder, differences: [] })
            }
          }
        }),
        runs,
      )
    })
  })
}
