import { hasErrorCode } from '@eclusa/sdk'
import type { ConfiguredStream } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { batchOf, configured, schemaOf } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const table = 'staging.orders'
const incremental = { syncMode: 'incremental', destinationSyncMode: 'append_dedup' } as const
const before = { columns: { id: 'int32', note: 'text' } }

/** The next run, as a pipeline makes it: resumed where there is a checkpoint. @returns whether it was resumed. */
async function runAgain(of: ConfiguredStream, rows: readonly (readonly unknown[])[]): Promise<boolean> {
  await using session = await fixture.open([of])
  const resumed = session.checkpoints.length > 0
  expect(session.missing).toEqual(resumed ? [] : [of.stream])
  await session.startStream(of.stream, { resumed })
  await session.write(batchOf(rows, of))
  await session.completeStream(of.stream)
  await session.commit([{ stream: of.stream, state: {} }])
  return resumed
}

describe('a load that was interrupted', () => {
  it.each(['freeze', 'discard', 'evolve'] as const)('goes on where its columns are the same (%s)', async (policy) => {
    const orders = configured({ ...before, ...incremental, schemaPolicy: policy })
    await fixture.load(orders, [[1, 'a']], { complete: false })
    expect(await runAgain(orders, [[2, 'b']])).toBe(true)
    expect(await fixture.rows(`SELECT id, note FROM ${table} ORDER BY id`)).toEqual(['1|a', '2|b'])
  })

  it.each([
    ['freeze', { id: 'int32', note: 'text', fresh: 'int16' }, [2, 'b', 7]],
    ['freeze', { id: 'int32' }, [2]],
    ['discard', { id: 'int32', note: 'int16' }, [2, 3]],
  ] as const)('begins anew where its policy forbids to follow: %s, %j', async (schemaPolicy, columns, row) => {
    const then = configured({ columns, ...incremental, schemaPolicy })
    await fixture.load(configured({ ...before, ...incremental, schemaPolicy }), [[1, 'a']], { complete: false })
    expect(await runAgain(then, [row])).toBe(false)
    const names = Object.keys(columns).join(', ')
    expect(await fixture.rows(`SELECT ${names} FROM ${table}`)).toEqual([row.join('|')])
    expect(fixture.log.lines).toContainEqual(expect.stringContaining('stream shop.orders begins anew'))
  })

  it('begins anew where its key changed to a type that is compared otherwise', async () => {
    await fixture.load(configured({ ...before, ...incremental }), [[1, 'a']], { complete: false })
    const changed = configured({ columns: { id: 'text', note: 'text' }, ...incremental })
    const rows = [
      ['x', 'a'],
      ['y', 'b'],
    ]
    expect(await runAgain(changed, rows)).toBe(false)
    expect(await fixture.rows(`SELECT id, note FROM ${table} ORDER BY id`)).toEqual(['x|a', 'y|b'])
  })

  it('begins anew where the rows loaded half were dropped, although there are rows of an earlier refresh', async () => {
    const orders = configured(before)
    await fixture.load(orders, [[1, 'old']])
    await fixture.load(orders, [[1, 'new']], { complete: false })
    await fixture.query('DROP TABLE staging._eclusa_loading_orders')
    expect(await runAgain(orders, [[2, 'b']])).toBe(false)
    expect(await fixture.rows(`SELECT id, note FROM ${table}`)).toEqual(['2|b'])
  })

  it('refuses a key that changes its type while it is read: rows of different keys would become one', async () => {
    const orders = configured({ ...before, ...incremental })
    await using session = await fixture.open([orders])
    await session.startStream(orders.stream, { resumed: false })
    await session.write(batchOf([[1, 'a']], orders))
    await session.write(batchOf([['x', 'b']], orders, schemaOf({ id: 'text', note: 'text' }, 2)))
    await expect(session.commit([])).rejects.toSatisfy((error) => hasErrorCode(error, 'SCHEMA_CHANGED'))
  })
})
