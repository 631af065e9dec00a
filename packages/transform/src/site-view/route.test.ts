import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRoute, routeText } from './route.ts'
import type { Route } from './route.ts'

describe('parseRoute', () => {
  it.each([
    ['', { page: 'overview' }],
    ['#!/overview', { page: 'overview' }],
    ['#prerequisites', { page: 'overview' }],
    ['#!/overview/dbt_utils', { page: 'overview', packageName: 'dbt_utils' }],
    ['#!/model/model.shop.orders', { page: 'entry', id: 'model.shop.orders' }],
    ['#!/model/model.shop.orders#columns', { page: 'entry', id: 'model.shop.orders', section: 'columns' }],
    ['#!/list/model', { page: 'list', kind: 'model' }],
    ['#!/lineage', { page: 'lineage', select: '', exclude: '', withTests: false }],
    ['#!/model/%', { page: 'entry', id: '%' }],
  ])('reads %j', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route)
  })

  it('reads back every address', () => {
    const text = fc.string({ unit: 'grapheme' })
    const filled = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => !value.includes('\uFFFD'))
    const route: fc.Arbitrary<Route> = fc.oneof(
      fc.record({ page: fc.constant('overview' as const), packageName: filled }),
      fc.record({ page: fc.constant('entry' as const), id: filled.map((name) => `model.shop.${name}`) }),
      fc.record({
        page: fc.constant('entry' as const),
        id: filled.map((name) => `model.shop.${name}`),
        section: filled,
      }),
      fc.record({ page: fc.constant('lineage' as const), select: text, exclude: text, withTests: fc.boolean() }),
    )
    fc.assert(
      fc.property(route, (one) => {
        expect(parseRoute(routeText(one))).toEqual(one)
      }),
    )
  })
})
