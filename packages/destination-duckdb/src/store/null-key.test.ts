import type { ConfiguredStream } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { configured } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const composite = {
  primaryKey: ['id', 'region'],
  columns: { id: 'int32', note: 'text', region: 'text' },
  syncMode: 'incremental',
} as const
const refusal = (column: string) => ({
  code: 'KEY_VALUE_NULL',
  message: `Key column "${column}" of stream shop.orders is NULL in some rows, so that they cannot be told apart.`,
  details: { stream: 'shop.orders', column },
})

const rows = (of: string) => fixture.rows(`SELECT id, note, region FROM ${of} ORDER BY ALL`)

describe('a key that is NULL', () => {
  const merged: ConfiguredStream = configured({ ...composite, destinationSyncMode: 'append_dedup' })
  const appended: ConfiguredStream = configured({ ...composite, destinationSyncMode: 'append' })

  it('stops the stream before anything is merged, and loses nothing', async () => {
    await fixture.load(merged, [[1, 'a', 'eu']])
    await expect(
      fixture.load(
        merged,
        [
          [1, 'b', 'eu'],
          [2, 'c', null],
          [2, 'd', null],
        ],
        { resumed: true },
      ),
    ).rejects.toMatchObject(refusal('region'))
    expect(await rows('staging.orders')).toEqual(['1|a|eu'])
  })

  it.each(['incremental', 'full_refresh'] as const)('stops the first load too (%s)', async (syncMode) => {
    await expect(fixture.load({ ...merged, syncMode }, [[null, 'a', 'eu']])).rejects.toMatchObject(refusal('id'))
  })

  it('is no concern of columns beside the key, nor of streams that do not merge', async () => {
    await fixture.load(merged, [[1, null, 'eu']])
    expect(await rows('staging.orders')).toEqual(['1|NULL|eu'])
    await fixture.load(appended, [[2, 'a', null]], { resumed: true })
    expect(await rows('staging.orders')).toEqual(['1|NULL|eu', '2|a|NULL'])
  })

  it('is found in rows that were appended before the mode was changed', async () => {
    await fixture.load(appended, [
      [1, 'a', null],
      [1, 'b', null],
    ])
    await expect(fixture.load(merged, [[1, 'c', 'eu']], { resumed: true })).rejects.toMatchObject(refusal('region'))
    expect(await rows('staging.orders')).toEqual(['1|a|NULL', '1|b|NULL'])
  })
})
