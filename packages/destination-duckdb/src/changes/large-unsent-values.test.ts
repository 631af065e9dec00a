import { expect, it } from 'vitest'
import { changesOf, replicated, unchanged } from '@eclusa/warehouse/testing/load'
import type { Change } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const batches = 10
const rowsPerBatch = 1000

/** Of about 16 KB, as PostgreSQL keeps out of line and leaves out of updates. */
const large = (id: number) => String(id).padEnd(16_384, 'x')

function insertedAndUpdated(id: number): Change[] {
  const position = BigInt(id + 1)
  return [
    { operation: 'insert', row: [id, large(id), 0], position },
    { operation: 'update', row: [id, unchanged, 1], position },
  ]
}

it('values that changes leave out are found, also when all of them are more than a load has memory', async () => {
  const of = replicated({ columns: { id: 'int32', note: 'text', number: 'int32' } })
  {
    await using session = await fixture.open([of])
    await session.startStream(of.stream, { resumed: false })
    await session.copiedStream(of.stream)
    await session.commit([{ stream: of.stream, state: {} }])
    for (let batch = 0; batch < batches; batch++) {
      const ids = Array.from({ length: rowsPerBatch }, (_, row) => batch * rowsPerBatch + row)
      await session.write(changesOf(ids.flatMap(insertedAndUpdated), of))
    }
    await session.commit([{ stream: of.stream, state: {} }])
  }
  const count = String(batches * rowsPerBatch)
  expect(
    await fixture.rows(`SELECT count(*), sum(number), count(*) FILTER (WHERE len(note) = 16384 AND note LIKE id || 'x%')
      FROM staging.orders`),
  ).toEqual([`${count}|${count}|${count}`])
}, 60_000)
