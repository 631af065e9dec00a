import { testServers } from '@eclusa/postgres-local/testing'
import type { TestServer } from '@eclusa/postgres-local/testing'
import { describe, expect, it } from 'vitest'
import { waitUntil } from '../../testing/database.ts'
import {
  ReplicatedRun,
  createWrittenTable,
  dropSlotsAfterEach,
  replicated,
  slotName,
} from '../../testing/replicated-run.ts'
import { suiteDatabase } from '../../testing/suite-database.ts'
import type { SuiteDatabase } from '../../testing/suite-database.ts'

const columns = ['id', 'n', 'note', 'big']

let benches = 0

/** A table that is copied, and a slot that was made beforehand. */
async function createBench(server: TestServer, database: SuiteDatabase, isTwoPhase: boolean) {
  const table = `${await database.makeSchema()}.item`
  await createWrittenTable(database, table, 10)
  const name = slotName(server, `two_phase_${++benches}`)
  await database.run(`SELECT pg_create_logical_replication_slot('${name}', 'pgoutput', false, ${isTwoPhase})`)
  const run = new ReplicatedRun(database, name, { keys: { [table]: ['id'] } })
  const choices = { [table]: replicated }
  await run.run(choices)
  const ids = async () => run.destination.rows(table, ['id']).map(([id]) => Number(id))
  return {
    run,
    table,
    choices,
    ids,
    gid: (label: string) => `${name}_${label}`,
    prepare: async (label: string, sql: string) =>
      await database.run(`BEGIN; ${sql}; PREPARE TRANSACTION '${name}_${label}'`),
    end: async (label: string, how: 'COMMIT' | 'ROLLBACK') => await database.run(`${how} PREPARED '${name}_${label}'`),
    readRows: async () => {
      await run.run(choices)
      return await run.rows(table, columns)
    },
  }
}

describe.each(await testServers())('on PostgreSQL $major, a transaction that is prepared', (server) => {
  // Transactions of a few dozen rows are streamed.
  const database = suiteDatabase(
    server,
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET logical_decoding_work_mem = ''64kB''', current_database()); END $$`,
  )
  dropSlotsAfterEach(database)

  const many = (table: string, from: number) =>
    `INSERT INTO ${table} SELECT i, 1, repeat('m', 200), NULL FROM generate_series(${from}, ${from + 1999}) AS i`

  it.each([
    ['an ordinary slot', false],
    ['a slot with two_phase', true],
  ])('comes when it is committed, and not when it is rolled back: %s', async (_slot, isTwoPhase) => {
    const bench = await createBench(server, database, isTwoPhase)
    const { run, table, choices, ids } = bench
    await bench.prepare(
      'small',
      `INSERT INTO ${table} VALUES (11); UPDATE ${table} SET n = 5, note = 'x' WHERE id = 7; DELETE FROM ${table} WHERE id = 2`,
    )
    await bench.prepare('large', `${many(table, 10_000)}; SAVEPOINT s; ${many(table, 20_000)}; ROLLBACK TO s`)
    await bench.prepare('void', `INSERT INTO ${table} VALUES (12); DELETE FROM ${table} WHERE id = 3`)
    await bench.prepare('large_void', many(table, 30_000))
    await database.run(`INSERT INTO ${table} VALUES (20); UPDATE ${table} SET n = 9 WHERE id = 4`)
    for (let round = 0; round < 2; round++) {
      await run.run(choices)
      expect(await ids()).toHaveLength(11)
      await database.run(`UPDATE ${table} SET n = n + 1 WHERE id = 20`)
    }
    await bench.end('large', 'COMMIT')
    await run.run(choices)
    expect(await ids()).toHaveLength(2011)
    await bench.end('void', 'ROLLBACK')
    await bench.end('small', 'COMMIT')
    await run.run(choices)
    expect(await ids()).toHaveLength(2011)
    await bench.end('large_void', 'ROLLBACK')
    const { source, destination } = await bench.readRows()
    expect(destination).toEqual(source)
    expect((await run.slot())['confirmed']).toBe(run.destination.position)
  })

  // In 14 pgoutput sends a prepared transaction when it is committed, whatever the slot says.
  it.runIf(server.major >= 15)(
    'is not confirmed to a slot with two_phase before it is committed, whatever else is',
    async () => {
      const bench = await createBench(server, database, true)
      const { run, table, choices } = bench
      const isBehind = async (left: string, right: string) =>
        (await database.run(`SELECT '${left}'::pg_lsn <= '${right}'::pg_lsn`)).at(0)?.at(0) === 't'
      const before = (await database.run('SELECT pg_current_wal_insert_lsn()')).at(0)!.at(0)!
      await bench.prepare('held', `INSERT INTO ${table} VALUES (11)`)
      const after = (await database.run('SELECT pg_current_wal_insert_lsn()')).at(0)!.at(0)!
      await database.run(`INSERT INTO ${table} VALUES (12)`)
      for (let round = 0; round < 3; round++) {
        await run.run(choices)
        const confirmed = (await run.slot())['confirmed']!
        expect(await isBehind(before, confirmed)).toBe(true)
        expect(await isBehind(after, confirmed)).toBe(false)
        expect(await isBehind(after, run.destination.position)).toBe(true)
        const findings = await run.check(choices)
        expect(findings.filter(({ status }) => status === 'failed')).toEqual([])
      }
      await bench.end('held', 'COMMIT')
      const { source, destination } = await bench.readRows()
      expect(destination).toEqual(source)
      expect(await isBehind(after, (await run.slot())['confirmed']!)).toBe(true)
    },
  )

  it('is read again from its beginning when the connection was lost before its commit', async () => {
    const bench = await createBench(server, database, true)
    const { run, table, choices, ids } = bench
    const stop = new AbortController()
    const following = run.run(choices, { limits: { stopSignal: stop.signal } })
    const lose = async () =>
      await database.run(
        `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${run.name}' AND active`,
      )
    const seen = async (count: number) =>
      await waitUntil('the rows are there', async () => (await ids()).length === count)
    await bench.prepare('small', `INSERT INTO ${table} VALUES (11)`)
    await bench.prepare('large', many(table, 10_000))
    await database.run(`INSERT INTO ${table} VALUES (12)`)
    await seen(11)
    await lose()
    await database.run(`INSERT INTO ${table} VALUES (13)`)
    await seen(12)
    await lose()
    await bench.end('small', 'COMMIT')
    await seen(13)
    await lose()
    await bench.end('large', 'COMMIT')
    await seen(2013)
    stop.abort()
    await following
    const { source, destination } = await bench.readRows()
    expect(destination).toEqual(source)
  })

  it('may have altered its table', async () => {
    const bench = await createBench(server, database, true)
    const { run, table, choices, ids } = bench
    const stop = new AbortController()
    // Nobody else can look at the table while the transaction is prepared: from 16 on, not even at its publication.
    const following = run.run(choices, { limits: { stopSignal: stop.signal } })
    const reached = async () => {
      const position = (await database.run('SELECT pg_current_wal_insert_lsn()')).at(0)!.at(0)!
      await database.run(`SELECT pg_logical_emit_message(true, 'test', '')`)
      await waitUntil('it has read so far', async () => {
        const sql = `SELECT '${position}'::pg_lsn <= '${run.destination.position}'::pg_lsn`
        return (await database.run(sql)).at(0)?.at(0) === 't'
      })
    }
    await waitUntil('it reads', async () => (await run.slot())['active'] === 'true')
    await bench.prepare(
      'altered',
      `ALTER TABLE ${table} ADD extra int; INSERT INTO ${table} VALUES (11, 1, 'a', 'b', 5)`,
    )
    await reached()
    await bench.end('altered', 'COMMIT')
    await database.run(`INSERT INTO ${table} VALUES (12, 1, 'a', 'b', 6)`)
    await bench.prepare('undone', `ALTER TABLE ${table} DROP note; INSERT INTO ${table} VALUES (13, 1, 'b', 6)`)
    await reached()
    await bench.end('undone', 'ROLLBACK')
    await database.run(`INSERT INTO ${table} VALUES (14, 1, 'x', 'b', 7)`)
    await waitUntil('the last row is there', async () => (await ids()).includes(14))
    stop.abort()
    await following
    const { source, destination } = await bench.readRows()
    expect(destination).toEqual(source)
    expect(run.destination.rows(table, ['id', 'extra']).filter(([, extra]) => extra !== null)).toEqual([
      ['11', '5'],
      ['12', '6'],
      ['14', '7'],
    ])
  })

  it('comes once, however runs are killed before and after it is prepared, committed and rolled back', async () => {
    const bench = await createBench(server, database, true)
    const { run, table, choices } = bench
    let random = 20_261_122 + server.major
    const next = (below: number) => {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor(random / 65_536) % below
    }
    const open = new Set<number>()
    let ids = 100
    const prepare = async () => {
      const id = ids++
      const rows = next(3) === 0 ? 400 : 2
      open.add(id)
      await bench.prepare(
        String(id),
        `INSERT INTO ${table} SELECT i, ${id}, repeat('m', 200) FROM generate_series(${id * 1000}, ${id * 1000 + rows}) AS i;
         SAVEPOINT s; UPDATE ${table} SET n = -1 WHERE n = ${id}; ${next(2) === 0 ? 'ROLLBACK TO s' : 'RELEASE s'}`,
      )
    }
    const end = async () => {
      const [id] = [...open].slice(next(open.size))
      if (id === undefined) return
      open.delete(id)
      await bench.end(String(id), next(3) === 0 ? 'ROLLBACK' : 'COMMIT')
    }
    const write = async () =>
      await database.run(
        `UPDATE ${table} SET n = n + 1 WHERE id = ${1 + next(10)}; INSERT INTO ${table} VALUES (${ids++})`,
      )
    const kill = async () => {
      let messages = next(6)
      await run.run(choices, { stopAfter: () => messages-- === 0 })
    }
    const steps = [prepare, end, end, write, kill, kill] as const
    for (let step = 0; step < 40; step++) await steps.at(next(steps.length))?.()
    while (open.size > 0) await end()
    const { source, destination } = await bench.readRows()
    expect(destination).toEqual(source)
  })
})
