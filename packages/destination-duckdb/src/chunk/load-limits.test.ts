import { openDuckDb } from '@eclusa/warehouse'
import type { DuckDbSession, DuckDbWarehouse } from '@eclusa/warehouse'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LoadLimits } from './load-limits.ts'

let warehouse: DuckDbWarehouse
let session: DuckDbSession
let limits: LoadLimits

beforeEach(async () => {
  warehouse = await openDuckDb({ path: ':memory:', threads: 2, memoryLimit: '2GB' })
  session = await warehouse.connect()
  limits = await LoadLimits.of(await warehouse.connect(), { columns: 8, configuredMemory: '2GB' })
})
afterEach(async () => {
  await warehouse[Symbol.asyncDispose]()
})

async function settings(): Promise<unknown[]> {
  const { rows } = await session.query("SELECT current_setting('memory_limit'), current_setting('threads')")
  return rows.flat().map(String)
}

it('keeps the transaction of a load alive when more memory is in use than the limit to be set', async () => {
  await session.query('BEGIN')
  await session.query('CREATE TABLE kept AS SELECT 1 AS number')
  // A result that is not read to its end holds its rows in memory that cannot spill.
  const reader = await warehouse.connect()
  const held = await reader.native.stream(
    'SELECT list(text) FROM (SELECT repeat(md5(i::VARCHAR), 50) AS text FROM range(100_000) AS r(i))',
  )
  await limits.beginInserting(1)
  await session.query('INSERT INTO kept VALUES (2)')
  await session.query('COMMIT')
  expect((await session.query('SELECT count(*) FROM kept')).rows).toEqual([[2n]])
  await held.fetchAllChunks()
})

it('gives an insertion what its threads need, merges more, and commits all that was configured', async () => {
  const configured = await settings()
  await limits.beginInserting(1)
  expect(await settings()).toEqual(['45.7 MiB', '1'])
  await limits.beginInserting(2)
  expect(await settings()).toEqual(['122.0 MiB', '2'])
  await limits.beginMerging()
  expect(await settings()).toEqual(['183.1 MiB', '2'])
  await limits.beginReplacing(0)
  expect(await settings()).toEqual(['91.5 MiB', '2'])
  await limits.beginReplacing(5_000_000)
  expect(await settings()).toEqual(['148.7 MiB', '2'])
  await limits.beginInserting(1)
  expect(await settings()).toEqual(['102.9 MiB', '1'])
  await limits.lift()
  expect(await settings()).toEqual(configured)
  await limits.beginInserting(1)
  expect(await settings()).toEqual([configured[0], '1'])
  limits.lower()
  await limits.beginInserting(1)
  expect(await settings()).toEqual(['45.7 MiB', '1'])
})

it('leaves a guest all that was configured, until the last one has gone', async () => {
  const configured = await settings()
  await limits.beginInserting(1)
  const leaveFirst = await limits.welcome()
  const leaveLast = await limits.welcome()
  expect(await settings()).toEqual(configured)
  leaveFirst()
  await limits.beginInserting(1)
  await limits.beginMerging()
  expect(await settings()).toEqual(configured)
  leaveLast()
  await limits.beginMerging()
  expect(await settings()).toEqual(['183.1 MiB', '2'])
})

it.each(['2GB', undefined])(
  'gives memory back that can be used, with the configured limit %s',
  async (configuredMemory) => {
    await using own = await openDuckDb({
      path: ':memory:',
      ...(configuredMemory !== undefined && { memoryLimit: configuredMemory }),
    })
    await using reader = await own.connect()
    const ownLimits = await LoadLimits.of(await own.connect(), { columns: 8, configuredMemory })
    // Its rows cannot spill.
    const use = async () =>
      await reader.query('SELECT len(list(repeat(md5(i::VARCHAR), 50))) FROM range(150_000) AS r(i)')
    await ownLimits.beginInserting(1)
    await expect(use()).rejects.toMatchObject({ code: 'WAREHOUSE_MEMORY_EXHAUSTED' })
    expect(ownLimits.isMemoryLowered).toBe(true)
    await ownLimits.beginFilling()
    expect((await use()).rows).toEqual([[150_000n]])
    expect(ownLimits.isMemoryLowered).toBe(false)
  },
)

it("gives back DuckDB's own limit where none was configured", async () => {
  await using own = await openDuckDb({ path: ':memory:' })
  await using reader = await own.connect()
  const read = async () => {
    const { rows } = await reader.query("SELECT current_setting('memory_limit')")
    const [number, unit] = String(rows[0]?.[0]).split(' ')
    return Number(number) * (unit === 'GiB' ? 1024 : 1)
  }
  const before = await read()
  const ownLimits = await LoadLimits.of(await own.connect(), { columns: 8, configuredMemory: undefined })
  await ownLimits.beginInserting(1)
  expect(await read()).toBeLessThan(before / 10)
  await ownLimits.lift()
  // DuckDB prints a tenth of a unit at the least.
  expect(await read()).toBeGreaterThan(before * 0.98)
})

it('gives a batch of huge rows room by its size, until it is committed', async () => {
  limits.expectBatch(50_000_000)
  await limits.beginInserting(1)
  expect(await settings()).toEqual(['236.5 MiB', '1'])
  limits.lower()
  await limits.beginInserting(1)
  expect(await settings()).toEqual(['45.7 MiB', '1'])
})
