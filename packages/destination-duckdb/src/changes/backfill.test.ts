import { describe, expect, it } from 'vitest'
import type { DestinationSession } from '@eclusa/sdk'
import { changesOf, copyOf, replicated, unchanged } from '@eclusa/warehouse/testing/load'
import type { Change } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

/*
 * A column that the table got late is read again in all rows, as of one place in the log: updates there that leave all other
 * columns unchanged.
 */

const fixture = fixtureForEachTest()

const before = replicated({ columns: { id: 'int32', note: 'text' } })
const after = replicated({ columns: { id: 'int32', note: 'text', vat: 'int32' } })

/** As of position 10: 1 and 2 as they were copied, 3 changed and 4 inserted since the column is there, 5 deleted. */
async function follow(config: { cdc_deletion_mode?: 'soft_delete' } = {}): Promise<DestinationSession> {
  {
    await using copying = await fixture.open([before], { config })
    await copying.startStream(before.stream, { resumed: false })
    await copying.write(
      copyOf(
        [1, 2, 3, 5].map((id) => [id, `copied ${id}`]),
        before,
        1n,
      ),
    )
    await copying.copiedStream(before.stream)
    await copying.commit([{ stream: before.stream, state: {} }])
  }
  const session = await fixture.open([after], { config })
  await session.startStream(after.stream, { resumed: true })
  await session.write(
    changesOf(
      [
        { operation: 'update', position: 5n, row: [3, 'changed 3', 30] },
        { operation: 'insert', position: 6n, row: [4, 'new 4', null] },
        { operation: 'delete', position: 7n, row: [5] },
      ],
      after,
    ),
  )
  await session.commit([])
  return session
}

const fill = (values: Readonly<Record<number, number | null>>, position = 10n) =>
  changesOf(
    Object.entries(values).map(([id, vat]) => ({
      operation: 'update',
      position,
      order: -1,
      row: [Number(id), unchanged, vat],
    })),
    after,
  )

const later = (...changes: readonly Omit<Change, 'position'>[]) =>
  changesOf(
    changes.map((change) => ({ ...change, position: 12n })),
    after,
  )

const rows = async () => await fixture.rows('SELECT id, note, vat FROM staging.orders ORDER BY id')

describe('a column that is filled', () => {
  it('has its values in all rows, whose other columns stay', async () => {
    {
      await using session = await follow()
      expect(fixture.log.lines.join()).toContain('eclusa backfill shop.orders vat')
      await session.write(fill({ 1: 19, 2: 19, 3: 30, 4: null }))
      await session.commit([])
    }
    expect(await rows()).toEqual(['1|copied 1|19', '2|copied 2|19', '3|changed 3|30', '4|new 4|NULL'])
    expect(await fixture.rows(`SELECT DISTINCT _airbyte_meta->'changes' FROM staging.orders`)).toEqual(['[]'])
  })

  it.each([true, false])('gives way to what changed later, committed by itself: %s', async (isCommitted) => {
    {
      await using session = await follow()
      await session.write(fill({ 1: 19, 2: 19, 3: 30, 4: null }))
      if (isCommitted) await session.commit([])
      await session.write(
        later(
          { operation: 'update', row: [1, 'later 1', 7] },
          { operation: 'update', row: [2, 'later 2', unchanged] },
          { operation: 'delete', row: [3] },
          { operation: 'insert', row: [6, 'later 6', 8] },
        ),
      )
      await session.commit([])
    }
    expect(await rows()).toEqual(['1|later 1|7', '2|later 2|19', '4|new 4|NULL', '6|later 6|8'])
  })

  it('may be filled again, from another place, after it was filled half and the log has gone on', async () => {
    {
      await using session = await follow()
      await session.write(fill({ 1: 19 }))
      await session.commit([])
      await session.write(later({ operation: 'update', row: [2, 'later 2', 7] }, { operation: 'delete', row: [1] }))
      await session.write(fill({ 2: 7, 3: 30, 4: null }, 13n))
      await session.commit([])
    }
    expect(await rows()).toEqual(['2|later 2|7', '3|changed 3|30', '4|new 4|NULL'])
  })

  it('leaves rows alone that are marked as deleted', async () => {
    {
      await using session = await follow({ cdc_deletion_mode: 'soft_delete' })
      await session.write(fill({ 1: 19, 2: 19, 3: 30, 4: null }))
      await session.commit([])
    }
    expect(
      await fixture.rows('SELECT id, note, vat, _ab_cdc_deleted_at IS NULL FROM staging.orders ORDER BY id'),
    ).toEqual([
      '1|copied 1|19|true',
      '2|copied 2|19|true',
      '3|changed 3|30|true',
      '4|new 4|NULL|true',
      '5|copied 5|NULL|false',
    ])
  })
})
