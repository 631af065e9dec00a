import { expect, it } from 'vitest'
import { manifestSelectors } from './selector-manifest.ts'

/* What dbt-core 1.10.23 writes into the manifest for the same selectors. */
it('lists selectors with their terms taken apart, and those that they name put in', () => {
  const selectors = {
    nightly: { name: 'nightly', description: 'Everything of the night', definition: 'tag:nightly+1' },
    all_ways: { name: 'all_ways', definition: '2+config.materialized:table+' },
    without_clicks: {
      name: 'without_clicks',
      default: true,
      definition: {
        union: [
          { method: 'tag', value: 'nightly', parents: true },
          '@orders',
          { exclude: ['stg_clicks', { method: 'source', value: 'other' }] },
        ],
      },
    },
    inherited: {
      name: 'inherited',
      definition: { intersection: [{ method: 'selector', value: 'nightly' }, { tag: 'daily' }] },
    },
    minus: { name: 'minus', definition: { method: 'tag', value: 'nightly', exclude: ['stg_orders'] } },
  }
  const nightly = { method: 'tag', value: 'nightly', children: true, children_depth: '1' }
  expect(manifestSelectors(new Map(Object.entries(selectors)))).toEqual({
    nightly: { ...selectors.nightly, definition: nightly },
    all_ways: {
      name: 'all_ways',
      definition: { parents: true, parents_depth: '2', method: 'config.materialized', value: 'table', children: true },
    },
    without_clicks: {
      name: 'without_clicks',
      default: true,
      definition: {
        union: [
          { method: 'tag', value: 'nightly', parents: true },
          { childrens_parents: true, method: 'fqn', value: 'orders' },
          {
            exclude: [
              { method: 'fqn', value: 'stg_clicks' },
              { method: 'source', value: 'other' },
            ],
          },
        ],
      },
    },
    inherited: { name: 'inherited', definition: { intersection: [nightly, { method: 'tag', value: 'daily' }] } },
    minus: selectors.minus,
  })
})
