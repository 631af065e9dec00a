import { describe, expect, it } from 'vitest'
import { batchOf, configured, schemaOf } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const before = { id: 'int32', note: 'text' }
const after = { id: 'int32', note: 'text', vat: 'decimal(4,2)', paid: 'boolean' }
const told = () => fixture.log.lines.filter((line) => line.includes('hold NULL'))
const remedy = 'run `eclusa run --full-refresh --select shop.orders`'

describe('columns that come after rows', () => {
  it.each(['append', 'append_dedup'] as const)(
    'are told of once, with the command that reads the rows again (%s)',
    async (destinationSyncMode) => {
      const of = (columns: Record<string, string>) =>
        configured({ columns, syncMode: 'incremental', destinationSyncMode })
      await fixture.load(of(before), [[1, 'a']])
      expect(told()).toEqual([])
      await fixture.load(of(after), [[2, 'b', '1.00', true]], { resumed: true })
      expect(told()).toEqual([expect.stringContaining('Columns "vat", "paid" of stream shop.orders are new')])
      expect(told()[0]).toContain(remedy)
      await fixture.load(of(after), [[3, 'c', '1.00', true]], { resumed: true })
      expect(told()).toHaveLength(1)
      expect(await fixture.rows('SELECT id, vat FROM staging.orders ORDER BY id')).toEqual([
        '1|NULL',
        '2|1.00',
        '3|1.00',
      ])
    },
  )

  it('are told of when only rows of this load are before them', async () => {
    const orders = configured({ columns: before, syncMode: 'incremental', destinationSyncMode: 'append_dedup' })
    await fixture.load(orders, [])
    await using session = await fixture.open([orders])
    await session.startStream(orders.stream, { resumed: true })
    await session.write(batchOf([[1, 'a']], orders))
    await session.write(batchOf([[2, 'b', true]], orders, schemaOf({ ...before, paid: 'boolean' }, 2)))
    await session.commit([])
    expect(told()).toEqual([expect.stringContaining('Column "paid" of stream shop.orders is new')])
  })

  it('are told of in a refresh, which needs no command', async () => {
    const orders = configured({ columns: before })
    await fixture.load(orders, [[1, 'a']], { complete: false })
    await fixture.load(configured({ columns: after }), [[2, 'b', '1.00', true]], { resumed: true })
    expect(told()).toEqual([expect.stringContaining('The next refresh reads them again.')])
  })

  it('are not told of where there are no rows', async () => {
    const of = (columns: Record<string, string>) =>
      configured({ columns, syncMode: 'incremental', destinationSyncMode: 'append' })
    await fixture.load(of(before), [])
    await fixture.load(of(after), [[1, 'a', '1.00', true]], { resumed: true })
    expect(told()).toEqual([])
  })
})
