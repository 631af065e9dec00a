import { describe, expect, it } from 'vitest'
import { changesOf, copyOf, insert, rekey, remove, replicated, unchanged, update } from '@eclusa/warehouse/testing/load'
import type { Change } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const table = 'staging.orders'
const data = `SELECT id, note FROM ${table} ORDER BY ALL`
const softly = { config: { cdc_deletion_mode: 'soft_delete' } } as const

/** A whole copy, in a commit of its own. */
async function copy(rows: readonly (readonly unknown[])[], of = replicated(), options = {}): Promise<void> {
  await using session = await fixture.open([of], options)
  await session.startStream(of.stream, { resumed: false })
  await session.write(copyOf(rows, of))
  await session.copiedStream(of.stream)
  await session.commit([{ stream: of.stream, state: {} }])
}

/** Batches of one run, in one commit. */
async function apply(batches: readonly (readonly Change[])[], of = replicated(), options = {}): Promise<void> {
  await using session = await fixture.open([of], options)
  await session.startStream(of.stream, { resumed: true })
  for (const changes of batches) await session.write(changesOf(changes, of))
  await session.commit([{ stream: of.stream, state: {} }])
}

describe('changes of a table with a key', () => {
  it('become visible with their commit, and say where in the log they stand', async () => {
    await copy([
      [1, 'copied'],
      [2, 'copied'],
    ])
    await apply([[insert(3, 'new', 5n), update(1, 'changed', 5n), remove(2, 5n)]])
    expect(
      await fixture.rows(
        `SELECT id, note, _ab_cdc_lsn, _ab_cdc_order, epoch_us(_ab_cdc_updated_at), _ab_cdc_deleted_at FROM ${table} ORDER BY id`,
      ),
    ).toEqual(['1|changed|5|1|1700000005000000|NULL', '3|new|5|0|1700000005000000|NULL'])
  })

  it('leave only the last of each key, over several batches', async () => {
    await copy([[1, 'a']])
    await apply([
      [update(1, 'b', 1n), remove(1, 2n)],
      [insert(1, 'c', 3n), insert(2, 'x', 3n)],
      [update(1, 'd', 4n), remove(2, 4n)],
    ])
    expect(await fixture.rows(data)).toEqual(['1|d'])
  })

  it('keep what was not sent: from the change before, else from the table', async () => {
    await copy([
      [1, 'one'],
      [2, 'two'],
      [3, null],
    ])
    await apply([
      [update(1, unchanged, 1n), update(2, 'second', 1n), update(3, unchanged, 1n)],
      [update(2, unchanged, 2n), insert(4, 'four', 2n), update(4, unchanged, 2n)],
    ])
    expect(await fixture.rows(data)).toEqual(['1|one', '2|second', '3|NULL', '4|four'])
  })

  it('keep what was not sent over changes of the key, however many', async () => {
    await copy([
      [1, 'one'],
      [2, 'two'],
      [9, 'nine'],
    ])
    await apply([
      [
        ...rekey(1, 5, unchanged, 1n),
        ...rekey(5, 6, unchanged, 1n),
        ...rekey(2, 1, unchanged, 1n),
        update(6, unchanged, 2n),
      ],
      [update(9, 'ninth', 3n), ...rekey(9, 2, unchanged, 3n), insert(9, 'new nine', 4n), update(2, unchanged, 4n)],
    ])
    expect(await fixture.rows(data)).toEqual(['1|two', '2|ninth', '6|one', '9|new nine'])
  })

  it('swap keys within one transaction', async () => {
    await copy([
      [1, 'one'],
      [2, 'two'],
    ])
    await apply([[...rekey(1, 0, unchanged), ...rekey(2, 1, unchanged), ...rekey(0, 2, unchanged)]])
    expect(await fixture.rows(data)).toEqual(['1|two', '2|one'])
  })

  it('do nothing when they come again', async () => {
    await copy([
      [1, 'a'],
      [2, 'b'],
    ])
    const changes = [insert(3, 'c', 1n), remove(3, 2n), update(1, 'changed', 3n), remove(2, 4n)]
    await apply([changes])
    await apply([changes.slice(0, 1)])
    expect(await fixture.rows(data)).toEqual(['1|changed'])
    await apply([[...changes, insert(2, 'again', 5n)]])
    expect(await fixture.rows(data)).toEqual(['1|changed', '2|again'])
  })

  it('mark rows as deleted with the values they had, where deletes are soft', async () => {
    await copy(
      [
        [1, 'one'],
        [2, 'two'],
        [3, 'three'],
      ],
      undefined,
      softly,
    )
    await apply(
      [[update(2, 'second', 1n), remove(2, 2n), remove(1, 2n), ...rekey(3, 4, unchanged, 3n)]],
      undefined,
      softly,
    )
    const marked = `SELECT id, note, _ab_cdc_deleted_at IS NOT NULL, _ab_cdc_lsn FROM ${table} ORDER BY ALL`
    expect(await fixture.rows(marked)).toEqual(['1|one|true|2', '2|second|true|2', '3|three|true|3', '4|three|false|3'])
    await apply([[insert(1, 'back', 5n)]], undefined, softly)
    expect((await fixture.rows(marked))[0]).toEqual('1|back|false|5')
  })
})
