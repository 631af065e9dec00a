import { EclusaError } from '@eclusa/sdk'
import type { ColumnType, SourceMessage } from '@eclusa/sdk'
import { testServers } from '@eclusa/postgres-local/testing'
import { describe, expect, it } from 'vitest'
import { waitUntil } from '../../testing/database.ts'
import { MemoryDestination, sorted } from '../../testing/memory-destination.ts'
import type { Row } from '../../testing/memory-destination.ts'
import { SourceRun, schemasOf } from '../../testing/source-run.ts'
import type { SourceConfig, StreamChoices } from '../../testing/source-run.ts'
import { suiteDatabase } from '../../testing/suite-database.ts'

const pageBytes = 8192

function typesOf(messages: readonly SourceMessage[]): string[] {
  return messages.map(({ type }) => type)
}

describe.each(await testServers())('PostgreSQL $major', (server) => {
  const database = suiteDatabase(server)

  const runWith = (config: SourceConfig = {}) =>
    new SourceRun({ connection_string: database.connectionString, ...config })

  /** Copies streams as full refresh and returns the rows of each, sorted. */
  async function copy(choices: StreamChoices, config: SourceConfig = {}): Promise<Map<string, Row[]>> {
    const run = runWith({ schemas: schemasOf(choices), ...config })
    const destination = new MemoryDestination({ fullRefreshes: Object.keys(choices) })
    await destination.take(run.read(await run.catalog(choices)))
    return new Map(Object.keys(choices).map((key) => [key, sorted(destination.rows(key))]))
  }

  it('brings every row once, however many readers there are and however small the chunks', async () => {
    await database.run(`CREATE SCHEMA rows; CREATE TABLE rows.many AS SELECT i AS id, repeat('x', i % 300) AS text
      FROM generate_series(1, 6000) AS i`)
    const expected = sorted(await database.run('SELECT * FROM rows.many'))
    for (const config of [{}, { readers: 1, chunk_bytes: pageBytes }, { readers: 4, chunk_bytes: 5 * pageBytes }]) {
      const rows = await copy({ 'rows.many': {} }, config)
      expect(rows.get('rows.many')).toEqual(expected)
    }
  })

  it('sends a checkpoint after each wave, and completes the stream before the last one', async () => {
    await database.run(`CREATE SCHEMA waves; CREATE TABLE waves.t AS SELECT i, repeat('x', 1000) AS text
      FROM generate_series(1, 200) AS i`)
    const run = runWith({ readers: 2, chunk_bytes: 5 * pageBytes })
    const destination = new MemoryDestination()
    await destination.take(run.read(await run.catalog({ 'waves.t': {} })))
    const messages = typesOf(destination.messages)
    expect(messages[0]).toBe('stream_started')
    expect(messages.slice(-2)).toEqual(['stream_completed', 'checkpoint'])
    const waves = messages.join().split('checkpoint').slice(0, -1)
    expect(waves.length).toBeGreaterThan(2)
    for (const wave of waves) expect(wave.match(/batch/gu)?.length).toBeLessThanOrEqual(3)
    expect(destination.checkpoints).toMatchObject([{ state: { phase: 'complete' } }])
  })

  it('copies what has no rows, no columns, or the strangest names', async () => {
    const name = `We"ird. 'Näme' \\ 😀`
    const quoted = `"${name.replaceAll('"', '""')}"`
    await database.run(`CREATE SCHEMA ${quoted}; CREATE SCHEMA odd; CREATE TABLE odd.empty (a int);
      CREATE TABLE odd.no_columns (); INSERT INTO odd.no_columns DEFAULT VALUES; INSERT INTO odd.no_columns DEFAULT VALUES;
      CREATE TABLE ${quoted}.${quoted} ("select" int, ${quoted} text, "a.b" int, "A.b" int);
      INSERT INTO ${quoted}.${quoted} VALUES (1, 'one', 2, 3)`)
    const key = `${name}.${name}`
    const rows = await copy({ 'odd.empty': {}, 'odd.no_columns': {}, [key]: {} }, { schemas: ['odd', name] })
    expect(rows.get('odd.empty')).toEqual([])
    expect(rows.get('odd.no_columns')).toEqual([[], []])
    expect(rows.get(key)).toEqual([['1', 'one', '2', '3']])
  })

  it('copies dropped, generated, late and default columns as they are', async () => {
    await database.run(`CREATE SCHEMA shape; CREATE TABLE shape.t (gone int, a int, twice int GENERATED ALWAYS AS (a * 2) STORED);
      INSERT INTO shape.t SELECT 0, i FROM generate_series(1, 3) AS i; ALTER TABLE shape.t DROP COLUMN gone;
      ALTER TABLE shape.t ADD COLUMN late text DEFAULT 'for old rows'; INSERT INTO shape.t VALUES (4, DEFAULT, NULL)`)
    const rows = await copy({ 'shape.t': {} })
    expect(rows.get('shape.t')).toEqual([
      ['1', '2', 'for old rows'],
      ['2', '4', 'for old rows'],
      ['3', '6', 'for old rows'],
      ['4', '8', null],
    ])
  })

  it('gives columns the types that were asked for, and refuses types that would lose something', async () => {
    await database.run(
      `CREATE SCHEMA asked; CREATE TABLE asked.t (a int, b numeric, c text); INSERT INTO asked.t VALUES (7, 1.50, 'x')`,
    )
    const run = runWith()
    const read = async (types: Record<string, ColumnType>) => {
      const stream = (await run.catalog({ 'asked.t': {} })).streams.at(0)!
      const columns = stream.schema.columns.map((column) => ({ ...column, type: types[column.name] ?? column.type }))
      const destination = new MemoryDestination()
      await destination.take(run.read({ streams: [{ ...stream, schema: { ...stream.schema, columns } }] }))
      return destination.rows('asked.t')
    }
    const decimal = { type: 'decimal', precision: 10, scale: 3 } as const
    expect(await read({ a: { type: 'text' }, b: decimal })).toEqual([['7', '1.500', 'x']])
    await expect(read({ c: { type: 'int32' } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { stream: 'asked.t' },
    })
  })

  it('reads the columns that were chosen, in their order', async () => {
    await database.run(
      `CREATE SCHEMA chosen; CREATE TABLE chosen.t (a int, b int, c int); INSERT INTO chosen.t VALUES (1, 2, 3)`,
    )
    const run = runWith()
    const stream = (await run.catalog({ 'chosen.t': {} })).streams.at(0)!
    const columns = stream.schema.columns.filter(({ name }) => name !== 'b').toReversed()
    const destination = new MemoryDestination()
    await destination.take(run.read({ streams: [{ ...stream, schema: { ...stream.schema, columns } }] }))
    expect(destination.rows('chosen.t')).toEqual([['3', '1']])
  })

  it.runIf(server.major >= 18)('copies virtual generated columns', async () => {
    await database.run(`CREATE SCHEMA virtual; CREATE TABLE virtual.t (a int, twice int GENERATED ALWAYS AS (a * 2) VIRTUAL);
      INSERT INTO virtual.t VALUES (21)`)
    expect((await copy({ 'virtual.t': {} })).get('virtual.t')).toEqual([['21', '42']])
  })

  it('copies 1,600 columns', async () => {
    const names = Array.from({ length: 1600 }, (_, index) => `c${index}`)
    await database.run(`CREATE SCHEMA wide; CREATE TABLE wide.t (${names.map((name) => `${name} "char"`).join(', ')});
      INSERT INTO wide.t VALUES (${names.map(() => `'x'`).join(', ')})`)
    expect((await copy({ 'wide.t': {} })).get('wide.t')).toEqual([names.map(() => 'x')])
  })

  it('copies a partitioned table with each row once, whatever the order of columns in its partitions', async () => {
    await database.run(`CREATE SCHEMA parts; CREATE TABLE parts.t (id int, region text, payload text) PARTITION BY LIST (region);
      CREATE TABLE parts.eu PARTITION OF parts.t FOR VALUES IN ('eu') PARTITION BY RANGE (id);
      CREATE TABLE parts.eu1 PARTITION OF parts.eu FOR VALUES FROM (0) TO (500);
      CREATE TABLE parts.eu2 PARTITION OF parts.eu DEFAULT;
      CREATE TABLE parts.us (payload text, dropped int, region text, id int); ALTER TABLE parts.us DROP COLUMN dropped;
      ALTER TABLE parts.t ATTACH PARTITION parts.us FOR VALUES IN ('us');
      INSERT INTO parts.t SELECT i, CASE i % 2 WHEN 0 THEN 'eu' ELSE 'us' END, repeat('p', i % 50) FROM generate_series(1, 1000) AS i`)
    const expected = sorted(await database.run('SELECT * FROM parts.t'))
    for (const config of [{}, { readers: 3, chunk_bytes: pageBytes }]) {
      expect((await copy({ 'parts.t': {} }, config)).get('parts.t')).toEqual(expected)
    }
    const asStreams = await copy({ 'parts.us': {}, 'parts.eu': {} }, { discover_partitions: true })
    expect(asStreams.get('parts.us')).toHaveLength(500)
    expect(asStreams.get('parts.eu')).toHaveLength(500)
  })

  it('copies a parent without its children, unless it is told otherwise', async () => {
    await database.run(`CREATE SCHEMA heirs; CREATE TABLE heirs.parent (a int); CREATE TABLE heirs.child (b int) INHERITS (heirs.parent);
      INSERT INTO heirs.parent VALUES (1); INSERT INTO heirs.child VALUES (2, 20)`)
    const choices = { 'heirs.parent': {}, 'heirs.child': {} }
    expect([...(await copy(choices)).values()]).toEqual([[['1']], [['2', '20']]])
    expect([...(await copy(choices, { include_inherited: true })).values()]).toEqual([[['1'], ['2']], [['2', '20']]])
  })

  it('copies views, materialized views and foreign tables', async () => {
    const { host, port, user, password } = server
    const [[name]] = (await database.run('SELECT current_database()')) as [[string]]
    await database.run(`CREATE EXTENSION postgres_fdw; CREATE SCHEMA kinds; CREATE TABLE kinds.t AS SELECT generate_series(1, 3) AS a;
      CREATE VIEW kinds.v AS SELECT a, a * 10 AS b FROM kinds.t; CREATE MATERIALIZED VIEW kinds.m AS SELECT * FROM kinds.v;
      CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${host}', port '${port}', dbname '${name}');
      CREATE USER MAPPING FOR CURRENT_USER SERVER here OPTIONS (user '${user}', password '${password}');
      CREATE FOREIGN TABLE kinds.f (a int) SERVER here OPTIONS (schema_name 'kinds', table_name 't')`)
    const rows = await copy({ 'kinds.v': {}, 'kinds.m': {}, 'kinds.f': {} }, { readers: 2 })
    expect(rows.get('kinds.v')).toEqual([
      ['1', '10'],
      ['2', '20'],
      ['3', '30'],
    ])
    expect(rows.get('kinds.m')).toEqual(rows.get('kinds.v'))
    expect(rows.get('kinds.f')).toEqual([['1'], ['2'], ['3']])
  })

  it('reads one state of all tables while others write', async () => {
    await database.run(`CREATE SCHEMA bank; CREATE TABLE bank.a AS SELECT i AS id, 100 AS amount, repeat('x', 200) AS pad FROM generate_series(1, 2000) AS i;
      CREATE TABLE bank.b AS TABLE bank.a`)
    await using writer = await database.open()
    const reading = new AbortController()
    let transfers = 0
    const write = async () => {
      while (!reading.signal.aborted) {
        const [from, to] = transfers % 2 === 0 ? ['a', 'b'] : ['b', 'a']
        await writer.run(`BEGIN; UPDATE bank.${from} SET amount = amount - 7 WHERE id = ${(transfers * 37) % 2000};
          UPDATE bank.${to} SET amount = amount + 7 WHERE id = ${(transfers * 91) % 2000};
          INSERT INTO bank.a VALUES (${-transfers}, 5, ''); INSERT INTO bank.b VALUES (${-transfers}, -5, ''); COMMIT`)
        transfers++
      }
    }
    const run = runWith({ readers: 3, chunk_bytes: 4 * pageBytes })
    const destination = new MemoryDestination()
    const catalog = await run.catalog({ 'bank.a': {}, 'bank.b': {} })
    const writing = write()
    let transfersAtFirstBatch: number | undefined
    await destination.take(run.read(catalog), (message) => {
      if (message.type === 'batch') transfersAtFirstBatch ??= transfers
      return false
    })
    expect(transfers).toBeGreaterThan(transfersAtFirstBatch!)
    reading.abort()
    await writing
    const all = [...destination.rows('bank.a'), ...destination.rows('bank.b')]
    expect(destination.rows('bank.a')).toHaveLength(destination.rows('bank.b').length)
    // Transfers to ids that do not exist lose money on one side; what both snapshots must agree on are the pairs.
    const pairs = (key: string) =>
      sorted(
        destination
          .rows(key)
          .filter(([id]) => Number(id) <= 0)
          .map(([id]) => [id!]),
      )
    expect(pairs('bank.a')).toEqual(pairs('bank.b'))
    expect(all.length).toBeGreaterThan(4000)
  })

  describe('a table that is touched while it is copied', () => {
    const make = async (schema: string) =>
      await database.run(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.t AS SELECT i AS id, repeat('x', 1000) AS text
        FROM generate_series(1, 400) AS i`)

    it('cannot be dropped, truncated or altered until its last row is sent', async () => {
      await make('locked')
      const run = runWith({ readers: 2, chunk_bytes: pageBytes })
      const destination = new MemoryDestination()
      await using other = await database.open()
      let dropping: Promise<unknown> | undefined
      let isDropped = false
      let batchesAfterDrop = 0
      await destination.take(run.read(await run.catalog({ 'locked.t': {} })), (message) => {
        if (message.type === 'batch' && isDropped) batchesAfterDrop++
        if (message.type === 'batch') dropping ??= other.run('DROP TABLE locked.t').then(() => (isDropped = true))
        return false
      })
      await dropping
      expect(batchesAfterDrop).toBe(0)
      expect(destination.rows('locked.t')).toHaveLength(400)
    })

    it.each([
      ['dropped', 'DROP TABLE changed_1.t', 'POSTGRES_TABLE_MISSING'],
      ['truncated', 'TRUNCATE changed_2.t', 'POSTGRES_TABLE_CHANGED'],
      ['rewritten', 'VACUUM FULL changed_3.t', 'POSTGRES_TABLE_CHANGED'],
      [
        'replaced',
        'ALTER TABLE changed_4.t RENAME TO old; CREATE TABLE changed_4.t (LIKE changed_4.old)',
        'POSTGRES_TABLE_CHANGED',
      ],
      ['altered', 'ALTER TABLE changed_5.t DROP COLUMN text', 'POSTGRES_TABLE_CHANGED'],
      ['altered in types', 'ALTER TABLE changed_6.t ALTER text TYPE varchar(2000)', 'POSTGRES_TABLE_CHANGED'],
      [
        'renamed in columns',
        'ALTER TABLE changed_7.t RENAME text TO old; ALTER TABLE changed_7.t ADD COLUMN text text',
        'POSTGRES_TABLE_CHANGED',
      ],
    ])('is refused when it was %s after the snapshot was taken', async (_what, sql, code) => {
      const schema = /changed_\d/u.exec(sql)![0]
      await make(schema)
      const other = `${schema}_first`
      await make(other)
      const run = runWith({ chunk_bytes: pageBytes })
      const reader = run.read(await run.catalog({ [`${other}.t`]: {}, [`${schema}.t`]: {} }))
      let isChanged = false
      const reading = (async () => {
        for await (const message of reader) {
          if (message.type !== 'batch' || isChanged) continue
          isChanged = true
          await database.run(sql)
        }
      })()
      await expect(reading).rejects.toMatchObject({ code, details: { stream: `${schema}.t` } })
    })

    it('is waited for no longer than lock_timeout_ms', async () => {
      await make('busy')
      await using other = await database.open()
      const run = runWith({ lock_timeout_ms: 50 })
      const catalog = await run.catalog({ 'busy.t': {} })
      await other.run('BEGIN; LOCK TABLE busy.t IN ACCESS EXCLUSIVE MODE')
      const reading = new MemoryDestination().take(run.read(catalog))
      await expect(reading).rejects.toMatchObject({ code: 'POSTGRES_LOCK_TIMEOUT', details: { stream: 'busy.t' } })
    })
  })

  describe('the connections', () => {
    const connections = async (name: string) => {
      const rows = await database.run(`SELECT pid FROM pg_stat_activity WHERE application_name = '${name}'`)
      return rows.length
    }
    const setUp = async (name: string, options: { signal?: AbortSignal } = {}) => {
      await database.run(`CREATE SCHEMA IF NOT EXISTS conn; CREATE TABLE IF NOT EXISTS conn.t AS
        SELECT i AS id, repeat('x', 1000) AS text FROM generate_series(1, 4000) AS i`)
      const config = {
        connection_string: database.connectionString,
        application_name: name,
        readers: 3,
        chunk_bytes: 40 * pageBytes,
      }
      const run = new SourceRun(config, options)
      return { run, catalog: await run.catalog({ 'conn.t': {} }) }
    }
    const allClosed = async (name: string) => {
      await waitUntil('all connections are closed', async () => (await connections(name)) === 0)
      return true
    }

    it('close at the end', async () => {
      const { run, catalog } = await setUp('at the end')
      let most = 0
      for await (const message of run.read(catalog)) {
        if (message.type === 'checkpoint') most = Math.max(most, await connections('at the end'))
      }
      expect(most).toBe(4)
      expect(await allClosed('at the end')).toBe(true)
    })

    it('close when the consumer stops early', async () => {
      const { run, catalog } = await setUp('early')
      for await (const message of run.read(catalog)) {
        if (message.type === 'batch') break
      }
      expect(await allClosed('early')).toBe(true)
    })

    it('close when the consumer throws', async () => {
      const { run, catalog } = await setUp('throws')
      const reading = (async () => {
        for await (const message of run.read(catalog)) {
          if (message.type === 'batch') throw new Error('the disk is full')
        }
      })()
      await expect(reading).rejects.toThrow('the disk is full')
      expect(await allClosed('throws')).toBe(true)
    })

    it('close when the run is aborted', async () => {
      const controller = new AbortController()
      const { run, catalog } = await setUp('aborted', { signal: controller.signal })
      const reading = (async () => {
        for await (const message of run.read(catalog)) {
          if (message.type === 'batch') controller.abort()
        }
      })()
      await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
      expect(await allClosed('aborted')).toBe(true)
    })

    it('close when they are cut', async () => {
      const { run, catalog } = await setUp('cut')
      let isCut = false
      const reading = (async () => {
        for await (const message of run.read(catalog, [], { bytesMax: 256 * 1024, batchRowsMax: 100 })) {
          if (message.type !== 'batch' || isCut) continue
          isCut = true
          await database.run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name = 'cut'`)
        }
      })()
      const error: unknown = await reading.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(EclusaError.isInstance(error) && error.code).toBe('POSTGRES_CONNECTION_LOST')
      expect(EclusaError.isInstance(error) && error.failureType).toBe('transient_error')
      expect(await allClosed('cut')).toBe(true)
    })

    it('cancel what the server still computes', async () => {
      const controller = new AbortController()
      const config = {
        connection_string: database.connectionString,
        application_name: 'computing',
        queries: { slow: { sql: 'SELECT pg_sleep(1000)::text AS a' } },
      }
      const run = new SourceRun(config, { signal: controller.signal })
      const reading = new MemoryDestination().take(run.read(await run.catalog({ slow: {} })))
      await waitUntil('the query runs', async () => {
        const rows = await database.run(
          `SELECT pid FROM pg_stat_activity WHERE application_name = 'computing' AND wait_event = 'PgSleep'`,
        )
        return rows.length === 1
      })
      controller.abort()
      await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
      expect(await allClosed('computing')).toBe(true)
    })
  })
})
