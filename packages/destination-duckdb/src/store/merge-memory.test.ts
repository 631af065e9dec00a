import { expect, it } from 'vitest'
import { batchOf, changesOf, configured, copyOf, replicated } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const keyed = configured({ destinationSyncMode: 'append_dedup', syncMode: 'incremental' })
const batches = 30
const rowsPerBatch = 1000

async function load({ resumed, text }: { readonly resumed: boolean; readonly text: string }): Promise<void> {
  await using session = await fixture.open([keyed], { config: { memory_limit: '50MB', threads: 1 } })
  await session.startStream(keyed.stream, { resumed })
  for (let batch = 0; batch < batches; batch++) {
    const rows = Array.from({ length: rowsPerBatch }, (_, row) => [batch * rowsPerBatch + row, `${text}${row}`])
    await session.write(batchOf(rows, keyed))
  }
  await session.completeStream(keyed.stream)
  await session.commit([])
}

// UPDATE keeps the rows as they were in memory until the commit, and cannot spill them (DuckDB 1.5.6).
it('merges more rows in one commit than its memory could hold', async () => {
  await load({ resumed: false, text: 'old '.repeat(300) })
  await load({ resumed: true, text: 'new '.repeat(300) })
  expect(await fixture.rows(`SELECT count(*), count(DISTINCT id), min(note[:3]) FROM staging.orders`)).toEqual([
    `${batches * rowsPerBatch}|${batches * rowsPerBatch}|new`,
  ])
}, 60_000)

it('merges into a table to which somebody gave a primary key', async () => {
  await fixture.load(keyed, [
    [1, 'a'],
    [2, 'b'],
  ])
  await fixture.query('ALTER TABLE staging.orders ADD PRIMARY KEY (id)')
  await fixture.load(
    keyed,
    [
      [2, 'c'],
      [3, 'd'],
    ],
    { resumed: true },
  )
  await fixture.load(keyed, [[2, 'e']], { resumed: true })
  expect(await fixture.rows('SELECT id, note FROM staging.orders ORDER BY id')).toEqual(['1|a', '2|e', '3|d'])
})

// Windows, by which values are found among several changes of a key, spill nothing that they keep (DuckDB 1.5.6).
it('marks more rows as deleted in one commit than its memory could hold', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `c${index}`)
  const of = replicated({ columns: { id: 'int32', ...Object.fromEntries(names.map((name) => [name, 'text'])) } })
  const ids = (batch: number) => Array.from({ length: rowsPerBatch }, (_, row) => batch * rowsPerBatch + row)
  {
    await using session = await fixture.open([of], {
      config: { memory_limit: '50MB', threads: 1, cdc_deletion_mode: 'soft_delete' },
    })
    await session.startStream(of.stream, { resumed: false })
    for (let batch = 0; batch < batches; batch++) {
      await session.write(
        copyOf(
          ids(batch).map((id) => [id, ...names.map((name) => `${name} of ${id}`)]),
          of,
        ),
      )
    }
    await session.copiedStream(of.stream)
    await session.commit([])
    for (let batch = 0; batch < batches; batch++) {
      const order = batch * rowsPerBatch
      const changes = ids(batch).map((id, row) => ({ operation: 'delete' as const, order: order + row, row: [id] }))
      await session.write(changesOf(changes, of))
    }
    await session.commit([])
  }
  const sql = 'SELECT count(*), count(_ab_cdc_deleted_at), min(c11), count(DISTINCT c0) FROM staging.orders'
  const count = batches * rowsPerBatch
  expect(await fixture.rows(sql)).toEqual([`${count}|${count}|c11 of 0|${count}`])
}, 60_000)
