/*
 * A column that a replicated table gets with a default is NULL at the warehouse in all rows that were there before: the log
 * says nothing of them. Filled on request, the warehouse is the source again, whatever is written meanwhile and whenever the
 * run that does it ends.
 */
import type { Pipeline } from '@eclusa/pipeline'
import { testServers } from '@eclusa/postgres-local/testing'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { EndToEnd, duckDbTexts, postgresTexts, run, smallSteps } from '../testing/end-to-end.ts'
import { waitUntil } from '../testing/wait-until.ts'

const columns = 'id, note, big, vat, token'

describe.each(await testServers())('on PostgreSQL $major', (server) => {
  let database: EndToEnd
  let file: string
  let pipeline: Pipeline

  beforeAll(async () => {
    database = await EndToEnd.open(server)
    // So large, and so unlike itself, that updates of other columns do not send it.
    await database.sql(`CREATE FUNCTION noise(seed int) RETURNS text LANGUAGE sql AS
      $$ SELECT string_agg(md5(concat(seed, i)), '') FROM generate_series(1, 100) AS i $$`)
  })
  afterAll(async () => {
    await database[Symbol.asyncDispose]()
  })

  /** 300 rows on many pages, followed, of which some had large values before the columns came. */
  beforeEach(async () => {
    await database.dropSlots()
    await database.sql(`DROP TABLE IF EXISTS orders; DROP PUBLICATION IF EXISTS eclusa_test;
      CREATE TABLE orders (id int PRIMARY KEY, note text, big text);
      ALTER TABLE orders ALTER big SET STORAGE EXTERNAL;
      INSERT INTO orders SELECT i, repeat('n', 200), CASE WHEN i % 10 = 0 THEN repeat(i::text, 3000) END
        FROM generate_series(1, 300) AS i`)
    file = database.file()
    pipeline = database.pipeline(file, {
      ...smallSteps,
      source: { ...smallSteps.source, replication_method: { method: 'CDC', heartbeat_interval_ms: 200 } },
      streams: ['public.orders'],
    })
    await run(pipeline)
    // The first default changes no row on disk, the second rewrites all of them; neither is in the log.
    await database.sql(`ALTER TABLE orders ADD vat int DEFAULT 19, ADD token text;
      ALTER TABLE orders ADD made uuid DEFAULT gen_random_uuid();
      ALTER TABLE orders ALTER token TYPE text USING noise(id)`)
  })

  async function change(from: number): Promise<void> {
    await database.sql(`UPDATE orders SET note = 'changed' WHERE id BETWEEN ${from} AND ${from + 9};
      UPDATE orders SET vat = ${from}, token = NULL WHERE id IN (${from + 10}, ${from + 20});
      DELETE FROM orders WHERE id BETWEEN ${from + 11} AND ${from + 15};
      UPDATE orders SET id = id + 1000 WHERE id = ${from + 16};
      INSERT INTO orders VALUES (${from} + 2000, 'new')`)
  }

  async function expectEqual(): Promise<void> {
    const all = `${columns}, made`
    expect(await duckDbTexts(file, `SELECT ${all} FROM public.orders`)).toEqual(
      await postgresTexts(database, `SELECT ${all} FROM orders`),
    )
    const nulled = `SELECT count(*) FROM public.orders WHERE _airbyte_meta::VARCHAR NOT LIKE '%"changes":[]}'`
    expect(await duckDbTexts(file, nulled)).toEqual(['0'])
  }

  test('the run that meets the column warns, and the next one fills it where it was told to', async () => {
    await database.sql(`UPDATE orders SET note = 'first' WHERE id = 1`)
    const met = await run(pipeline)
    expect(met).toMatchObject({ status: 'succeeded' })
    const words = met.warnings.map(({ message }) => message).join('\n')
    expect(words).toContain('eclusa backfill public.orders vat token made')
    expect(await duckDbTexts(file, 'SELECT count(*) FROM public.orders WHERE vat IS NULL')).toEqual(['299'])
    await change(20)
    await pipeline.backfill('public.orders', ['vat'])
    await pipeline.backfill('public.orders', ['token', 'made'])
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
    await expectEqual()
    await change(100)
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded', rows: expect.any(Number) })
    await expectEqual()
  })

  test('nothing is lost when it is ended half-way, again and again, and rows change meanwhile', async () => {
    await pipeline.backfill('public.orders', ['vat', 'token', 'made'])
    let from = 20
    for (const commits of [2, 5, 9]) {
      const ending = new AbortController()
      const attempt = pipeline.run({ signal: ending.signal })
      let seen = 0
      for await (const { type } of attempt) {
        if (type !== 'committed') continue
        await change(from)
        from += 20
        if (++seen === commits) ending.abort()
      }
      expect((await attempt.result).status).toBe('cancelled')
    }
    expect(await duckDbTexts(file, 'SELECT count(vat) BETWEEN 1 AND 250 FROM public.orders')).toEqual(['true'])
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
    await expectEqual()
  })

  // Of what is committed beside the snapshot, some updates leave out the large value that is about to come.
  test.runIf(server.major === 18)('nothing is lost when others write without pause', async () => {
    await pipeline.backfill('public.orders', ['vat', 'token', 'made'])
    const writer = new Client({ connectionString: database.connectionString })
    await writer.connect()
    const over = new AbortController()
    const writing = (async () => {
      for (let count = 0; !over.signal.aborted; count++) {
        const id = 1 + ((count * 7) % 300)
        if (count % 10 === 0) await writer.query('DELETE FROM orders WHERE id = $1', [id])
        else await writer.query('UPDATE orders SET note = $2 WHERE id = $1', [id, `changed ${count}`])
      }
    })()
    const { status } = await run(pipeline)
    over.abort()
    await writing
    await writer.end()
    await run(pipeline)
    expect(status).toBe('succeeded')
    await expectEqual()
  })

  test.runIf(server.major === 18)('a run that follows fills it when it has caught up, and goes on', async () => {
    await pipeline.backfill('public.orders', ['vat', 'token', 'made'])
    const following = pipeline.run({ follow: true })
    let from = 20
    for await (const { type } of following) {
      if (type === 'committed' && from < 200) await change((from += 30))
      if (type === 'caught_up') break
    }
    await change(240)
    const [end] = await database.sql('SELECT pg_current_wal_insert_lsn()')
    const confirmed =
      'SELECT FROM pg_replication_slots WHERE database = current_database() AND confirmed_flush_lsn >= $1::pg_lsn'
    await waitUntil('all is durable', async () => (await database.sql(confirmed, end)).length === 1)
    following.stop()
    expect(await following.result).toMatchObject({ status: 'succeeded' })
    await expectEqual()
    const { rows } = await run(pipeline)
    expect(rows).toBe(0)
  })

  test('generated columns are NULL in rows that change where the log does not have them, and can be filled', async () => {
    await database.sql('ALTER TABLE orders ADD size int GENERATED ALWAYS AS (length(note)) STORED')
    await run(pipeline)
    await pipeline.backfill('public.orders', ['vat', 'token', 'made', 'size'])
    await run(pipeline)
    await database.sql(`UPDATE orders SET note = 'x' WHERE id < 4; INSERT INTO orders VALUES (4000, 'new')`)
    const { warnings } = await run(pipeline)
    const told = warnings.filter(({ message }) => message.includes('eclusa backfill public.orders size'))
    const isSent = server.major >= 18
    expect(told).toHaveLength(isSent ? 0 : 1)
    const count = 'SELECT count(*) FROM public.orders WHERE size IS NULL'
    expect(await duckDbTexts(file, count)).toEqual([isSent ? '0' : '4'])
    await pipeline.backfill('public.orders', ['size'])
    await run(pipeline)
    await expectEqual()
    expect(await duckDbTexts(file, 'SELECT id, size FROM public.orders')).toEqual(
      await postgresTexts(database, 'SELECT id, size FROM orders'),
    )
  })
})
