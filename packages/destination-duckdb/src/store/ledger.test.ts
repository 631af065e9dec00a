import { beforeEach, describe, expect, it } from 'vitest'
import { changesOf, configured, configuredItems, copyOf, replicated } from '@eclusa/warehouse/testing/load'
import type { Change } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const orders = configured()
const items = configuredItems()

it.each(['{"at": 1', '"text"', '[1]', 'null', ''])('tells which checkpoint cannot be read: %s', async (state) => {
  await fixture.load(orders, [[1, 'a']], { state: { at: 1 } })
  await fixture.load(items, [[1, 'a']], { state: { at: 2 } })
  await fixture.query(`UPDATE _eclusa.checkpoints SET state = '${state}' WHERE stream = 'orders'`)
  {
    await using session = await fixture.open([orders, items])
    expect(session.damaged).toEqual([orders.stream])
    expect(session.checkpoints).toEqual([{ stream: items.stream, state: { at: 2 } }])
    await session.startStream(orders.stream, { resumed: false })
    await session.completeStream(orders.stream)
    await session.commit([])
  }
  await using session = await fixture.open([orders, items])
  expect(session.damaged).toEqual([])
})

it.each([1, 2])('brings a ledger of format %i to the present one', async (version) => {
  await fixture.load(orders, [[1, 'a']], { state: { at: 1 } })
  if (version === 1) {
    await fixture.query('ALTER TABLE _eclusa.commit_streams DROP COLUMN change_order')
    await fixture.query('ALTER TABLE _eclusa.commit_streams DROP COLUMN position')
  }
  await fixture.query('ALTER TABLE _eclusa.streams DROP COLUMN merge_key')
  await fixture.query(`UPDATE _eclusa.format SET version = ${version}`)
  expect((await fixture.destination().progress!(fixture.request([orders]))).streams).toMatchObject([
    { stream: orders.stream },
  ])
  expect(await fixture.destination().plan(fixture.request([orders]))).toEqual([])
  await fixture.load(orders, [[2, 'b']], { state: { at: 2 } })
  expect(await fixture.rows('SELECT version FROM _eclusa.format')).toEqual(['3'])
  expect(await fixture.rows('SELECT row_count, position FROM _eclusa.commit_streams ORDER BY sequence')).toEqual([
    '1|NULL',
    '1|NULL',
  ])
})

describe('forgetting old commits', () => {
  const quiet = replicated()
  const busy = replicated({
    stream: { namespace: 'shop', name: 'items' },
    target: { namespace: 'staging', name: 'items' },
  })

  /** As if one stream had been followed for so many commits more, while nothing happened to the other. */
  async function followUntil(last: number): Promise<void> {
    const from = `range((SELECT max(sequence) + 1 FROM _eclusa.commits), ${last + 1}) AS r (n)`
    await fixture.query(`INSERT INTO _eclusa.commit_streams SELECT 'sales', n, 'shop', 'items', 1, n, 0 FROM ${from}`)
    await fixture.query(`INSERT INTO _eclusa.commits SELECT 'sales', n, 'earlier', 1, 10, 0, now() FROM ${from}`)
  }

  async function change(position: bigint, ...changes: readonly Omit<Change, 'position'>[]): Promise<number> {
    await using session = await fixture.open([quiet, busy])
    await session.startStream(quiet.stream, { resumed: true })
    await session.write(
      changesOf(
        changes.map((one) => ({ ...one, position })),
        quiet,
      ),
    )
    return (await session.commit([])).sequence
  }

  beforeEach(async () => {
    await using session = await fixture.open([quiet, busy])
    for (const of of [quiet, busy]) {
      await session.startStream(of.stream, { resumed: false })
      await session.write(copyOf([[1, 'copied']], of))
      await session.copiedStream(of.stream)
    }
    await session.commit([{ stream: quiet.stream, state: { at: 1 } }])
  })

  const counts = 'SELECT (SELECT count(*) FROM _eclusa.commits), (SELECT count(*) FROM _eclusa.commit_streams)'

  it('keeps the last thousand, and of each stream its last one', async () => {
    await change(5n, { operation: 'update', row: [1, 'changed'] })
    await followUntil(9998)
    await change(5n, { operation: 'update', row: [1, 'changed'] })
    expect(await fixture.rows(counts)).toEqual(['9999|9999'])
    expect(await change(5n, { operation: 'update', row: [1, 'changed'] })).toBe(10_000)
    // 9,001 to 10,000, of which the last two have no rows, and the one that has all that is known of the quiet stream.
    expect(await fixture.rows(counts)).toEqual(['1001|999'])
    expect(await fixture.rows('SELECT min(sequence), max(sequence) FROM _eclusa.commits')).toEqual(['2|10000'])
  })

  it('knows afterwards what is applied, and when rows came last', async () => {
    await change(5n, { operation: 'delete', row: [1] })
    const [at] = await fixture.rows('SELECT epoch_ms(committed_at) FROM _eclusa.commits WHERE sequence = 2')
    await followUntil(2999)
    expect(await change(5n, { operation: 'delete', row: [1] })).toBe(3000)
    expect(await change(5n, { operation: 'insert', order: 0, row: [1, 'applied before'] })).toBe(3001)
    expect(await fixture.rows('SELECT * FROM staging.orders')).toEqual([])
    const destination = fixture.destination()
    const progress = await destination.progress!(fixture.request([quiet, busy]))
    expect(progress.streams.find(({ stream }) => stream.name === 'orders')?.lastRowsAtMs).toBe(Number(at))
    expect(await change(6n, { operation: 'insert', row: [2, 'new'] })).toBe(3002)
    expect(await fixture.rows('SELECT id, note FROM staging.orders')).toEqual(['2|new'])
  })

  it('leaves the commits of other pipelines alone', async () => {
    await followUntil(2999)
    await fixture.query(`UPDATE _eclusa.commits SET pipeline = 'other' WHERE sequence BETWEEN 10 AND 19`)
    await change(5n, { operation: 'update', row: [1, 'changed'] })
    expect(await fixture.rows(`SELECT count(*) FROM _eclusa.commits WHERE pipeline = 'other'`)).toEqual(['10'])
  })
})
