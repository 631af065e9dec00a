import { describe, expect, it } from 'vitest'
import { LineageGraph } from './lineage-graph.ts'
import { selectLineage } from './lineage-selection.ts'
import type { IndexEntry } from './site-data.ts'

/** raw -> stg_orders -> orders -> board, stg_customers -> orders. */
const entries: readonly IndexEntry[] = [
  {
    id: 'source.shop.raw.orders',
    name: 'raw.orders',
    part: 0,
    relation: { database: 'd', schema: 'raw', identifier: 'orders' },
  },
  { id: 'model.shop.stg_orders', name: 'stg_orders', part: 0, parents: [0], file: 'models/staging/stg_orders.sql' },
  { id: 'model.shop.stg_customers', name: 'stg_customers', part: 0, file: 'models/staging/stg_customers.sql' },
  { id: 'model.shop.orders', name: 'orders', part: 0, parents: [1, 2], tags: ['nightly'], materialized: 'table' },
  { id: 'exposure.shop.board', name: 'board', part: 0, parents: [3] },
]
const graph = new LineageGraph(entries)

function find(select: string, exclude = ''): string[] {
  const { entries: found } = selectLineage(entries, graph, { select, exclude })
  return [...found].toSorted((a, b) => a - b).map((at) => entries.at(at)!.name)
}

describe('selectLineage', () => {
  it.each([
    ['', ['raw.orders', 'stg_orders', 'stg_customers', 'orders', 'board']],
    ['orders', ['orders']],
    ['+stg_orders', ['raw.orders', 'stg_orders']],
    ['1+orders', ['stg_orders', 'stg_customers', 'orders']],
    ['stg_orders+1', ['stg_orders', 'orders']],
    ['source:raw+1', ['raw.orders', 'stg_orders']],
    ['source:raw.orders', ['raw.orders']],
    ['@stg_orders', ['raw.orders', 'stg_orders', 'stg_customers', 'orders', 'board']],
    ['stg_*', ['stg_orders', 'stg_customers']],
    ['staging', ['stg_orders', 'stg_customers']],
    ['path:models/staging', ['stg_orders', 'stg_customers']],
    ['tag:nightly exposure:board', ['orders', 'board']],
    ['+orders,stg_*', ['stg_orders', 'stg_customers']],
    ['config.materialized:table', ['orders']],
    ['resource_type:exposure', ['board']],
    ['schema:raw', ['raw.orders']],
    ['model.shop.orders', ['orders']],
    ['absent', []],
    ['wrong_method:x', []],
  ])('finds for %j', (select, names) => {
    expect(find(select)).toEqual(names)
  })

  it('leaves out what is excluded, and says what found nothing', () => {
    expect(find('+orders', 'stg_customers')).toEqual(['raw.orders', 'stg_orders', 'orders'])
    expect(selectLineage(entries, graph, { select: 'orders absent', exclude: '' }).unknown).toEqual(['absent'])
  })
})
