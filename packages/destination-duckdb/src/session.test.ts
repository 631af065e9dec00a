import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrorCode } from '@eclusa/sdk'
import type { ErrorCode } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { batchOf, configured, schemaOf, stream } from '@eclusa/warehouse/testing/load'
import { fixtureForEachTest } from '../testing/fixture-for-each-test.ts'

const fixture = fixtureForEachTest()

const table = 'staging.orders'
const data = `SELECT id, note FROM ${table} ORDER BY ALL`
const incremental = { syncMode: 'incremental', cursorColumn: 'id' } as const

const withCode = (code: ErrorCode) => (error: unknown) => hasErrorCode(error, code)

describe('overwrite', () => {
  it('replaces the rows of the refresh before and counts generations', async () => {
    await fixture.load(configured(), [
      [1, 'a'],
      [2, null],
    ])
    await fixture.load(configured(), [[3, 'c']])
    expect(await fixture.rows(`SELECT id, note, _airbyte_generation_id FROM ${table}`)).toEqual(['3|c|2'])
  })

  it('makes a table of a stream without rows', async () => {
    await fixture.load(configured(), [])
    expect(await fixture.rows(`SELECT count(*) FROM ${table}`)).toEqual(['0'])
  })

  it('shows the old rows until the commit that completes the new ones', async () => {
    await fixture.load(configured(), [[1, 'old']])
    await fixture.load(configured(), [[2, 'new']], { complete: false })
    expect(await fixture.rows(data)).toEqual(['1|old'])
    await fixture.load(configured(), [[3, 'newer']], { resumed: true })
    expect(await fixture.rows(data)).toEqual(['2|new', '3|newer'])
  })

  it('goes on over several commits and runs without losing or repeating rows', async () => {
    const rows = Array.from({ length: 10 }, (_, id) => [id, `row ${id}`])
    await fixture.load(configured(), rows.slice(0, 3), { complete: false })
    await fixture.load(configured(), rows.slice(3, 7), { resumed: true, complete: false })
    await fixture.load(configured(), rows.slice(7), { resumed: true })
    expect(await fixture.rows(data)).toEqual(rows.map((row) => row.join('|')))
    expect(await fixture.rows(`SELECT count(DISTINCT _airbyte_raw_id) FROM ${table}`)).toEqual(['10'])
  })

  it('discards what was accepted and not committed', async () => {
    await fixture.load(configured(), [[1, 'kept']], { state: { at: 1 } })
    {
      await using session = await fixture.open()
      await session.startStream(stream, { resumed: false })
      await session.write(batchOf([[2, 'lost']]))
      await session.completeStream(stream)
    }
    expect(await fixture.rows(data)).toEqual(['1|kept'])
    await using session = await fixture.open()
    expect(session.checkpoints).toEqual([{ stream, state: { at: 1 } }])
  })

  it('takes back committed rows of an unfinished refresh when the stream is restarted', async () => {
    await fixture.load(configured(), [[1, 'a']], { complete: false })
    {
      await using session = await fixture.open()
      await session.startStream(stream, { resumed: true })
      await session.write(batchOf([[2, 'b']]))
      await session.restartStream(stream)
      await session.write(batchOf([[3, 'c']]))
      await session.completeStream(stream)
      await session.commit([])
    }
    expect(await fixture.rows(data)).toEqual(['3|c'])
  })

  it('forgets the checkpoint of what was taken back, and not before the commit', async () => {
    await fixture.load(configured(), [[1, 'a']], { complete: false, state: { at: 1 } })
    const other = { namespace: 'shop', name: 'other' }
    {
      await using session = await fixture.open()
      await session.startStream(stream, { resumed: true })
      await session.restartStream(stream)
    }
    {
      await using session = await fixture.open()
      expect(session.checkpoints).toEqual([{ stream, state: { at: 1 } }])
      await session.startStream(stream, { resumed: true })
      await session.restartStream(stream)
      await session.commit([{ stream: other, state: {} }])
    }
    await using session = await fixture.open()
    expect(session.checkpoints).toEqual([{ stream: other, state: {} }])
  })

  it('keeps views over the table working', async () => {
    await fixture.load(configured(), [[1, 'old']])
    await fixture.query(`CREATE VIEW staging.seen AS SELECT note FROM ${table}`)
    await fixture.load(configured(), [[2, 'new']])
    expect(await fixture.rows('SELECT * FROM staging.seen')).toEqual(['new'])
  })

  it('takes the types of the source as they are, and keeps columns that are gone', async () => {
    await fixture.load(configured({ columns: { id: 'int32', note: 'text', gone: 'date' } }), [[1, 'x', '2024-01-01']])
    const changed = configured({ columns: { id: 'text', note: 'int16', fresh: 'boolean' } })
    await fixture.load(changed, [['one', 2, true]])
    expect(
      await fixture.rows(`SELECT id, note, gone, fresh, typeof(id), typeof(note), typeof(gone) FROM ${table}`),
    ).toEqual(['one|2|NULL|true|VARCHAR|SMALLINT|DATE'])
    expect(fixture.log.lines).toContainEqual(expect.stringContaining('"gone" is no longer in the source'))
    expect(fixture.log.lines).toContainEqual(expect.stringContaining('changes from INTEGER to VARCHAR'))
  })
})

describe('append', () => {
  const append = configured({ destinationSyncMode: 'append' })
  const appendIncremental = configured({ destinationSyncMode: 'append', ...incremental })

  it('adds each full refresh to the rows before, told apart by generation', async () => {
    await fixture.load(append, [[1, 'a']])
    await fixture.load(append, [[1, 'b']], { complete: false })
    expect(await fixture.rows(data)).toEqual(['1|a'])
    await fixture.load(append, [[2, 'c']], { resumed: true })
    const all = `SELECT id, note, _airbyte_generation_id FROM ${table} ORDER BY ALL`
    expect(await fixture.rows(all)).toEqual(['1|a|1', '1|b|2', '2|c|2'])
  })

  it('takes back an unfinished full refresh only', async () => {
    await fixture.load(append, [[1, 'a']])
    await fixture.load(append, [[2, 'b']], { complete: false })
    await fixture.load(append, [[3, 'c']])
    expect(await fixture.rows(data)).toEqual(['1|a', '3|c'])
  })

  it('makes rows of an incremental stream visible with each commit', async () => {
    await fixture.load(appendIncremental, [[1, 'a']])
    await fixture.load(appendIncremental, [[2, 'b']], { resumed: true, complete: false })
    expect(await fixture.rows(data)).toEqual(['1|a', '2|b'])
    await fixture.load(appendIncremental, [[2, 'again']], { resumed: true })
    expect(await fixture.rows(data)).toEqual(['1|a', '2|again', '2|b'])
  })

  it('takes back the rows since an incremental stream was complete last, when it is restarted', async () => {
    await fixture.load(appendIncremental, [[1, 'a']])
    await fixture.load(appendIncremental, [[2, 'b']], { resumed: true })
    await fixture.load(appendIncremental, [[3, 'unfinished']], { resumed: true, complete: false })
    {
      await using session = await fixture.open([appendIncremental])
      await session.startStream(stream, { resumed: true })
      await session.write(batchOf([[4, 'uncommitted']]))
      await session.restartStream(stream)
      await session.write(batchOf([[5, 'after']]))
      await session.commit([])
    }
    expect(await fixture.rows(data)).toEqual(['1|a', '2|b', '5|after'])
  })
})

describe('append_dedup', () => {
  const keyed = configured({ destinationSyncMode: 'append_dedup', syncMode: 'incremental' })

  it('keeps the last row of each key: within a batch, across batches, commits and runs', async () => {
    await fixture.load(keyed, [
      [1, 'a'],
      [2, 'b'],
      [1, 'a2'],
    ])
    expect(await fixture.rows(data)).toEqual(['1|a2', '2|b'])
    {
      await using session = await fixture.open([keyed])
      await session.startStream(stream, { resumed: true })
      await session.write(
        batchOf(
          [
            [2, 'b2'],
            [3, 'c'],
          ],
          keyed,
        ),
      )
      await session.write(batchOf([[2, 'b3']], keyed))
      await session.commit([])
      await session.write(batchOf([[3, 'c2']], keyed))
      await session.completeStream(stream)
      await session.commit([])
    }
    expect(await fixture.rows(data)).toEqual(['1|a2', '2|b3', '3|c2'])
  })

  it('lets the row that is ahead by the cursor win within a load, and always a later load', async () => {
    const byCursor = configured({
      ...incremental,
      destinationSyncMode: 'append_dedup',
      cursorColumn: 'seen',
      columns: { id: 'int32', note: 'text', seen: 'timestamp' },
    })
    const at = (second: number) => `2024-01-01 00:00:0${second}`
    await fixture.load(byCursor, [
      [1, 'newer', at(5)],
      [1, 'older', at(4)],
      [2, 'first', at(5)],
      [2, 'second', at(5)],
      [3, 'timed', at(1)],
      [3, 'untimed', null],
    ])
    expect(await fixture.rows(data)).toEqual(['1|newer', '2|second', '3|timed'])
    await fixture.load(
      byCursor,
      [
        [1, 'late', at(4)],
        [2, 'same', at(5)],
        [3, 'next', at(2)],
        [3, 'late', at(1)],
      ],
      { resumed: true },
    )
    expect(await fixture.rows(data)).toEqual(['1|late', '2|same', '3|next'])
  })

  it('compares keys exactly, also of several columns', async () => {
    const composite = configured({
      destinationSyncMode: 'append_dedup',
      syncMode: 'incremental',
      primaryKey: ['id', 'note'],
      columns: { id: 'int32', note: 'text', value: 'int16' },
    })
    await fixture.load(composite, [
      [1, 'a', 1],
      [1, 'A', 2],
      [1, 'a ', 3],
    ])
    await fixture.load(composite, [[1, 'a', 10]], { resumed: true })
    const all = await fixture.rows(`SELECT id, note, value FROM ${table} ORDER BY value`)
    expect(all).toEqual(['1|A|2', '1|a |3', '1|a|10'])
  })

  it('removes what a new refresh no longer has', async () => {
    await fixture.load(keyed, [
      [1, 'a'],
      [2, 'b'],
    ])
    await fixture.load(keyed, [
      [2, 'b2'],
      [2, 'b3'],
    ])
    expect(await fixture.rows(data)).toEqual(['2|b3'])
  })

  it('merges again without harm after a restart', async () => {
    await fixture.load(keyed, [[1, 'a']])
    {
      await using session = await fixture.open([keyed])
      await session.startStream(stream, { resumed: true })
      await session.write(
        batchOf(
          [
            [1, 'b'],
            [2, 'c'],
          ],
          keyed,
        ),
      )
      await session.restartStream(stream)
      await session.write(batchOf([[1, 'd']], keyed))
      await session.commit([])
    }
    expect(await fixture.rows(data)).toEqual(['1|d'])
  })
})

describe('checkpoints and commits', () => {
  it('keeps checkpoints of streams that are no longer in the catalog, and those of other pipelines apart', async () => {
    const other = configured({ stream: { name: 'other' }, target: { name: 'other' } })
    await fixture.load(configured(), [], { state: { a: 1 } })
    await fixture.load(other, [], { state: { b: '2' } })
    {
      await using session = await fixture.open([], { pipeline: 'another' })
      expect(session.checkpoints).toEqual([])
      await session.commit([{ stream, state: { c: [null, true] } }])
    }
    await using session = await fixture.open([other])
    expect(session.checkpoints).toEqual([
      { stream, state: { a: 1 } },
      { stream: { name: 'other' }, state: { b: '2' } },
    ])
  })

  it('keeps the state exactly, whatever texts it holds', async () => {
    const state = { lsn: '0/16B3748', text: '"quoted" \u0000 \ud800 é', nested: { deep: [1e300, null] } }
    await fixture.load(configured(), [], { state })
    await using session = await fixture.open()
    expect(session.checkpoints).toEqual([{ stream, state }])
  })

  it('counts commits of a pipeline over all its runs, with their rows and bytes', async () => {
    expect(await fixture.load(configured(), [[1, 'a']])).toBe(1)
    await using session = await fixture.open([configured()], { runId: 'run-2' })
    await session.startStream(stream, { resumed: false })
    const batch = batchOf([
      [1, 'a'],
      [2, 'b'],
    ])
    const { byteLength } = batch
    await session.write(batch)
    const commit = await session.commit([])
    expect(commit).toMatchObject({ sequence: 2, rows: 2, bytes: byteLength })
    expect(await session.commit([])).toMatchObject({ sequence: 3, rows: 0, bytes: 0 })
    await session[Symbol.asyncDispose]()
    expect(await fixture.rows('SELECT sequence, run_id, row_count FROM _eclusa.commits ORDER BY 1')).toEqual([
      '1|run-1|1',
      '2|run-2|2',
      '3|run-2|0',
    ])
    expect(await fixture.rows('SELECT sequence, stream, row_count FROM _eclusa.commit_streams ORDER BY 1')).toEqual([
      '1|orders|1',
      '2|orders|2',
    ])
  })

  it('refuses a ledger of a later version', async () => {
    await fixture.load(configured(), [])
    await fixture.query('INSERT INTO _eclusa.format VALUES (99)')
    await expect(fixture.open()).rejects.toSatisfy(withCode('DESTINATION_LEDGER_NEWER'))
  })
})

describe('metadata columns', () => {
  it('follow the data, and order rows as they arrived', async () => {
    const before = Date.now()
    await fixture.load(
      configured(),
      [
        [2, 'first'],
        [1, 'second'],
      ],
      { complete: false },
    )
    await fixture.load(configured(), [[0, 'third']], { resumed: true })
    const { columns, rows } = await fixture.query(`SELECT * FROM ${table} ORDER BY _airbyte_raw_id`)
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id INTEGER',
      'note VARCHAR',
      '_airbyte_raw_id UUID',
      '_airbyte_extracted_at TIMESTAMP WITH TIME ZONE',
      '_airbyte_meta JSON',
      '_airbyte_generation_id BIGINT',
    ])
    expect(rows.map(([, note]) => note)).toEqual(['first', 'second', 'third'])
    expect(rows.map((row) => row[4])).toEqual(Array.from({ length: 3 }, () => '{"sync_id":"run-1","changes":[]}'))
    expect(rows.map((row) => row[5])).toEqual([1n, 1n, 1n])
    for (const row of rows) expect(Date.parse(String(row[3]))).toBeGreaterThanOrEqual(before)
  })

  it.each(['raw', 'values'] as const)(
    'tell what a value was that its type could not hold (%s)',
    async (append_method) => {
      const amounts = configured({ columns: { id: 'int32', amount: 'decimal(4,2)', seen: 'timestamp' } })
      await using session = await fixture.open([amounts], { config: { append_method } })
      await session.startStream(stream, { resumed: false })
      await session.write(
        batchOf(
          [
            [1, '1.5', null],
            [2, 'NaN', '300000-01-01'],
            [3, '123.45', null],
          ],
          amounts,
        ),
      )
      await session.completeStream(stream)
      await session.commit([])
      await session[Symbol.asyncDispose]()
      expect(await fixture.rows(`SELECT id, amount, seen FROM ${table} ORDER BY id`)).toEqual([
        '1|1.50|NULL',
        '2|NULL|NULL',
        '3|NULL|NULL',
      ])
      const changes = await fixture.rows(
        `SELECT id, c->>'field', c->>'change', c->>'reason', c->>'value'
       FROM (SELECT id, unnest(_airbyte_meta->'$.changes[*]') c FROM ${table}) ORDER BY ALL`,
      )
      expect(changes).toEqual([
        '2|amount|NULLED|SOURCE_SERIALIZATION_ERROR|NaN',
        '2|seen|NULLED|SOURCE_SERIALIZATION_ERROR|300000-01-01',
        '3|amount|NULLED|SOURCE_SERIALIZATION_ERROR|123.45',
      ])
    },
  )
})

describe('a database of its own', () => {
  it('is made with its directory where they are missing', async () => {
    const path = join(fixture.directory, 'new', 'deeper', 'w.duckdb')
    await using session = await fixture.open([configured()], { config: { path } })
    expect(session.checkpoints).toEqual([])
    expect(existsSync(path)).toBe(true)
  })

  it('takes every table into one schema where that is configured', async () => {
    await using session = await fixture.open([configured()], { config: { schema: 'Raw Data' } })
    await session.startStream(stream, { resumed: false })
    await session.completeStream(stream)
    await session.commit([])
    await session[Symbol.asyncDispose]()
    expect(await fixture.rows('SELECT count(*) FROM "Raw Data".orders')).toEqual(['0'])
  })

  it('is refused to a second session of this process, until the first is closed', async () => {
    const first = await fixture.open()
    await expect(fixture.open()).rejects.toSatisfy(withCode('DESTINATION_BUSY'))
    await expect(fixture.destination().openWarehouse?.(fixture.request([]))).rejects.toSatisfy(
      withCode('DESTINATION_BUSY'),
    )
    await first[Symbol.asyncDispose]()
    await using second = await fixture.open()
    expect(second.checkpoints).toEqual([])
  })

  it('serves as warehouse for steps after loading', async () => {
    await fixture.load(configured(), [[1, 'a']])
    await using warehouse = await fixture.destination().openWarehouse!(fixture.request([]))
    await using connection = await warehouse.connect()
    expect((await connection.query(data)).rows).toEqual([[1, 'a']])
  })
})

describe('tables of others', () => {
  it.each([
    ['table', 'CREATE TABLE staging.Orders (id INTEGER)'],
    ['view', 'CREATE VIEW staging.orders AS SELECT 1 AS id'],
  ])('are left alone: a %s that eclusa did not make', async (_, statement) => {
    await fixture.query(`CREATE SCHEMA staging; ${statement}`)
    const opening = fixture.open()
    await expect(opening).rejects.toSatisfy(withCode('DESTINATION_TABLE_TAKEN'))
    await expect(opening).rejects.toMatchObject({ details: { stream: 'shop.orders' } })
    expect(await fixture.rows("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'staging'")).toEqual(
      ['1'],
    )
  })

  it('are left alone: a table of another pipeline', async () => {
    await fixture.load(configured(), [[1, 'a']])
    const opening = fixture.open([configured()], { pipeline: 'another' })
    await expect(opening).rejects.toSatisfy(withCode('DESTINATION_TABLE_TAKEN'))
    await expect(opening).rejects.toThrow('pipeline "sales"')
  })

  it('are never made under names that eclusa keeps for itself', async () => {
    for (const target of [{ namespace: '_eclusa', name: 'x' }, { name: '_ECLUSA_loading_x' }]) {
      await expect(fixture.open([configured({ target })])).rejects.toSatisfy(withCode('DESTINATION_TABLE_TAKEN'))
    }
  })
})

describe('changes by hand', () => {
  const appendIncremental = configured({ destinationSyncMode: 'append', ...incremental })

  it('loads a table anew that was dropped, because its checkpoint tells of rows that are gone', async () => {
    await fixture.load(appendIncremental, [[1, 'a']], { state: { at: 1 } })
    await fixture.query(`DROP TABLE ${table}`)
    {
      await using session = await fixture.open([appendIncremental])
      expect(session.checkpoints).toEqual([])
      expect(session.missing).toEqual([stream])
      expect(fixture.log.lines).toContainEqual(expect.stringContaining('was dropped by hand'))
      await session.startStream(stream, { resumed: false })
      await session.write(batchOf([[1, 'a']]))
      // Killed here, the run must not go on from the checkpoint of the dropped table.
      await session.commit([])
    }
    await using session = await fixture.open([appendIncremental])
    expect(session.checkpoints).toEqual([])
  })

  it('starts a refresh anew whose unfinished table was dropped', async () => {
    await fixture.load(configured(), [[1, 'a']], { complete: false, state: { at: 1 } })
    await fixture.query('DROP TABLE staging._eclusa_loading_orders')
    await using session = await fixture.open()
    expect(session.checkpoints).toEqual([])
  })

  it('loads a stream anew whose target moved, and leaves the old table', async () => {
    await fixture.load(configured(), [[1, 'old']], { state: { at: 1 } })
    await fixture.load(configured(), [[2, 'unfinished']], { complete: false })
    const moved = configured({ target: { namespace: 'staging', name: 'elsewhere' } })
    await using session = await fixture.open([moved])
    expect(session.checkpoints).toEqual([])
    expect(session.missing).toEqual([stream])
    await session.startStream(stream, { resumed: false })
    await session.write(batchOf([[3, 'new']]))
    await session.completeStream(stream)
    await session.commit([])
    await session[Symbol.asyncDispose]()
    const names = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'staging' ORDER BY 1"
    expect(await fixture.rows(names)).toEqual(['elsewhere', 'orders'])
    expect(await fixture.rows('SELECT note FROM staging.elsewhere UNION ALL SELECT note FROM staging.orders')).toEqual([
      'new',
      'old',
    ])
  })

  it('adds dropped columns again, metadata columns among them', async () => {
    await fixture.load(appendIncremental, [[1, 'a']])
    await fixture.query(`ALTER TABLE ${table} DROP COLUMN note; ALTER TABLE ${table} DROP COLUMN _airbyte_meta`)
    await fixture.load(appendIncremental, [[2, 'b']], { resumed: true })
    expect(await fixture.rows(`SELECT id, note, _airbyte_meta IS NULL FROM ${table} ORDER BY id`)).toEqual([
      '1|NULL|true',
      '2|b|false',
    ])
  })

  it('fills a column of its own with NULL, and writes into a column that was made wider', async () => {
    await fixture.load(appendIncremental, [[1, 'a']])
    await fixture.query(`ALTER TABLE ${table} ADD COLUMN mine HUGEINT; ALTER TABLE ${table} ALTER id TYPE BIGINT`)
    await fixture.load(appendIncremental, [[2, 'b']], { resumed: true })
    expect(await fixture.rows(`SELECT id, typeof(id), mine FROM ${table} ORDER BY id`)).toEqual([
      '1|BIGINT|NULL',
      '2|BIGINT|NULL',
    ])
  })

  it('refuses a metadata column of another type', async () => {
    await fixture.load(appendIncremental, [[1, 'a']])
    await fixture.query(`ALTER TABLE ${table} ALTER _airbyte_raw_id TYPE VARCHAR`)
    await expect(fixture.open([appendIncremental])).rejects.toSatisfy(withCode('DESTINATION_TABLE_CHANGED'))
  })
})

describe('columns that change', () => {
  const evolving = (columns: Record<string, string>) =>
    configured({ destinationSyncMode: 'append', ...incremental, columns })

  it('are followed between runs: added, widened, kept, made anew in a new version', async () => {
    await fixture.load(evolving({ id: 'int32', amount: 'int16', gone: 'text' }), [[1, 7, 'x']])
    await fixture.load(evolving({ id: 'int64', amount: 'text', fresh: 'uuid' }), [[2n, 'seven', null]], {
      resumed: true,
    })
    await fixture.load(evolving({ id: 'int64', amount: 'text', fresh: 'uuid' }), [[3n, 'eight', null]], {
      resumed: true,
    })
    const { columns, rows } = await fixture.query(
      `SELECT * EXCLUDE (_airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta, _airbyte_generation_id) FROM ${table} ORDER BY id`,
    )
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id BIGINT',
      'amount SMALLINT',
      'gone VARCHAR',
      'amount_v2 VARCHAR',
      'fresh UUID',
    ])
    expect(rows).toEqual([
      [1n, 7, 'x', null, null],
      [2n, null, null, 'seven', null],
      [3n, null, null, 'eight', null],
    ])
  })

  it('are followed in the middle of a stream, rows before and after in one commit', async () => {
    const before = evolving({ id: 'int32', note: 'text' })
    await fixture.load(before, [[1, 'a']])
    await using session = await fixture.open([before])
    await session.startStream(stream, { resumed: true })
    await session.write(batchOf([[2, 'b']], before))
    await session.write(batchOf([[3n, true, 'c']], before, schemaOf({ id: 'int64', vat: 'boolean', note: 'text' }, 2)))
    await session.commit([])
    await session.write(batchOf([[4n, 'd']], before, schemaOf({ id: 'int64', note: 'text' }, 3)))
    await session.completeStream(stream)
    await session.commit([])
    await session[Symbol.asyncDispose]()
    expect(await fixture.rows(`SELECT id, note, vat FROM ${table} ORDER BY id`)).toEqual([
      '1|a|NULL',
      '2|b|NULL',
      '3|c|true',
      '4|d|NULL',
    ])
  })

  it.each(['append_dedup', 'overwrite', 'append'] as const)(
    'are followed in the middle of a refresh (%s)',
    async (destinationSyncMode) => {
      const before = configured({ destinationSyncMode, columns: { id: 'int32', note: 'int16' } })
      await fixture.load(before, [[0, 0]])
      {
        await using session = await fixture.open([before])
        await session.startStream(stream, { resumed: false })
        await session.write(batchOf([[1, 1]], before))
        await session.write(
          batchOf([[2, 'two', 'x']], before, schemaOf({ id: 'int32', note: 'text', more: 'text' }, 2)),
        )
        await session.commit([])
      }
      const after = configured({ destinationSyncMode, columns: { id: 'int32', note: 'text', more: 'text' } })
      await fixture.load(after, [[3, 'three', 'y']], { resumed: true })
      await fixture.load(after, [[4, 'four', 'z']], { complete: false })
      const rows = await fixture.rows(`SELECT id, note, note_v2, more FROM ${table} WHERE id > 0 ORDER BY id`)
      expect(rows).toEqual(['1|1|NULL|NULL', '2|NULL|two|x', '3|NULL|three|y'])
    },
  )

  it('are followed by rows on their way to a merge', async () => {
    const before = configured({ destinationSyncMode: 'append_dedup', syncMode: 'incremental' })
    await fixture.load(before, [
      [1, 'a'],
      [2, 'b'],
    ])
    await using session = await fixture.open([before])
    await session.startStream(stream, { resumed: true })
    await session.write(batchOf([[1, 'a2']], before))
    await session.write(batchOf([[3, 'c', 9]], before, schemaOf({ id: 'int32', note: 'text', more: 'int16' }, 2)))
    await session.commit([])
    await session[Symbol.asyncDispose]()
    expect(await fixture.rows(`SELECT id, note, more FROM ${table} ORDER BY id`)).toEqual([
      '1|a2|NULL',
      '2|b|NULL',
      '3|c|9',
    ])
  })

  it('stop a frozen stream with every difference, before anything is read', async () => {
    await fixture.load(evolving({ id: 'int32', gone: 'text', amount: 'int16' }), [])
    const frozen = { ...evolving({ id: 'int64', amount: 'text', fresh: 'uuid' }), schemaPolicy: 'freeze' as const }
    const opening = fixture.open([frozen])
    await expect(opening).rejects.toSatisfy(withCode('SCHEMA_CHANGED'))
    await expect(opening).rejects.toMatchObject({
      details: {
        stream: 'shop.orders',
        differences: [
          'column "id" changed from INTEGER to BIGINT',
          'column "amount" changed from SMALLINT to VARCHAR',
          'column "fresh" (uuid) is new',
          'column "gone" is gone',
        ],
      },
    })
  })

  it('are left out and told of where the policy is to discard', async () => {
    await fixture.load(evolving({ id: 'int32' }), [[1]])
    const discarding = { ...evolving({ id: 'int32', fresh: 'uuid' }), schemaPolicy: 'discard' as const }
    await fixture.load(discarding, [[2, null]], { resumed: true })
    expect(await fixture.rows(`SELECT id FROM ${table} ORDER BY id`)).toEqual(['1', '2'])
    expect(fixture.log.lines).toContainEqual(expect.stringContaining('"fresh" is new in the source and left out'))
  })

  it.each([
    ['two columns that differ in case only', { id: 'int32', ID: 'text' }],
    ['a column with a metadata name', { id: 'int32', _Airbyte_Raw_Id: 'text' }],
  ])('are refused: %s', async (_, columns) => {
    await expect(fixture.open([configured({ columns })])).rejects.toSatisfy(withCode('COLUMN_NAME_COLLISION'))
  })

  it('are refused: a column with the name of a version', async () => {
    await fixture.load(evolving({ amount: 'int16' }), [])
    await fixture.load(evolving({ amount: 'text' }), [], { resumed: true })
    const opening = fixture.open([evolving({ amount: 'text', Amount_V2: 'text' })])
    await expect(opening).rejects.toSatisfy(withCode('COLUMN_NAME_COLLISION'))
  })

  it('keep letters apart that only look like case to others than DuckDB', async () => {
    await fixture.load(evolving({ É: 'int16', é: 'int16' }), [[1, 2]])
    expect(await fixture.rows(`SELECT É, é FROM ${table}`)).toEqual(['1|2'])
  })
})
