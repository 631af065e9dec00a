import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  changesOf,
  committedAtUs,
  copyOf,
  insert,
  remove,
  replicated,
  schemaOf,
  stream,
  unchanged,
  update,
} from '@eclusa/warehouse/testing/load'
import type { Change } from '@eclusa/warehouse/testing/load'
import { DuckDbFixture } from '../../testing/duckdb-fixture.ts'
import { fixtureForEachTest } from '../../testing/fixture-for-each-test.ts'
import { arbitraryValue, everyType } from '../../testing/random-batch.ts'

const fixture = fixtureForEachTest()

const table = 'staging.orders'
const data = `SELECT id, note FROM ${table} ORDER BY ALL`
const checkpoints = [{ stream, state: {} }]

/** A session whose stream is copied, with these rows, and in which nothing is committed yet. */
async function copied(rows: readonly (readonly unknown[])[], of = replicated()) {
  const session = await fixture.open([of])
  await session.startStream(of.stream, { resumed: false })
  await session.write(copyOf(rows, of))
  await session.copiedStream(of.stream)
  return session
}

describe('what was not sent', () => {
  it('is kept for every type: from the change before and from the table', async () => {
    const types = everyType.map((type, index) => ({ name: `c${index}`, type, nullable: true }))
    const id = { name: 'id', type: { type: 'int32' } as const, nullable: false }
    const of = replicated({ schema: { version: 1, columns: [id, ...types] } })
    const values = everyType.map((type) => fc.sample(arbitraryValue(type), { numRuns: 1, seed: 3 })[0])
    const absent = everyType.map(() => unchanged)
    {
      await using session = await copied([], of)
      const put = (key: number, operation: Change['operation'], row: readonly unknown[], position: bigint): Change => ({
        operation,
        row: [key, ...row],
        position,
      })
      await session.write(
        changesOf(
          [
            put(1, 'insert', values, 1n),
            put(2, 'insert', values, 1n),
            put(3, 'insert', values, 1n),
            put(2, 'update', absent, 2n),
          ],
          of,
        ),
      )
      await session.commit(checkpoints)
      await session.write(changesOf([put(3, 'update', absent, 3n)], of))
      await session.commit(checkpoints)
    }
    const differs = types.map(({ name }) => `a.${name} IS DISTINCT FROM b.${name}`).join(' OR ')
    const query = `SELECT count(*), count(*) FILTER (${differs}), max(b._ab_cdc_lsn) FROM ${table} AS a, ${table} AS b WHERE a.id = 1 AND b.id > 1`
    expect(await fixture.rows(query)).toEqual(['2|0|3'])
  })

  it('is kept in more columns than one word of marks has bits, which come one after the other', async () => {
    const names = Array.from({ length: 70 }, (_, index) => `c${index}`)
    const of = replicated({ columns: { id: 'int32', ...Object.fromEntries(names.map((name) => [name, 'text'])) } })
    {
      await using session = await copied([[1, ...names]], of)
      for (const [index, name] of names.entries()) {
        const row = names.map((other) => (other === name ? unchanged : `${other} at ${index}`))
        await session.write(changesOf([{ operation: 'update', row: [1, ...row], position: BigInt(index + 1) }], of))
      }
      await session.commit(checkpoints)
    }
    expect(await fixture.rows(`SELECT c0, c30, c31, c68, c69 FROM ${table}`)).toEqual([
      'c0 at 69|c30 at 69|c31 at 69|c68 at 69|c69 at 68',
    ])
  })

  it('goes with what _airbyte_meta says of it', async () => {
    const lossy = { row: 0, column: 'note', change: 'NULLED', reason: 'too large', text: '1e999' } as const
    {
      await using session = await copied([])
      await session.write({ ...changesOf([insert(1, null), insert(2, 'x')]), unrepresentable: [lossy] })
      await session.commit(checkpoints)
      await session.write(changesOf([update(1, unchanged, 2n), update(2, unchanged, 2n)]))
      await session.commit(checkpoints)
    }
    const meta = `SELECT id, note, _airbyte_meta->>'$.changes[0].value', json_array_length(_airbyte_meta->'changes') FROM ${table} ORDER BY id`
    expect(await fixture.rows(meta)).toEqual(['1|NULL|1e999|1', '2|x|NULL|0'])
  })

  it('is NULL where it is nowhere to be found, and both the row and the log say so', async () => {
    {
      await using session = await copied([])
      await session.write(changesOf([update(1, unchanged)]))
      await session.commit(checkpoints)
    }
    expect(await fixture.rows(`SELECT id, note, _airbyte_meta->>'$.changes[0].reason' FROM ${table}`)).toEqual([
      '1|NULL|SOURCE_RETRIEVAL_ERROR',
    ])
    expect(fixture.log.lines).toContainEqual(expect.stringContaining('were found in no earlier row'))
  })

  it('is NULL in a history without key', async () => {
    const of = replicated({ destinationSyncMode: 'append', primaryKey: [] })
    {
      await using session = await copied([[1, 'a']], of)
      await session.write(changesOf([update(1, unchanged), insert(2, 'b')], of))
      await session.commit(checkpoints)
    }
    expect(
      await fixture.rows(
        `SELECT id, note, json_array_length(_airbyte_meta->'changes') FROM ${table} ORDER BY _ab_cdc_order, id`,
      ),
    ).toEqual(['1|a|0', '1|NULL|1', '2|b|0'])
  })

  it('stays in the column where it is when the type has changed incompatibly', async () => {
    {
      await using session = await copied([
        [1, 'old'],
        [2, 'old'],
      ])
      await session.commit(checkpoints)
      const changed = schemaOf({ id: 'int32', note: 'int32' }, 2)
      await session.write(changesOf([update(1, unchanged, 2n), update(2, 7, 2n)], replicated(), changed))
      await session.commit(checkpoints)
      await session.write(changesOf([update(2, unchanged, 3n)], replicated(), changed))
      await session.commit(checkpoints)
    }
    expect(await fixture.rows(`SELECT id, note, note_v2 FROM ${table} ORDER BY id`)).toEqual(['1|old|NULL', '2|NULL|7'])
  })
})

describe('columns that change between changes of one commit', () => {
  it('are followed: new, wider, gone', async () => {
    const first = replicated({ columns: { id: 'int32', note: 'text', amount: 'int32' } })
    const second = schemaOf({ id: 'int32', amount: 'int64', fresh: 'text' }, 2)
    {
      await using session = await copied(
        [
          [1, 'a', 1],
          [2, 'b', 2],
          [3, 'c', 3],
        ],
        first,
      )
      await session.commit(checkpoints)
      await session.write(
        changesOf([{ operation: 'update', row: [1, 'a2', unchanged], position: 1n }, remove(3, 1n)], first),
      )
      await session.write(
        changesOf(
          [
            { operation: 'update', row: [1, unchanged, 'new'], position: 2n },
            { operation: 'insert', row: [4, 2n ** 40n, unchanged], position: 2n },
          ],
          first,
          second,
        ),
      )
      await session.commit(checkpoints)
    }
    expect(await fixture.rows(`SELECT id, note, amount, fresh FROM ${table} ORDER BY id`)).toEqual([
      '1|NULL|1|new',
      '2|b|2|NULL',
      '4|NULL|1099511627776|NULL',
    ])
  })

  it('are followed after a truncation, and in a history', async () => {
    const of = replicated({ destinationSyncMode: 'append' })
    const wider = schemaOf({ id: 'int32', note: 'text', fresh: 'text' }, 2)
    for (const [mode, expected] of [
      [replicated(), ['3|c|x']],
      [of, ['1|a|NULL', '1|NULL|NULL', '2|b|NULL', '2|NULL|NULL', '3|c|x']],
    ] as const) {
      using own = new DuckDbFixture()
      {
        await using session = await own.open([mode])
        await session.startStream(stream, { resumed: false })
        await session.write(copyOf([[1, 'a']], mode))
        await session.copiedStream(stream)
        await session.commit(checkpoints)
        await session.write(changesOf([insert(2, 'b', 1n)], mode))
        await session.truncateStream(stream, { position: 2n, order: 0, committedAtUs: committedAtUs(2n) })
        await session.write(changesOf([{ operation: 'insert', row: [3, 'c', 'x'], position: 3n }], mode, wider))
        await session.commit(checkpoints)
      }
      expect(await own.rows(`SELECT id, note, fresh FROM ${table} ORDER BY id, note`)).toEqual(expected)
    }
  })
})

describe('a truncation', () => {
  it('takes all rows before it and none after it, once', async () => {
    const at = { position: 2n, order: 1, committedAtUs: committedAtUs(2n) }
    {
      await using session = await copied([[1, 'a']])
      await session.write(changesOf([insert(2, 'b', 1n)]))
      await session.truncateStream(stream, at)
      await session.write(changesOf([insert(3, 'c', 3n)]))
      await session.commit(checkpoints)
      await session.truncateStream(stream, at)
      await session.commit(checkpoints)
    }
    expect(await fixture.rows(data)).toEqual(['3|c'])
  })
})

describe('a copy', () => {
  it('shows nothing until it is whole, and then all with what changed meanwhile', async () => {
    {
      await using session = await fixture.open([replicated()])
      await session.startStream(stream, { resumed: false })
      await session.write(
        copyOf([
          [1, 'a'],
          [2, 'b'],
        ]),
      )
      await session.write(changesOf([update(1, 'changed', 5n), remove(2, 5n)]))
      await session.commit(checkpoints)
    }
    expect(await fixture.rows(`SELECT count(*) FROM duckdb_tables() WHERE table_name = 'orders'`)).toEqual(['0'])
    {
      await using session = await fixture.open([replicated()])
      await session.startStream(stream, { resumed: true })
      await session.write(changesOf([insert(3, 'c', 6n)]))
      await session.copiedStream(stream)
      await session.write(changesOf([update(3, 'd', 7n)]))
      await session.commit(checkpoints)
    }
    expect(await fixture.rows(data)).toEqual(['1|changed', '3|d'])
  })

  it('that is made again replaces the table, and its changes count anew', async () => {
    {
      await using session = await copied([[1, 'a']])
      await session.write(changesOf([update(1, 'b', 9n), insert(2, 'gone', 9n)]))
      await session.commit(checkpoints)
    }
    {
      await using session = await copied([[1, 'restored']])
      await session.write(changesOf([update(1, unchanged, 3n), insert(3, 'c', 3n)]))
      await session.commit(checkpoints)
    }
    expect(await fixture.rows(data)).toEqual(['1|restored', '3|c'])
  })

  it('begins anew when its stream is restarted, also after changes', async () => {
    {
      await using session = await copied([[1, 'a']])
      await session.commit(checkpoints)
      await session.write(changesOf([insert(2, 'b', 4n)]))
      await session.restartStream(stream)
      await session.write(copyOf([[7, 'anew']]))
      await session.copiedStream(stream)
      await session.write(changesOf([insert(8, 'x', 2n)]))
      await session.commit(checkpoints)
    }
    expect(await fixture.rows(data)).toEqual(['7|anew', '8|x'])
  })

  it('that is newer than a change is not overwritten by it', async () => {
    {
      await using session = await fixture.open([replicated()])
      await session.startStream(stream, { resumed: false })
      await session.write(
        copyOf(
          [
            [1, 'as of 10'],
            [2, 'as of 10'],
          ],
          replicated(),
          10n,
        ),
      )
      await session.copiedStream(stream)
      await session.write(changesOf([update(1, 'as of 9', 9n), remove(2, 9n), insert(3, 'as of 9', 9n)]))
      await session.commit(checkpoints)
    }
    expect(await fixture.rows(data)).toEqual(['1|as of 10', '2|as of 10', '3|as of 9'])
  })
})

it('a history that becomes a table with a key keeps the last of each row, and none that is gone', async () => {
  const history = replicated({ destinationSyncMode: 'append' })
  {
    await using session = await copied(
      [
        [1, 'a'],
        [2, 'b'],
      ],
      history,
    )
    await session.write(changesOf([update(1, 'c', 1n), remove(2, 2n)], history))
    await session.commit(checkpoints)
  }
  {
    await using session = await fixture.open([replicated()])
    await session.startStream(stream, { resumed: true })
    await session.write(changesOf([insert(3, 'd', 3n)]))
    await session.commit(checkpoints)
  }
  expect(await fixture.rows(data)).toEqual(['1|c', '3|d'])
})

it('deletes are soft also by the name that Airbyte has for it', async () => {
  const options = { config: { cdc_deletion_mode: 'Soft delete' } } as const
  await using session = await fixture.open([replicated()], options)
  await session.startStream(stream, { resumed: false })
  await session.write(copyOf([[1, 'a']]))
  await session.copiedStream(stream)
  await session.write(changesOf([remove(1)]))
  await session.commit(checkpoints)
  await session[Symbol.asyncDispose]()
  expect(await fixture.rows(`SELECT id, note, _ab_cdc_deleted_at IS NULL FROM ${table}`)).toEqual(['1|a|false'])
})

it('rows that come as such after the copy are refused', async () => {
  const session = await copied([[1, 'a']])
  await session.commit(checkpoints)
  await session.write(copyOf([[2, 'late']]))
  await expect(session.commit(checkpoints)).rejects.toThrow('rows of a table copy came after it')
  await session[Symbol.asyncDispose]()
})
