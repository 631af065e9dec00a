import { expect, it } from 'vitest'
import { changesOf, insert, remove, replicated, update } from '@eclusa/warehouse/testing/load'
import type { Change } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()
const of = replicated({ columns: { id: 'int32', number: 'int32' } })

/** More than are merged by the shortest statements. */
const rowCount = 102_000
const ids = Array.from({ length: rowCount }, (_, id) => id)
const [first, second, third] = [1n, 2n, 3n]

async function load(changes: readonly Change[], { resumed }: { readonly resumed: boolean }): Promise<string[]> {
  {
    await using session = await fixture.open([of])
    await session.startStream(of.stream, { resumed })
    if (!resumed) {
      await session.copiedStream(of.stream)
      await session.commit([{ stream: of.stream, state: {} }])
    }
    for (let at = 0; at < changes.length; at += 20_000) {
      const numbered = changes.slice(at, at + 20_000).map((change, index) => ({ ...change, order: at + index }))
      await session.write(changesOf(numbered, of))
    }
    await session.commit([{ stream: of.stream, state: {} }])
  }
  return await fixture.rows('SELECT count(*), sum(id), sum(number) FROM staging.orders')
}

it('merges many changes, each the only one of its key or one of several, as it merges few', async () => {
  const even = ids.filter((id) => id % 2 === 0)
  const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0)

  const inserts = ids.map((id) => insert(id, 1, first))
  expect(await load(inserts, { resumed: false })).toEqual([`${rowCount}|${sumOf(ids)}|${rowCount}`])

  const onceEach = ids.map((id) => (id % 2 === 0 ? update(id, 2, second) : remove(id, second)))
  expect(await load(onceEach, { resumed: true })).toEqual([`${even.length}|${sumOf(even)}|${2 * even.length}`])

  const twiceEach = even.flatMap((id) => [update(id, 3, third), update(id, 4, third)])
  expect(await load(twiceEach, { resumed: true })).toEqual([`${even.length}|${sumOf(even)}|${4 * even.length}`])
}, 60_000)
