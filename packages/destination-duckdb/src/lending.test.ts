import { setImmediate as turn } from 'node:timers/promises'
import { hasErrorCode } from '@eclusa/sdk'
import type { DestinationSession, ReadPart, SqlValue, Warehouse } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { batchOf, configured, stream } from '@eclusa/warehouse/testing/load'
import { DuckDbFixture } from '../testing/duckdb-fixture.ts'

const signal = new AbortController().signal
const context = { signal, log: DuckDbFixture.silentLog }
const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => [from + index, `note ${from + index}`])

async function ask(warehouse: Warehouse, sql: string): Promise<readonly (readonly SqlValue[])[]> {
  await using connection = await warehouse.connect()
  return (await connection.query(sql)).rows
}

async function settings(session: DestinationSession): Promise<readonly SqlValue[]> {
  await using warehouse = await session.openWarehouse!(context)
  return (await ask(warehouse, `SELECT current_setting('memory_limit'), current_setting('threads')::INTEGER`)).flat()
}

describe('the warehouse that an open session lends', () => {
  it('sees what is committed, beside a load that is not', async () => {
    using fixture = new DuckDbFixture()
    await fixture.load(configured(), numbered(0, 3))
    await using session = await fixture.open()
    await session.startStream(stream, { resumed: false })
    await session.write(batchOf(numbered(0, 5)))
    await using warehouse = await session.openWarehouse!(context)
    expect(await ask(warehouse, 'SELECT count(*)::INTEGER FROM staging.orders')).toEqual([[3]])
    await session.completeStream(stream)
    await session.commit([])
    expect(await ask(warehouse, 'SELECT count(*)::INTEGER FROM staging.orders')).toEqual([[5]])
  })

  it('is written to side by side with the load, and neither waits for the other', async () => {
    using fixture = new DuckDbFixture()
    const appended = configured({ syncMode: 'incremental', destinationSyncMode: 'append' })
    await fixture.load(appended, numbered(0, 10))
    await using session = await fixture.open([appended])
    await session.startStream(stream, { resumed: true })
    await using warehouse = await session.openWarehouse!(context)
    await using connection = await warehouse.connect()
    await connection.query(
      'CREATE SCHEMA analytics; BEGIN; CREATE TABLE analytics.counts AS SELECT count(*) AS n FROM staging.orders',
    )
    await session.write(batchOf(numbered(10, 10), appended))
    await session.commit([{ stream, state: { at: 1 } }])
    await connection.query('COMMIT')
    await session.write(batchOf(numbered(20, 10), appended))
    await session.commit([{ stream, state: { at: 2 } }])
    expect(await ask(warehouse, 'SELECT n::INTEGER FROM analytics.counts')).toEqual([[10]])
    expect(await ask(warehouse, 'SELECT count(*)::INTEGER FROM staging.orders')).toEqual([[30]])
  })

  it('has the memory and the threads that were configured, also in the middle of a load', async () => {
    using fixture = new DuckDbFixture()
    await using session = await fixture.open([configured()], { config: { memory_limit: '1GiB', threads: 2 } })
    await session.startStream(stream, { resumed: false })
    expect(await settings(session)).toEqual(['1.0 GiB', 2])
    await session.write(batchOf(numbered(0, 5000)))
    expect(await settings(session)).toEqual(['1.0 GiB', 2])
    await session.completeStream(stream)
    await session.commit([])
  })

  it('reads rows one chunk at a time, and goes on with the load meanwhile', async () => {
    using fixture = new DuckDbFixture()
    await fixture.load(configured(), numbered(0, 10_000))
    await using session = await fixture.open()
    await using warehouse = await session.openWarehouse!(context)
    const parts = warehouse.read!('SELECT id FROM staging.orders')[Symbol.asyncIterator]()
    await parts.next()
    await session.startStream(stream, { resumed: false })
    await session.write(batchOf([[1, 'only']]))
    await session.completeStream(stream)
    await session.commit([])
    let rows = 0
    for (let part = await parts.next(); part.done !== true; part = await parts.next()) rows += rowsIn(part.value)
    expect(rows).toBe(10_000)
    expect(await ask(warehouse, 'SELECT count(*)::INTEGER FROM staging.orders')).toEqual([[1]])
  })

  it('ends with the session', async () => {
    using fixture = new DuckDbFixture()
    const session = await fixture.open()
    const warehouse = await session.openWarehouse!(context)
    const connection = await warehouse.connect()
    await session[Symbol.asyncDispose]()
    await turn()
    await expect(connection.query('SELECT 1')).rejects.toMatchObject({ code: 'WAREHOUSE_CONNECTION_LOST' })
  })
})

function rowsIn(part: ReadPart): number {
  return part.type === 'rows' ? part.rows.length : 0
}

describe('what is stored of a pipeline', () => {
  it('is nothing before the first run, and the file is not made', async () => {
    using fixture = new DuckDbFixture()
    const destination = fixture.destination()
    expect(await destination.progress!({ ...context, pipeline: 'sales' })).toEqual({ checkpoints: [], streams: [] })
    await destination.forgetCheckpoints!({ ...context, pipeline: 'sales', streams: [stream] })
    await expect(destination.openWarehouse!({ ...context, readOnly: true })).rejects.toMatchObject({
      code: 'DUCKDB_OPEN_FAILED',
    })
  })

  it('tells checkpoints, the last commit, and when each stream had rows, with the file closed or open', async () => {
    using fixture = new DuckDbFixture()
    const before = Date.now() - 1
    await fixture.load(configured(), numbered(0, 3), { state: { at: 7 } })
    const destination = fixture.destination()
    const stored = await destination.progress!({ ...context, pipeline: 'sales' })
    expect(stored).toMatchObject({
      checkpoints: [{ stream, state: { at: 7 } }],
      lastCommit: { sequence: 1, rows: 3, runId: 'run-1' },
      streams: [{ stream, table: 'staging.orders' }],
    })
    const atMs = stored.lastCommit?.atMs
    expect(atMs).toBeGreaterThan(before)
    expect(stored.streams).toMatchObject([{ lastRowsAtMs: atMs }])
    await using session = await fixture.open()
    await using warehouse = await session.openWarehouse!(context)
    expect(await destination.progress!({ ...context, pipeline: 'sales', warehouse })).toEqual(stored)
    expect(await destination.progress!({ ...context, pipeline: 'other', warehouse })).toEqual({
      checkpoints: [],
      streams: [],
    })
  })

  it('is forgotten of the named streams alone, and not while the file is open', async () => {
    using fixture = new DuckDbFixture()
    const other = { namespace: 'shop', name: 'other' }
    {
      await using session = await fixture.open()
      await session.commit([
        { stream, state: { at: 1 } },
        { stream: other, state: { at: 2 } },
      ])
      const refused = fixture.destination().forgetCheckpoints!({ ...context, pipeline: 'sales', streams: [stream] })
      await expect(refused).rejects.toSatisfy((error) => hasErrorCode(error, 'DESTINATION_BUSY'))
    }
    await fixture.destination().forgetCheckpoints!({ ...context, pipeline: 'sales', streams: [stream] })
    const { checkpoints } = await fixture.destination().progress!({ ...context, pipeline: 'sales' })
    expect(checkpoints).toEqual([{ stream: other, state: { at: 2 } }])
  })
})
