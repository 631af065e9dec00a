import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { configured } from '@eclusa/warehouse/testing/load'
import { SnowflakeFixture } from '../testing/snowflake-fixture.ts'

let fixture: SnowflakeFixture
beforeAll(async () => {
  fixture = await SnowflakeFixture.open()
})
afterAll(() => fixture[Symbol.asyncDispose]())
beforeEach(() => fixture.renew())

const incremental = (mode: 'append' | 'append_dedup') =>
  configured({ syncMode: 'incremental', destinationSyncMode: mode })

describe('a session', () => {
  it('replaces a table by each full refresh, with the commit that completes it', async () => {
    await fixture.load(configured(), [
      [1, 'one'],
      [2, null],
    ])
    expect(await fixture.rows('SELECT id, note, _airbyte_generation_id FROM orders ORDER BY id')).toEqual([
      '1|one|1',
      '2|NULL|1',
    ])
    await fixture.load(configured(), [[3, 'three']], { complete: false })
    expect(await fixture.rows('SELECT id FROM orders ORDER BY id')).toEqual(['1', '2'])
    await fixture.load(configured(), [[4, 'four']], { resumed: true })
    expect(await fixture.rows('SELECT id, _airbyte_generation_id FROM orders ORDER BY id')).toEqual(['3|2', '4|2'])
    expect(await fixture.rows('SHOW TABLES')).toHaveLength(1)
  })

  it('appends', async () => {
    const of = incremental('append')
    await fixture.load(of, [[1, 'one']])
    await fixture.load(of, [[1, 'again']], { resumed: true })
    expect(await fixture.rows('SELECT id, note FROM orders ORDER BY _airbyte_raw_id')).toEqual(['1|one', '1|again'])
  })

  it('merges rows by their key', async () => {
    const of = incremental('append_dedup')
    await fixture.load(of, [
      [1, 'one'],
      [2, 'two'],
      [1, 'uno'],
    ])
    await fixture.load(
      of,
      [
        [2, 'due'],
        [3, 'tre'],
        [3, 'three'],
      ],
      { resumed: true },
    )
    expect(await fixture.rows('SELECT id, note FROM orders ORDER BY id')).toEqual(['1|uno', '2|due', '3|three'])
  })
})
