import { describe, expect, it } from 'vitest'
import { searchEntries, searchIndex } from './search-entries.ts'
import type { IndexEntry, SearchText } from './site-data.ts'

const shop: readonly (readonly [IndexEntry, SearchText])[] = [
  [{ id: 'model.shop.orders', name: 'orders', part: 0, tags: ['nightly'] }, { columns: ['order_id', 'Amount'] }],
  [{ id: 'model.shop.stg_orders', name: 'stg_orders', part: 0 }, { description: 'Raw orders, one row per Payment.' }],
  [{ id: 'test.shop.unique_orders', name: 'unique_orders', part: 0 }, {}],
  [{ id: 'source.shop.raw.orders', name: 'raw.orders', part: 0 }, {}],
  [{ id: 'model.shop.totals', name: 'totals', part: 0, file: 'models/marts/totals.sql' }, { code: 'sum lag payments' }],
  [{ id: 'model.shop.secret_orders', name: 'secret_orders', part: 0, isHidden: true }, {}],
]
const index = searchIndex(
  shop.map(([entry]) => entry),
  shop.map(([, text]) => text),
)

function find(query: string, limit = 10): string[] {
  return searchEntries(index, query, limit).map(
    ({ entry, found }) => `${index.entries.at(entry)!.name} by ${found.field}`,
  )
}

describe('searchEntries', () => {
  it('puts the name itself first, tests last, and leaves out what is hidden', () => {
    expect(find('ORDERS')).toEqual([
      'orders by name',
      'raw.orders by name',
      'stg_orders by name',
      'unique_orders by name',
    ])
    expect(find('orders', 1)).toEqual(['orders by name'])
  })

  it('finds columns, tags, descriptions, files and code', () => {
    expect(find('amount')).toEqual(['orders by column'])
    expect(find('nightly')).toEqual(['orders by tag'])
    expect(find('payment')).toEqual(['stg_orders by description', 'totals by code'])
    expect(find('marts')).toEqual(['totals by file'])
  })

  it('wants every word', () => {
    expect(find('stg payment')).toEqual(['stg_orders by name'])
    expect(find('stg absent')).toEqual([])
    expect(find('  ')).toEqual([])
  })
})
