/*
 * The same writes are followed by a subscription of PostgreSQL itself and by pipelines into DuckDB files. At rest all
 * hold the same rows, as PostgreSQL prints them; the last change of each key in a history is the row of the source.
 * ECLUSA_SEEDS says how many seeds, counted up from ECLUSA_TEST_SEED.
 */
import { applySalesChanges, createSales } from '@eclusa/example-sales'
import type { PipelineRun } from '@eclusa/pipeline'
import { testServers } from '@eclusa/postgres-local/testing'
import type { TestServer } from '@eclusa/postgres-local/testing'
import { Client } from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { EndToEnd, run } from '../testing/end-to-end.ts'
import { RandomWrites } from '../testing/random-writes.ts'
import { expectReplicas, streamsOf } from '../testing/replica-check.ts'
import { duckdbMultisets, postgresMultisets, tablesOf } from '../testing/row-multiset.ts'
import { Subscriber } from '../testing/subscriber.ts'
import { waitUntil } from '../testing/wait-until.ts'

const seedFirst = Number(process.env['ECLUSA_TEST_SEED'] ?? 20_261_122)
const seedCount = Number(process.env['ECLUSA_SEEDS'] ?? 1)
const seeds = Array.from({ length: seedCount }, (_, index) => seedFirst + index)
const replication = { method: 'CDC', heartbeat_interval_ms: 200 } as const

const servers = await testServers()
let database: EndToEnd
afterEach(async () => {
  await database.dropSlots()
  await database[Symbol.asyncDispose]()
})

function pipelineOf(writes: RandomWrites, file: string) {
  return database.pipeline(file, {
    source: { replication_method: replication, chunk_bytes: 65_536 },
    streams: streamsOf(writes),
  })
}

async function untilCaughtUp(following: PipelineRun): Promise<void> {
  for await (const event of following) if (event.type === 'caught_up') return
}

/** Waits until a run that follows has made everything durable, and its slot knows. */
async function untilConfirmed(source: EndToEnd): Promise<void> {
  const [position] = await source.sql('SELECT pg_current_wal_insert_lsn()')
  await waitUntil('all is confirmed', async () => {
    const [slot] = await source.sql(
      `SELECT (confirmed_flush_lsn >= '${String(position)}')::text FROM pg_replication_slots
        WHERE slot_name LIKE 'eclusa%' AND database = current_database()`,
    )
    return slot?.[0] === 'true'
  })
}

async function openAside(
  connectionString: string,
): Promise<{ sql: (text: string) => Promise<unknown> } & AsyncDisposable> {
  const client = new Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  return { sql: async (text) => await client.query(text), [Symbol.asyncDispose]: async () => await client.end() }
}

function otherThan(server: TestServer): TestServer {
  return servers.find((other) => other !== server) ?? server
}

for (const server of servers) {
  describe(`PostgreSQL ${server.major}`, () => {
    test.each(seeds)(
      'run by run, a warehouse is what a subscription is (seed %i)',
      { timeout: 180_000 },
      async (seed) => {
        database = await EndToEnd.open(server)
        const writes = new RandomWrites({ seed })
        const setUpSql = writes.setUpSql()
        await database.sql(setUpSql)
        await using subscriber = await Subscriber.open(otherThan(server), database, {
          prepare: async (other) => await other.sql(setUpSql),
          copiesRows: true,
        })
        await database.sql(writes.firstRowsSql())
        await using aside = await openAside(database.connectionString)
        const file = database.file()
        for (let round = 0; round < 4; round++) {
          const result = await run(pipelineOf(writes, file))
          expect({ seed, status: result.status, error: result.error }).toEqual({ seed, status: 'succeeded' })
          await writes.run(async (sql) => await database.sql(sql), aside.sql, 8)
          await subscriber.quiesce()
          const { alterSql, updateSql } = writes.alter()
          await subscriber.database.sql(alterSql)
          await database.sql(`${alterSql}; ${updateSql}`)
        }
        await writes.closeAside(aside.sql)
        expect(await run(pipelineOf(writes, file))).toMatchObject({ status: 'succeeded' })
        await subscriber.quiesce()
        await expectReplicas(writes, { source: database, file, seed, subscriber })
      },
    )

    test.each(seeds)(
      'following, with tables altered within transactions (seed %i)',
      { timeout: 180_000 },
      async (seed) => {
        database = await EndToEnd.open(server)
        const writes = new RandomWrites({ seed: seed + 1_000_000, altersWithin: true })
        await database.sql(`${writes.setUpSql()}; ${writes.firstRowsSql()}`)
        await using aside = await openAside(database.connectionString)
        const file = database.file()
        const following = pipelineOf(writes, file).run({ follow: true })
        const events = (async () => {
          for await (const event of following) if (event.type === 'caught_up') return
        })()
        await events
        await writes.run(async (sql) => await database.sql(sql), aside.sql, 30)
        await writes.closeAside(aside.sql)
        await untilConfirmed(database)
        following.stop()
        const result = await following.result
        expect({ seed, status: result.status, error: result.error }).toEqual({ seed, status: 'succeeded' })
        await expectReplicas(writes, { source: database, file, seed })
      },
    )
  })
}

test('the sales of the example are the same in all three', { timeout: 180_000 }, async () => {
  const server = servers.at(-1)!
  const scale = 0.002
  database = await EndToEnd.open(server)
  await createSales(database.client, { scale })
  await using subscriber = await Subscriber.open(otherThan(server), database, {
    prepare: async (other) => await createSales(other.client, { scale }),
    copiesRows: false,
  })
  const file = database.file()
  const pipeline = database.pipeline(file, { source: { replication_method: replication }, streams: ['sales.*'] })
  expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
  for (let step = 1; step <= 12; step++) {
    await applySalesChanges(database.client, { step })
    if (step % 4 === 0) await run(pipeline)
  }
  expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
  await subscriber.quiesce()
  const tables = await tablesOf(database.client, 'sales')
  const wanted = await postgresMultisets(database.client, tables)
  expect(Object.keys(wanted).length).toBeGreaterThan(10)
  expect(await postgresMultisets(subscriber.database.client, tables)).toEqual(wanted)
  expect(await duckdbMultisets(file, tables)).toEqual(wanted)
})

test('what sessions write beside each other, as pgbench does, arrives whole', { timeout: 180_000 }, async () => {
  database = await EndToEnd.open(servers.at(-1)!)
  await database.sql(`
    CREATE TABLE branches (id int PRIMARY KEY, balance int);
    CREATE TABLE accounts (id int PRIMARY KEY, balance int, filler text);
    CREATE TABLE history (branch int, account int, delta int);
    ALTER TABLE history REPLICA IDENTITY FULL;
    INSERT INTO branches SELECT i, 0 FROM generate_series(1, 4) AS i;
    INSERT INTO accounts SELECT i, 0, repeat('x', 80) FROM generate_series(1, 1000) AS i`)
  const file = database.file()
  const following = database
    .pipeline(file, {
      source: { replication_method: replication },
      streams: ['public.branches', 'public.accounts', { name: 'public.history', destinationSyncMode: 'append' }],
    })
    .run({ follow: true })
  await untilCaughtUp(following)
  const session = async (start: number) => {
    await using client = await openAside(database.connectionString)
    for (let index = 0; index < 150; index++) {
      const [branch, account, delta] = [1 + ((index + start) % 4), 1 + ((index * 37 + start) % 1000), index - 70]
      await client.sql(`BEGIN; UPDATE accounts SET balance = balance + ${delta} WHERE id = ${account};
        UPDATE branches SET balance = balance + ${delta} WHERE id = ${branch};
        INSERT INTO history VALUES (${branch}, ${account}, ${delta}); COMMIT`)
    }
  }
  await Promise.all([session(1), session(2), session(3)])
  await untilConfirmed(database)
  following.stop()
  expect(await following.result).toMatchObject({ status: 'succeeded', streamFailures: [] })
  const tables = await tablesOf(database.client, 'public')
  expect(await duckdbMultisets(file, tables)).toEqual(await postgresMultisets(database.client, tables))
})
