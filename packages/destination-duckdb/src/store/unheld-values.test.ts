import { expect, it } from 'vitest'
import { batchOf, configured, configuredItems } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const orders = configured()
const items = configuredItems()

/** A batch whose texts are no UTF-8, as of a source that does not look. */
function brokenBatch(texts: number, of = orders) {
  const batch = batchOf(
    Array.from({ length: texts }, (_, id) => [id, '?']),
    of,
  )
  batch.records.data.children[1]?.values.fill(0xff)
  return batch
}

it('counts values that DuckDB cannot hold for each stream, with the commit that makes them durable', async () => {
  await using session = await fixture.open([orders, items])
  for (const { stream } of [orders, items]) await session.startStream(stream, { resumed: false })
  await session.write(brokenBatch(2))
  await session.write(brokenBatch(1))
  await session.write(batchOf([[1, 'whole']], items))
  expect(await session.commit([])).toMatchObject({ unrepresentable: [{ stream: orders.stream, values: 3 }] })
  await session.write(brokenBatch(4, items))
  expect(await session.commit([])).toMatchObject({ unrepresentable: [{ stream: items.stream, values: 4 }] })
  expect(await session.commit([])).toMatchObject({ unrepresentable: [] })
  await session[Symbol.asyncDispose]()
  expect(fixture.log.lines.filter((line) => line.includes('cannot hold'))).toHaveLength(2)
  const counts = 'SELECT sequence, unrepresentable_count FROM _eclusa.commits ORDER BY 1'
  expect(await fixture.rows(counts)).toEqual(['1|3', '2|4', '3|0'])
})
