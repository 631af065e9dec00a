import { describe, expect, it } from 'vitest'
import type { ConfiguredStream } from '@eclusa/sdk'
import { batchOf, changesOf, configured, copyOf, replicated } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const columns = { id: 'int32', line: 'int32', note: 'text' }
const byCursor = (primaryKey: readonly string[]) =>
  configured({ columns, primaryKey, syncMode: 'incremental', destinationSyncMode: 'append_dedup' })

const rows = async () => await fixture.rows('SELECT id, line, note FROM staging.orders ORDER BY ALL')

async function missingOf(of: ConfiguredStream): Promise<string[]> {
  await using session = await fixture.open([of])
  return (session.missing ?? []).map(({ name }) => name)
}

const warning =
  'Rows of stream shop.orders were merged by (id) until now, and its key is (id, line): it is loaded anew.'

describe('a stream whose key is another than its rows were merged by', () => {
  it('is read from its first row, and its table stays until that is done', async () => {
    await fixture.load(byCursor(['id']), [[1, 1, 'a']], { state: { at: 1 } })
    const of = byCursor(['id', 'line'])
    {
      await using session = await fixture.open([of])
      expect([session.missing, session.checkpoints]).toEqual([[of.stream], []])
      expect(fixture.log.lines).toEqual([warning])
      await session.startStream(of.stream, { resumed: false })
      await session.write(batchOf([[1, 1, 'a']], of))
      await session.commit([{ stream: of.stream, state: { at: 2 } }])
    }
    expect(await rows()).toEqual(['1|1|a'])
    expect(await missingOf(of)).toEqual([])
    {
      await using session = await fixture.open([of])
      await session.startStream(of.stream, { resumed: true })
      await session.write(batchOf([[1, 2, 'b']], of))
      await session.completeStream(of.stream)
      await session.commit([{ stream: of.stream, state: { at: 3 } }])
    }
    await fixture.load(of, [[1, 2, 'c']], { resumed: true })
    expect(await rows()).toEqual(['1|1|a', '1|2|c'])
    expect(fixture.log.lines).toEqual([warning])
  })

  it('begins anew when its copy is not whole, whatever was merged into that', async () => {
    const [narrow, wide] = [replicated({ columns }), replicated({ columns, primaryKey: ['id', 'line'] })]
    {
      await using session = await fixture.open([narrow])
      await session.startStream(narrow.stream, { resumed: false })
      await session.write(copyOf([[1, 1, 'a']], narrow))
      await session.write(changesOf([{ operation: 'insert', row: [1, 2, 'b'], position: 5n, order: -1 }], narrow))
      await session.commit([{ stream: narrow.stream, state: { at: 1 } }])
    }
    expect(await missingOf(narrow)).toEqual([])
    expect(await missingOf(wide)).toEqual(['orders'])
  })

  it('goes on when the key has the same columns in another order, or is not what rows are merged by', async () => {
    await fixture.load(byCursor(['id', 'line']), [[1, 1, 'a']])
    expect(await missingOf(byCursor(['line', 'id']))).toEqual([])
    const appended = { ...byCursor(['id']), destinationSyncMode: 'append' } as const
    await fixture.load(appended, [[1, 1, 'b']], { resumed: true })
    await fixture.load(byCursor(['id']), [[1, 2, 'c']], { resumed: true })
    expect(await rows()).toEqual(['1|2|c'])
    expect(await missingOf(byCursor(['line']))).toEqual(['orders'])
    expect(fixture.log.lines.filter((line) => line.includes('merged by'))).toHaveLength(1)
  })

  it('goes on from a ledger that does not have the key, and notes it', async () => {
    await fixture.load(byCursor(['id']), [[1, 1, 'a']])
    await fixture.query('UPDATE _eclusa.streams SET merge_key = NULL')
    await fixture.load(byCursor(['id']), [[1, 1, 'b']], { resumed: true })
    expect(await missingOf(byCursor(['id', 'line']))).toEqual(['orders'])
  })
})
