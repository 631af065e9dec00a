import type { AuthoredSession } from '@eclusa/sdk'
import { expect, it } from 'vitest'
import { changesOf, insert, remove, replicated, update } from '../../testing/change-batch.ts'
import type { Change } from '../../testing/change-batch.ts'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()
const of = replicated({ columns: { id: 'int32', number: 'int32' } })

/** More than are merged by the shortest statements. */
const rowCount = 102_000
const ids = Array.from({ length: rowCount }, (_, id) => id)
const [first, second, third] = [1n, 2n, 3n]

async function commit(session: AuthoredSession, changes: readonly Change[]): Promise<void> {
  for (let at = 0; at < changes.length; at += 20_000) {
    const numbered = changes.slice(at, at + 20_000).map((change, index) => ({ ...change, order: at + index }))
    await session.write(changesOf(numbered, of))
  }
  await session.commit([{ stream: of.stream, state: {} }])
}

it('merges many changes, each the only one of its key or one of several, as it merges few', async () => {
  await using session = await fixture.open([of])
  await session.startStream(of.stream, { resumed: false })
  await session.copiedStream(of.stream)
  const table = `SELECT count(*), sum(id), sum(number) FROM staging.orders`
  const sumOfIds = (rowCount * (rowCount - 1)) / 2

  await commit(
    session,
    ids.map((id) => insert(id, 1, first)),
  )
  const inserted = await session.openWarehouse({ signal: new AbortController().signal })
  const read = async () => {
    await using connection = await inserted.connect()
    return (await connection.query(table)).rows[0]?.map(Number)
  }
  expect(await read()).toEqual([rowCount, sumOfIds, rowCount])

  await commit(
    session,
    ids.map((id) => (id % 2 === 0 ? update(id, 2, second) : remove(id, second))),
  )
  const evenCount = rowCount / 2
  const sumOfEven = ids.reduce((sum, id) => sum + (id % 2 === 0 ? id : 0), 0)
  expect(await read()).toEqual([evenCount, sumOfEven, 2 * evenCount])

  await commit(
    session,
    ids.flatMap((id) => (id % 2 === 0 ? [update(id, 3, third), update(id, 4, third)] : [])),
  )
  expect(await read()).toEqual([evenCount, sumOfEven, 4 * evenCount])
}, 60_000)
