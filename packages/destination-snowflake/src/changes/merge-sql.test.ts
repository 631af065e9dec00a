import { snowflakeRules } from '../table/snowflake-rules.ts'
import { describe, expect, it } from 'vitest'
import { changeNames } from './merge.ts'
import type { Merge } from './merge.ts'
import { keyedMerge, plainMerge, resolvedMerge, truncation } from './merge-sql.ts'
import { resolveRows } from './resolve-sql.ts'

const metadata = ['_AIRBYTE_META', '_AB_CDC_LSN', '_AB_CDC_ORDER', '_AB_CDC_UPDATED_AT', '_AB_CDC_DELETED_AT']

const merge: Merge = {
  table: '"SHOP"."STAGING"."ORDERS"',
  staging: '"SHOP"."_ECLUSA"."CHANGES"',
  key: ['ID'],
  columns: [
    { name: 'ID', of: 'id', mark: undefined },
    { name: 'NOTE', of: 'note', mark: undefined },
    ...metadata.map((name) => ({ name, of: undefined, mark: undefined })),
  ],
  names: changeNames(snowflakeRules('upper')),
  takes: 'last',
  deletes: 'removed',
  hasUnsentRekeys: false,
  keyRange: [{ column: 'ID', min: '7', max: '12' }],
}
const marked: Merge = {
  ...merge,
  columns: merge.columns.map((column) => (column.name === 'NOTE' ? { ...column, mark: { word: 0, mask: 1 } } : column)),
}
const resolved = '"SHOP"."_ECLUSA"."RESOLVED"'
const at = { position: 40n, order: 3, committedAtUs: 1_700_000_000_000_001n }

describe('the statements that bring changes into a table', () => {
  it('merge the last change of each key within the range of the keys', () => {
    expect(plainMerge(merge)).toMatchSnapshot('all changes')
    expect(plainMerge({ ...merge, deletes: 'as_sent', rows: { from: 2, before: 5 } })).toMatchSnapshot('a part of them')
  })

  it('add every change to a history', () => {
    expect(plainMerge({ ...merge, takes: 'all', deletes: 'as_sent' })).toMatchSnapshot()
  })

  it('make rows of what changes leave out, and merge those', () => {
    expect(resolveRows(marked, resolved)).toMatchSnapshot('rows')
    expect(resolvedMerge(marked, resolved)).toMatchSnapshot('merge of them')
    expect(resolveRows({ ...marked, deletes: 'filled' }, resolved)).toMatchSnapshot('with deletes')
    expect(resolveRows({ ...marked, takes: 'all', deletes: 'as_sent', key: [] }, resolved)).toMatchSnapshot(
      'of a history without key',
    )
  })

  it('follow a row from key to key', () => {
    expect(resolveRows({ ...marked, hasUnsentRekeys: true }, resolved)).toMatchSnapshot()
  })

  it('remove all rows that are older than a truncation, or mark them', () => {
    expect(truncation(merge, at)).toMatchSnapshot('removed')
    expect(truncation({ ...merge, deletes: 'filled' }, at)).toMatchSnapshot('marked')
  })

  it('merge rows of a stream with a cursor', () => {
    expect(keyedMerge(merge, 'd."UPDATED_AT" DESC NULLS LAST, d."_AIRBYTE_RAW_ID" DESC')).toMatchSnapshot()
  })
})
