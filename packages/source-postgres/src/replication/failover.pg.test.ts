import { testMajors } from '@eclusa/postgres-local/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { waitUntil } from '../../testing/database.ts'
import type { TestSession } from '../../testing/database.ts'
import { ReplicatedRun, replicated } from '../../testing/replicated-run.ts'
import type { CdcConfig } from '../../testing/replicated-run.ts'
import { startStandbyPair } from '../../testing/standby.ts'

const table = 'public.item'
const keys = { [table]: ['id'] }
const choices = { [table]: replicated }

const majors = testMajors.filter((major) => major >= 17)

describe.each(majors)('a standby of PostgreSQL %i that is promoted', async (major) => {
  const pair = await startStandbyPair(major, { keepsSlots: true })
  if (pair === undefined) throw new Error(`There is no PostgreSQL ${major}.`)
  const { primary, standby } = pair
  afterAll(async () => await pair[Symbol.asyncDispose]())

  const databaseOf = (session: TestSession, connectionString: string) => ({
    connectionString,
    run: async (sql: string) => await session.run(sql),
  })
  const before = databaseOf(primary, pair.primaryUrl)
  const after = databaseOf(standby, pair.standbyUrl)

  async function slotAt(session: TestSession, name: string): Promise<string | null | undefined> {
    const rows = await session.run(
      `SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '${name}' AND NOT temporary`,
    )
    return rows.at(0)?.at(0)
  }

  it('is gone on with where it has the slot and all that was read, and not where more was read', async () => {
    await primary.run(
      'CREATE TABLE item (id int PRIMARY KEY, n int); INSERT INTO item SELECT i, 0 FROM generate_series(1, 50) AS i',
    )
    const replication: CdcConfig = { failover: true, publication: 'items' }
    const kept = new ReplicatedRun(before, 'kept', { keys, replication })
    const ahead = new ReplicatedRun(before, 'ahead', { keys, replication })
    for (const run of [kept, ahead]) await run.run(choices)
    // A copy is kept only from a moment on that the standby has too.
    await waitUntil('the standby keeps the slot', async () => {
      await primary.run('SELECT pg_log_standby_snapshot(), txid_current()')
      await kept.run(choices)
      return (await slotAt(standby, 'kept')) !== undefined
    })
    await primary.run('UPDATE item SET n = 1 WHERE id < 5; DELETE FROM item WHERE id = 6')
    await pair.catchUp()
    await standby.run('SELECT pg_promote()')
    await primary.run('UPDATE item SET n = -1')
    await ahead.run(choices)

    const goneOn = new ReplicatedRun(after, 'kept', { keys, replication, destination: kept.destination })
    await standby.run('UPDATE item SET n = 2 WHERE id = 9')
    await goneOn.run(choices)
    expect(goneOn.destination.startedResumed).toEqual({ [table]: true })
    const { source, destination } = await goneOn.rows(table, ['id', 'n'])
    expect(destination).toEqual(source)

    const refused = new ReplicatedRun(after, 'ahead', { keys, replication, destination: ahead.destination })
    await expect(refused.run(choices)).rejects.toMatchObject({ code: 'REPLICATION_SERVER_CHANGED' })
  })
})
