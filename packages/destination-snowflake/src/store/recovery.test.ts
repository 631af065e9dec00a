import { batchOf, configured } from '@eclusa/warehouse/testing/load'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SnowflakeFixture } from '../../testing/snowflake-fixture.ts'

let fixture: SnowflakeFixture
beforeAll(async () => {
  fixture = await SnowflakeFixture.open()
})
afterAll(() => fixture[Symbol.asyncDispose]())
beforeEach(() => fixture.renew())

const merged = configured({ syncMode: 'incremental', destinationSyncMode: 'append_dedup' })
const appended = configured({ syncMode: 'incremental', destinationSyncMode: 'append' })
const state = [{ stream: merged.stream, state: { at: 2 } }]

/** The session is gone with the next of these statements, and cannot be renewed. */
function endSessionAt(statement: string): void {
  const { faults } = fixture.account.server
  faults.inject({ kind: 'session-expired', statement })
  faults.inject({ kind: 'session-expired', at: 'session' })
}

async function sql(text: string): Promise<void> {
  await fixture.account.session.query(text)
}

describe('a session that is lost', () => {
  it.each(['^BEGIN', '^COPY', '^MERGE', '^COMMIT'])(
    'at %s leaves nothing half: the commit is made by the next one, once',
    async (statement) => {
      await fixture.load(merged, [[1, 'one']])
      await using session = await fixture.open([merged])
      await session.startStream(merged.stream, { resumed: true })
      await session.write(
        batchOf(
          [
            [1, 'uno'],
            [2, 'two'],
          ],
          merged,
        ),
      )
      endSessionAt(statement)
      const { sequence, rows } = await session.commit(state)
      expect([sequence, rows]).toEqual([2, 2])
      expect(fixture.account.server.faults.list()[0]?.hits).toBe(1)
      expect(await fixture.rows('SELECT id, note FROM orders ORDER BY id')).toEqual(['1|uno', '2|two'])
    },
  )

  it('together with the answer of COMMIT is known to have committed', async () => {
    await fixture.load(appended, [[1, 'one']])
    await using session = await fixture.open([appended])
    await session.startStream(appended.stream, { resumed: true })
    await session.write(batchOf([[2, 'two']], appended))
    fixture.account.server.faults.inject({ kind: 'answer-lost', statement: '^COMMIT' })
    endSessionAt('^COMMIT')
    await session.commit(state)
    expect(fixture.account.server.faults.list().map(({ hits }) => hits)).toEqual([1, 1, 1])
    expect(await fixture.rows('SELECT id, note FROM orders ORDER BY id')).toEqual(['1|one', '2|two'])
    expect(session.checkpoints).toHaveLength(1)
  })
})

describe('two runs of one pipeline', () => {
  it('are not open at once: the second is told who holds it', async () => {
    await using session = await fixture.open([merged], { runId: 'the first' })
    expect(session.checkpoints).toEqual([])
    await expect(fixture.open([merged])).rejects.toMatchObject({
      code: 'DESTINATION_BUSY',
      message: expect.stringMatching(
        /^Run the first on .*, process \d+, has pipeline "sales \d+" open since /u,
      ) as string,
    })
  })

  it('never both commit: the one that was taken for dead is fenced', async () => {
    await using first = await fixture.open([appended], { runId: 'the first' })
    await first.startStream(appended.stream, { resumed: false })
    await first.write(batchOf([[1, 'of the first']], appended))
    await sql(`UPDATE SHOP."_ECLUSA".PIPELINES SET lease_until = '2020-01-01' WHERE pipeline = '${fixture.pipeline}'`)
    await fixture.load(appended, [[2, 'of the second']], { runId: 'the second' })
    await expect(first.commit(state)).rejects.toMatchObject({ code: 'DESTINATION_BUSY' })
    expect(await fixture.rows('SELECT id, note FROM orders')).toEqual(['2|of the second'])
  })

  it('follow each other at once where the first was cancelled', async () => {
    const stop = new AbortController()
    const first = await fixture.open([appended], { signal: stop.signal })
    await first.startStream(appended.stream, { resumed: false })
    await first.write(batchOf([[1, 'one']], appended))
    stop.abort()
    await expect(first.commit(state)).rejects.toMatchObject({ code: 'CANCELLED' })
    await first[Symbol.asyncDispose]()
    expect(await fixture.load(appended, [[2, 'two']])).toBe(1)
    expect(await fixture.rows('SELECT id FROM orders')).toEqual(['2'])
  })

  it('follow each other at once where the first process is no more', async () => {
    await fixture.load(merged, [[1, 'one']])
    const holder = (await fixture.rows('SELECT holder FROM SHOP."_ECLUSA".PIPELINES'))[0] ?? '{}'
    const { host } = JSON.parse(holder) as { host: string }
    const gone = JSON.stringify({ host, pid: 2 ** 30, startedAtMs: 0 })
    await sql(
      `UPDATE SHOP."_ECLUSA".PIPELINES SET holder = '${gone}', lease_until = '2999-01-01' WHERE pipeline = '${fixture.pipeline}'`,
    )
    expect(await fixture.load(merged, [[2, 'two']], { resumed: true })).toBe(2)
  })
})

describe('a crash between the commit of a full refresh and its taking the place of the table', () => {
  /** The state that such a commit leaves: the refresh is complete, beside the table. */
  async function leaveUnswapped(rows: readonly (readonly unknown[])[]): Promise<void> {
    await fixture.load(configured(), [[1, 'old']])
    await fixture.load(configured(), rows, { complete: false })
    await sql(
      `UPDATE SHOP."_ECLUSA".STREAMS SET generation_id = 2, loading_generation_id = NULL, swap_generation_id = 2 WHERE pipeline = '${fixture.pipeline}'`,
    )
  }
  const swap = () =>
    sql(`ALTER TABLE SHOP.${fixture.schema}.ORDERS SWAP WITH SHOP.${fixture.schema}."_ECLUSA_LOADING_ORDERS"`)

  it.each([
    ['before the swap', [[2, 'new']], false],
    ['after the swap', [[2, 'new']], true],
    ['before the swap of one without rows', [], false],
  ] as const)('%s is made good by the next run', async (_, rows, isSwapped) => {
    await leaveUnswapped(rows)
    if (isSwapped) await swap()
    await using session = await fixture.open()
    expect(session.missing).toEqual([])
    expect(await fixture.rows('SELECT id, note FROM orders')).toEqual(rows.map((row) => row.join('|')))
    expect(await fixture.rows('SHOW TABLES')).toHaveLength(1)
  })
})
