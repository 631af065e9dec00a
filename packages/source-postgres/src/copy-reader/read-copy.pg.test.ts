import { createHash } from 'node:crypto'
import { MessageChannel } from 'node:worker_threads'
import { testServer } from '@eclusa/postgres-local/testing'
import type { TestDatabase, TestServer } from '@eclusa/postgres-local/testing'
import type { ChangeBatch } from '@eclusa/sdk'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { batchContents, copyOptions, copyTable, planTable, printRows } from '../../testing/table-plan.ts'
import { startTlsServer } from '@eclusa/postgres-local/tls-server'
import { createBufferPool } from '../codec/buffer-pool.ts'
import type { BufferPool } from '../codec/buffer-pool.ts'
import { readCopy } from './read-copy.ts'

const waiting = { timeout: 45_000, interval: 20 }
const smallBatches = { bytesMax: 256 * 1024, batchBytesMax: 64 * 1024, batchRowsMax: 1000 }

describe('readCopy', () => {
  let server: TestServer
  let database: TestDatabase
  let observer: Client
  let client: Client

  beforeAll(async () => {
    server = await testServer()
    database = await server.createDatabase()
    observer = await connect()
    await observer.query(`
      CREATE TABLE numbers (id int8, label text, amount numeric(12,2));
      INSERT INTO numbers SELECT i, 'label of row ' || i, i / 100.0 FROM generate_series(1, 100000) AS i;
      CREATE TABLE nothing (id int8);
    `)
  })

  afterAll(async () => {
    await client.end()
    await observer.end()
    await database.drop()
  })

  beforeEach(async () => {
    await client?.end()
    client = await connect()
  })

  async function connect(connectionString = database.connectionString): Promise<Client> {
    const connected = new Client({ connectionString })
    await connected.connect()
    return connected
  }

  const numbers = () => planTable(client, 'numbers')

  async function backendOf(session: Client): Promise<number> {
    const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    return rows.map(({ pid }) => pid).reduce((pid) => pid)
  }

  async function activityOf(pid: number): Promise<{ state: string; wait_event: string | null } | undefined> {
    const sql = 'SELECT state, wait_event FROM pg_stat_activity WHERE pid = $1'
    return (await observer.query<{ state: string; wait_event: string | null }>(sql, [pid])).rows[0]
  }

  /** The server has ended the session, so that nothing goes on there. */
  async function expectGone(pid: number): Promise<void> {
    await vi.waitFor(async () => expect(await activityOf(pid)).toBeUndefined(), waiting)
  }

  function sumOf(batches: readonly ChangeBatch[]): { rows: number; sum: bigint } {
    let rows = 0
    let sum = 0n
    for (const batch of batches) {
      rows += batch.records.numRows
      for (const id of batch.records.getChildAt(0)!) sum += BigInt(id)
    }
    return { rows, sum }
  }

  /** More than the buffers of the sockets on both sides hold: while nobody reads, the server waits. */
  const longRows = `SELECT i::int8, repeat('x', 2000), 1::numeric(12,2) FROM generate_series(1, 20000) AS i`
  const everyNumber = { rows: 100_000, sum: 5_000_050_000n }

  test('yields all rows in order and leaves the client idle', async () => {
    const plan = await numbers()
    const batches = await copyTable(client, plan)
    expect(sumOf(batches)).toEqual(everyNumber)
    expect(printRows(batches).slice(0, 2)).toEqual([
      ['1', 'label of row 1', '0.01'],
      ['2', 'label of row 2', '0.02'],
    ])
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    expect(sumOf(await copyTable(client, plan))).toEqual(everyNumber)
  })

  test('yields nothing of an empty table', async () => {
    expect(await copyTable(client, await planTable(client, 'nothing'))).toEqual([])
  })

  test('reads tables without columns and with 1600', async () => {
    await client.query(
      `CREATE TABLE columnless (); INSERT INTO columnless DEFAULT VALUES; INSERT INTO columnless DEFAULT VALUES`,
    )
    const columnless = await planTable(client, 'columnless')
    const options = { ...copyOptions(client, columnless), query: 'SELECT FROM columnless' }
    const rows: number[] = []
    for await (const batch of readCopy(options)) rows.push(batch.records.numRows)
    expect(rows).toEqual([2])
    const columns = Array.from({ length: 1600 }, (_, index) => `c${index} int`)
    await client.query(`CREATE TABLE wide (${columns.join(', ')})`)
    await client.query(`INSERT INTO wide (c0, c1599) SELECT i, -i FROM generate_series(1, 300) AS i`)
    const values = printRows(await copyTable(client, await planTable(client, 'wide')))
    expect(values).toHaveLength(300)
    expect(values.at(-1)?.filter((value) => value !== null)).toEqual(['300', '-300'])
    expect(values.at(-1)).toHaveLength(1600)
  })

  test('stays inside the transaction that is open', async () => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    const plan = await numbers()
    await observer.query('INSERT INTO numbers VALUES (-1)')
    expect(sumOf(await copyTable(client, plan))).toEqual(everyNumber)
    await observer.query('DELETE FROM numbers WHERE id = -1')
    await client.query('COMMIT')
  })

  test('bounds batches in rows and bytes', async () => {
    const byRows = await copyTable(client, await numbers(), { budget: { ...smallBatches, batchBytesMax: 2 ** 24 } })
    expect(byRows.map(({ records }) => records.numRows)).toEqual(Array(100).fill(1000))
    const byBytes = await copyTable(client, await numbers(), { budget: { ...smallBatches, batchRowsMax: 2 ** 20 } })
    expect(sumOf(byBytes)).toEqual(everyNumber)
    expect(Math.max(...byBytes.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(smallBatches.batchBytesMax)
    const bytes = byBytes.reduce((sum, { byteLength }) => sum + byteLength, 0)
    expect(byBytes.length).toBeLessThan((2 * bytes) / smallBatches.batchBytesMax)
  })

  test('lets a row that is larger than a batch travel alone, across many chunks of the socket', async () => {
    await client.query(`CREATE TABLE large AS SELECT i AS id, repeat(md5(i::text), CASE i WHEN 3 THEN 500000 ELSE 10 END) AS t
      FROM generate_series(1, 5) AS i`)
    const plan = await planTable(client, 'large')
    for (const decoder of ['generated', 'interpreted'] as const) {
      const batches = await copyTable(client, plan, { budget: smallBatches, decoder })
      expect(batches.map(({ records }) => records.numRows)).toEqual([2, 1, 2])
      const { rows } = await client.query<{ id: number; t: string }>('SELECT id, md5(t) AS t FROM large')
      expect(printRows(batches).map(([id, t]) => ({ id: Number(id), t: md5(t!) }))).toEqual(rows)
    }
  })

  test('gives the same bytes with and without generated code', async () => {
    const plan = await numbers()
    const budget = { ...smallBatches, batchRowsMax: 3333 }
    const [generated, interpreted] = [
      await copyTable(client, plan, { budget, decoder: 'generated' }),
      await copyTable(client, plan, { budget, decoder: 'interpreted' }),
    ]
    expect(interpreted.map(batchContents)).toEqual(generated.map(batchContents))
  })

  test('pauses the server when finished batches wait, and goes on when they are taken', async () => {
    const pid = await backendOf(client)
    const pool = countingPool()
    const rows = readCopy({ ...copyOptions(client, await numbers()), query: longRows, budget: smallBatches, pool })
    const first = await rows.next()
    await vi.waitFor(async () => expect(await activityOf(pid)).toMatchObject({ wait_event: 'ClientWrite' }), waiting)
    // What waits, the batch that was taken and the one being filled; buffers are up to twice as large as their contents.
    expect(pool.bytesOut).toBeLessThan(2 * (smallBatches.bytesMax + 3 * smallBatches.batchBytesMax))
    const batches = [first.value!]
    for await (const batch of rows) batches.push(batch)
    expect(sumOf(batches)).toEqual({ rows: 20_000, sum: 200_010_000n })
  })

  test('ends the connection and the query when the consumer stops early', async () => {
    const pid = await backendOf(client)
    for await (const batch of readCopy({ ...copyOptions(client, await numbers()), budget: smallBatches })) {
      expect(batch.records.numRows).toBe(1000)
      break
    }
    await expectGone(pid)
    await client.end()
  })

  test('ends a query that sends nothing when it is aborted', async () => {
    const pid = await backendOf(client)
    const controller = new AbortController()
    const plan = await planTable(client, 'nothing')
    const options = {
      ...copyOptions(client, plan),
      query: 'SELECT 1::int8 FROM pg_sleep(1000)',
      signal: controller.signal,
    }
    const [outcome] = await Promise.allSettled([
      readCopy(options).next(),
      vi
        .waitFor(async () => expect(await activityOf(pid)).toMatchObject({ wait_event: 'PgSleep' }), waiting)
        .finally(() => controller.abort()),
    ])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CANCELLED' } })
    await expectGone(pid)
  })

  test('does not begin when it is aborted already', async () => {
    const options = { ...copyOptions(client, await numbers()), signal: AbortSignal.abort() }
    await expect(readCopy(options).next()).rejects.toMatchObject({ code: 'CANCELLED' })
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  })

  test('says by the SQLSTATE what the server refused, and leaves the client idle', async () => {
    const role = `reader_${database.name}`
    const plan = await numbers()
    await observer.query(
      `CREATE TABLE secrets (id int8); CREATE TABLE victim AS SELECT 1::int8 AS id; CREATE ROLE ${role}`,
    )
    await observer.query(`DROP TABLE victim`)
    const cases = [
      { query: 'SELECT id, label, amount FROM victim', code: 'POSTGRES_TABLE_MISSING', sqlState: '42P01' },
      { query: 'SELECT id, lable, amount FROM numbers', code: 'POSTGRES_TABLE_CHANGED', sqlState: '42703' },
      {
        query: 'SELECT 1 / (id - 70000), label, amount FROM numbers',
        code: 'POSTGRES_STATEMENT_FAILED',
        sqlState: '22012',
      },
      { query: 'SELECT id FROM secrets', code: 'POSTGRES_PRIVILEGE_MISSING', sqlState: '42501' },
    ]
    await client.query(`SET ROLE ${role}; RESET ROLE; GRANT SELECT ON numbers TO ${role}; SET ROLE ${role}`)
    for (const { query, code, sqlState } of cases) {
      const failed = copyTable(client, plan, { query })
      await expect(failed).rejects.toMatchObject({ code, details: { sqlState } })
    }
    await expect(copyTable(client, plan, { query: 'SELECT id FROM secrets' })).rejects.toMatchObject({
      remedy: `GRANT SELECT ON "numbers" TO "postgres"`,
    })
    expect(sumOf(await copyTable(client, plan))).toEqual(everyNumber)
    await client.query(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })

  test('reports a statement timeout as cancelled', async () => {
    const plan = await planTable(client, 'nothing')
    await client.query(`SET statement_timeout = '100ms'`)
    await expect(copyTable(client, plan, { query: 'SELECT 1::int8 FROM pg_sleep(1000)' })).rejects.toMatchObject({
      code: 'POSTGRES_STATEMENT_CANCELLED',
      details: { sqlState: '57014' },
    })
  })

  test('reports that an administrator ended the session, and that the connection was cut', async () => {
    const plan = await numbers()
    const ends = [
      { end: (pid: number) => observer.query('SELECT pg_terminate_backend($1)', [pid]) },
      { end: () => Promise.resolve(socketOf(client).destroy()) },
      { end: () => Promise.resolve(socketOf(client).destroy(new Error('read ECONNRESET'))) },
    ]
    for (const { end } of ends) {
      await client.end()
      client = await connect()
      const pid = await backendOf(client)
      const rows = readCopy({ ...copyOptions(client, plan), query: longRows, budget: smallBatches })
      await rows.next()
      await vi.waitFor(async () => expect(await activityOf(pid)).toMatchObject({ wait_event: 'ClientWrite' }), waiting)
      await end(pid)
      await expect(drain(rows)).rejects.toMatchObject({ code: 'POSTGRES_CONNECTION_LOST' })
      await expectGone(pid)
    }
  })

  test('refuses fields that are not those of the plan', async () => {
    const pid = await backendOf(client)
    const failed = copyTable(client, await numbers(), { query: 'SELECT id, label FROM numbers' })
    await expect(failed).rejects.toMatchObject({ code: 'POSTGRES_VALUE_MALFORMED' })
    await expectGone(pid)
    await client.end()
    client = await connect()
    const otherType = copyTable(client, await numbers(), { query: 'SELECT id::int4, label, amount FROM numbers' })
    await expect(otherType).rejects.toMatchObject({
      code: 'POSTGRES_VALUE_MALFORMED',
      details: { column: 'id', sourceType: 'bigint' },
    })
  })

  test('uses buffers again that come back from another thread', async () => {
    const pool = countingPool()
    const { port1, port2 } = new MessageChannel()
    const sums: { rows: number; sum: bigint }[] = []
    for await (const batch of readCopy({ ...copyOptions(client, await numbers()), budget: smallBatches, pool })) {
      sums.push(sumOf([batch]))
      const buffers = buffersOf(batch)
      port1.postMessage(buffers, buffers)
      batch.recycle!(await new Promise<ArrayBuffer[]>((resolve) => port2.once('message', resolve)))
    }
    port1.close()
    expect(sums.reduce((total, { sum }) => total + sum, 0n)).toBe(everyNumber.sum)
    expect(pool.created).toBeLessThan(pool.taken / 2)
  })

  test('speaks over TLS with SCRAM', async () => {
    const tls = await startTlsServer(18)
    const connected = new Client({
      connectionString: tls!.server.connectionString('tls_only'),
      ssl: { ca: tls!.authority.certificate, servername: 'localhost' },
    })
    await connected.connect()
    await connected.query(
      `CREATE TABLE numbers AS SELECT i::int8 AS id, repeat('x', 200) AS label FROM generate_series(1, 100000) AS i`,
    )
    const plan = await planTable(connected, 'numbers')
    expect(sumOf(await copyTable(connected, plan))).toEqual(everyNumber)
    expect((await connected.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).rows).toEqual([
      { ssl: true },
    ])
    for await (const batch of readCopy({ ...copyOptions(connected, plan), budget: smallBatches })) {
      expect(batch.records.numRows).toBeGreaterThan(0)
      break
    }
    await connected.end()
  })

  describe('of a database with another encoding', () => {
    async function inEncoding<Result>(encoding: string, work: (session: Client) => Promise<Result>): Promise<Result> {
      const name = `${database.name}_${encoding.toLowerCase()}`
      await observer.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING '${encoding}' LOCALE 'C'`)
      const session = await connect(server.connectionString(name))
      try {
        return await work(session)
      } finally {
        await session.end()
        await observer.query(`DROP DATABASE ${name} WITH (FORCE)`)
      }
    }

    test.each([
      ['LATIN1', 'grüße'],
      ['EUC_KR', '한국어'],
    ])('converts %s', async (encoding, text) => {
      await inEncoding(encoding, async (session) => {
        await session.query('CREATE TABLE words (t text, l text[], j json)')
        await session.query('INSERT INTO words VALUES ($1, ARRAY[$1], to_json($1::text))', [text])
        const plan = await planTable(session, 'words')
        expect(printRows(await copyTable(session, plan))).toEqual([[text, `{${text}}`, `"${text}"`]])
      })
    })

    test('refuses bytes that are no UTF-8 in SQL_ASCII', async () => {
      await inEncoding('SQL_ASCII', async (session) => {
        await session.query(`CREATE TABLE words (t text); INSERT INTO words VALUES ('fine'), (E'\\xc3\\xa9')`)
        const plan = await planTable(session, 'words')
        expect(printRows(await copyTable(session, plan))).toEqual([['fine'], ['é']])
        await session.query(`INSERT INTO words VALUES (E'gr\\xfc\\xdfe')`)
        await expect(copyTable(session, plan)).rejects.toMatchObject({ code: 'POSTGRES_TEXT_NOT_UTF8' })
      })
    })
  })

  test('refuses invalid texts that a damaged database holds, also where two together would be valid', async () => {
    const damages = [
      { type: 'text', values: ['fine', '\\xfcdf'] },
      { type: 'text', values: ['\\xc3', '\\xa9'] },
      { type: 'text[]', values: ['\\xfc'] },
      { type: 'damaged', values: ['\\xfc'] },
    ]
    await observer.query(`CREATE TYPE damaged AS (t text); CREATE CAST (bytea AS text) WITHOUT FUNCTION`)
    for (const { type, values } of damages) {
      const value = {
        text: 'v::bytea::text',
        'text[]': 'ARRAY[v::bytea::text]',
        damaged: 'ROW(v::bytea::text)::damaged',
      }[type]
      await client.query(`DROP TABLE IF EXISTS words; CREATE TABLE words (id int, t ${type})`)
      await client.query(`INSERT INTO words (t) SELECT ${value} FROM unnest($1::text[]) AS u (v)`, [values])
      const plan = await planTable(client, 'words')
      await expect(copyTable(client, plan)).rejects.toMatchObject({
        code: 'POSTGRES_TEXT_NOT_UTF8',
        details: { column: 't' },
      })
      await client.end()
      client = await connect()
    }
    await client.query('DROP CAST (bytea AS text)')
  })
})

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

async function drain(batches: AsyncIterable<ChangeBatch>): Promise<void> {
  for await (const batch of batches) expect(batch.records.numRows).toBeGreaterThan(0)
}

function socketOf(client: Client): { destroy(error?: Error): void } {
  return (client as unknown as { connection: { stream: { destroy(error?: Error): void } } }).connection.stream
}

function buffersOf(batch: ChangeBatch): ArrayBuffer[] {
  return batch.records.data.children.flatMap(({ values, valueOffsets, nullBitmap }) =>
    [values, valueOffsets, nullBitmap].flatMap((view: ArrayBufferView<ArrayBuffer> | undefined) =>
      view === undefined || view.byteLength === 0 ? [] : [view.buffer],
    ),
  )
}

/** A pool that counts what is out and what it had to create. */
function countingPool(): BufferPool & { bytesOut: number; created: number; taken: number } {
  const inner = createBufferPool({ bytesMax: 2 ** 26 })
  const pool = {
    bytesOut: 0,
    created: 0,
    taken: 0,
    take(bytes: number) {
      const buffer = inner.take(bytes)
      pool.bytesOut += buffer.byteLength
      pool.taken++
      if (!free.delete(buffer)) pool.created++
      return buffer
    },
    give(buffers: readonly ArrayBuffer[]) {
      for (const buffer of buffers) {
        pool.bytesOut -= buffer.byteLength
        free.add(buffer)
      }
      inner.give(buffers)
    },
  }
  const free = new Set<ArrayBuffer>()
  return pool
}
