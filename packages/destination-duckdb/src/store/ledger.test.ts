import { afterEach, beforeEach, expect, it } from 'vitest'
import { DuckDbFixture, configured } from '../../testing/duckdb-fixture.ts'

let fixture: DuckDbFixture

beforeEach(() => {
  fixture = new DuckDbFixture()
})
afterEach(() => {
  fixture[Symbol.dispose]()
})

const orders = configured()
const items = configured({
  stream: { namespace: 'shop', name: 'items' },
  target: { namespace: 'staging', name: 'items' },
})

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

it('brings a ledger of format 1 to the present one', async () => {
  await fixture.load(orders, [[1, 'a']], { state: { at: 1 } })
  await fixture.query('ALTER TABLE _eclusa.commit_streams DROP COLUMN change_order')
  await fixture.query('ALTER TABLE _eclusa.commit_streams DROP COLUMN position')
  await fixture.query('UPDATE _eclusa.format SET version = 1')
  await fixture.load(orders, [[2, 'b']], { state: { at: 2 } })
  expect(await fixture.rows('SELECT version FROM _eclusa.format')).toEqual(['2'])
  expect(await fixture.rows('SELECT row_count, position FROM _eclusa.commit_streams ORDER BY sequence')).toEqual([
    '1|NULL',
    '1|NULL',
  ])
})
