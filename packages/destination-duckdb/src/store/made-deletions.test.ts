import { describe, expect, it } from 'vitest'
import { changesOf, committedAtUs, copyOf, replicated, schemaOf } from '@eclusa/warehouse/testing/load'
import type { Change } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const table = 'staging.orders'
const history = replicated({ destinationSyncMode: 'append' })
const all = `SELECT id, note, _ab_cdc_lsn, _ab_cdc_order, epoch_us(_ab_cdc_deleted_at) FROM ${table} ORDER BY ALL`
/** As people read the rows of a history that are there now. */
const current = `SELECT id, note FROM ${table}
  QUALIFY row_number() OVER (PARTITION BY id ORDER BY _ab_cdc_lsn DESC, _ab_cdc_order DESC) = 1 AND _ab_cdc_deleted_at IS NULL
  ORDER BY ALL`

/** A whole copy and changes after it, in commits of their own. Gives what the log was told. */
async function copy(
  rows: readonly (readonly unknown[])[],
  {
    position,
    of = history,
    changes = [],
    isOneMoment = true,
  }: { position: bigint; of?: typeof history; changes?: readonly Change[]; isOneMoment?: boolean },
): Promise<readonly string[]> {
  await using session = await fixture.open([of])
  await session.startStream(of.stream, { resumed: false })
  if (rows.length > 0) await session.write(copyOf(rows, of, position))
  const at = { position, atUs: committedAtUs(position) }
  await session.copiedStream(of.stream, isOneMoment ? at : undefined)
  await session.commit([{ stream: of.stream, state: {} }])
  if (changes.length > 0) await session.write(changesOf(changes, of))
  await session.commit([{ stream: of.stream, state: {} }])
  return fixture.log.lines.splice(0)
}

const removed = (id: number, position: bigint): Change => ({ operation: 'delete', row: [id], position })

describe('a history that is copied anew', () => {
  it('notes what was deleted meanwhile, where the copy stands, and nothing else', async () => {
    await copy(
      [
        [1, 'stays'],
        [2, 'is deleted unseen'],
        [3, 'was deleted before'],
      ],
      {
        position: 10n,
        changes: [removed(3, 11n), { operation: 'insert', row: [4, 'is deleted, too'], position: 12n }],
      },
    )
    const lines = await copy(
      [
        [1, 'stayed'],
        [5, 'is new'],
      ],
      { position: 20n },
    )
    expect(await fixture.rows(all)).toEqual([
      '1|stayed|20|-1|NULL',
      '1|stays|10|-1|NULL',
      '2|is deleted unseen|10|-1|NULL',
      `2|NULL|20|-1|${committedAtUs(20n)}`,
      '3|was deleted before|10|-1|NULL',
      `3|NULL|11|0|${committedAtUs(11n)}`,
      '4|is deleted, too|12|1|NULL',
      `4|NULL|20|-1|${committedAtUs(20n)}`,
      '5|is new|20|-1|NULL',
    ])
    expect(await fixture.rows(current)).toEqual(['1|stayed', '5|is new'])
    expect(lines.join()).toContain('2 rows were deleted at the source')
    expect(await fixture.rows(`SELECT count(DISTINCT _airbyte_raw_id) FROM ${table}`)).toEqual(['9'])
  })

  it('notes that all is gone when the copy is empty, once', async () => {
    await copy([[1, 'a']], { position: 10n })
    await copy([], { position: 20n })
    expect(await fixture.rows(current)).toEqual([])
    await copy([], { position: 30n })
    expect(await fixture.rows(`SELECT count(*) FROM ${table}`)).toEqual(['2'])
  })

  it('knows rows by all columns of their key', async () => {
    const columns = { a: 'int32', b: 'text', note: 'text' }
    const of = replicated({ destinationSyncMode: 'append', primaryKey: ['a', 'b'], schema: schemaOf(columns) })
    await copy(
      [
        [1, 'x', 'goes'],
        [1, 'y', 'stays'],
      ],
      { position: 10n, of },
    )
    await copy([[1, 'y', 'stays']], { position: 20n, of })
    expect(await fixture.rows(`SELECT a, b FROM ${table} WHERE _ab_cdc_deleted_at IS NOT NULL`)).toEqual(['1|x'])
  })

  it('says so where nothing tells what was deleted', async () => {
    const keyless = replicated({ destinationSyncMode: 'append', primaryKey: [] })
    await copy([[1, 'a']], { position: 10n, of: keyless })
    expect((await copy([[2, 'b']], { position: 20n, of: keyless })).join()).toContain(
      'cannot tell which rows were deleted',
    )
    expect((await copy([[2, 'b']], { position: 30n, isOneMoment: false })).join()).toContain('cannot tell which rows')
  })
})

describe('a history whose table is truncated', () => {
  it('notes that every row is gone where the truncation stands, between the changes before and after it', async () => {
    await copy(
      [
        [1, 'a'],
        [2, 'b'],
      ],
      { position: 10n, changes: [removed(2, 11n)] },
    )
    {
      await using session = await fixture.open([history])
      await session.startStream(history.stream, { resumed: true })
      await session.write(changesOf([{ operation: 'insert', row: [3, 'c'], position: 12n }], history))
      const at = { position: 13n, order: 4, committedAtUs: committedAtUs(13n) }
      await session.truncateStream(history.stream, at)
      // Again, as after a connection was lost.
      await session.truncateStream(history.stream, at)
      await session.write(changesOf([{ operation: 'insert', row: [1, 'again'], position: 13n, order: 5 }], history))
      await session.commit([{ stream: history.stream, state: {} }])
    }
    expect(await fixture.rows(all.replace(' ORDER', ' WHERE _ab_cdc_lsn > 11 ORDER'))).toEqual([
      '1|again|13|5|NULL',
      `1|NULL|13|4|${committedAtUs(13n)}`,
      '3|c|12|0|NULL',
      `3|NULL|13|4|${committedAtUs(13n)}`,
    ])
    expect(await fixture.rows(current)).toEqual(['1|again'])
    expect(await fixture.rows(`SELECT count(*) - count(DISTINCT _airbyte_raw_id) FROM ${table}`)).toEqual(['0'])
  })

  it('says so where no key tells which rows there were', async () => {
    const keyless = replicated({ destinationSyncMode: 'append', primaryKey: [] })
    await copy([[1, 'a']], { position: 10n, of: keyless })
    await using session = await fixture.open([keyless])
    await session.startStream(keyless.stream, { resumed: true })
    await session.truncateStream(keyless.stream, { position: 11n, order: 0, committedAtUs: committedAtUs(11n) })
    await session.commit([{ stream: keyless.stream, state: {} }])
    expect(fixture.log.lines.join()).toContain('no key tells which rows are current')
  })
})
