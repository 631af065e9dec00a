import type { SourceMessage } from '@eclusa/sdk'
import { testServers } from '@eclusa/postgres-local/testing'
import { describe, expect, it } from 'vitest'
import { MemoryDestination, sorted } from '../../testing/memory-destination.ts'
import type { Row } from '../../testing/memory-destination.ts'
import { SourceRun, incremental } from '../../testing/source-run.ts'
import type { SourceConfig } from '../../testing/source-run.ts'
import { suiteDatabase } from '../../testing/suite-database.ts'

describe.each(await testServers())('on PostgreSQL $major, reading by cursor', (server) => {
  const database = suiteDatabase(server)

  class Sync {
    readonly destination = new MemoryDestination()
    readonly run: SourceRun
    readonly #key: string
    readonly #cursor: string

    constructor(key: string, cursor: string, config: SourceConfig = {}) {
      this.run = new SourceRun({
        connection_string: database.connectionString,
        readers: 1,
        cursor_guard: 'none',
        ...(key.includes('.') && { schemas: [key.split('.').at(0)!] }),
        ...config,
      })
      this.#key = key
      this.#cursor = cursor
    }

    /** Rows that a run added, in their order. */
    async next(stopAfter?: (message: SourceMessage) => boolean): Promise<Row[]> {
      const catalog = await this.run.catalog({ [this.#key]: { ...incremental, cursorColumn: this.#cursor } })
      const before = this.destination.rows(this.#key).length
      await this.destination.take(this.run.read(catalog, this.destination.checkpoints), stopAfter)
      return this.destination.rows(this.#key).slice(before)
    }

    get position(): unknown {
      return this.destination.checkpoints[0]?.state['value']
    }
  }

  it.each<[string, string[], string[]]>([
    ['int2', ['-32768', '1'], ['2', '32767']],
    ['int4', ['-2147483648', '5'], ['6', '2147483647']],
    ['int8', ['-9223372036854775808', '9007199254740993'], ['9007199254740994', '9223372036854775807']],
    ['numeric', ['-1e30', '1.10'], ['1.1000000000000000000000001', '1e300']],
    ['date', ['4713-01-01 BC', '2024-02-29'], ['2024-03-01', '5874897-12-31']],
    [
      'timestamp',
      ['4712-01-01 BC', '2024-02-29 12:00:00.000001'],
      ['2024-02-29 12:00:00.000002', '294276-12-31 23:59:59.999999'],
    ],
    [
      'timestamptz',
      ['4712-01-01 BC', '2024-02-29 12:00:00.000001+00'],
      ['2024-02-29 13:00:00.000002+01', '294276-12-31 23:59:59.999999+00'],
    ],
    ['text', ['', `a'\\`], [`a'\\ `, '😀']],
    ['varchar(10)', ['a', 'b'], ['b ', 'c']],
    [
      'uuid',
      ['00000000-0000-0000-0000-000000000000', '0f000000-0000-0000-0000-000000000000'],
      ['0f000000-0000-0000-0000-000000000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    ],
  ])('follows a cursor of type %s exactly', async (type, first, then) => {
    const schema = await database.makeSchema()
    const insert = async (values: readonly string[]) =>
      await database.run(
        `INSERT INTO ${schema}.t ${values.map((value) => `SELECT $v$${value}$v$::${type}`).join(' UNION ALL ')}`,
      )
    await database.run(`CREATE TABLE ${schema}.t (c ${type})`)
    await insert(first)
    const sync = new Sync(`${schema}.t`, 'c')
    expect(await sync.next()).toHaveLength(first.length)
    expect(await sync.next()).toEqual([])
    await insert(then)
    expect(await sync.next()).toHaveLength(then.length)
    expect(await sync.next()).toEqual([])
    expect(sorted(sync.destination.rows(`${schema}.t`))).toEqual(
      sorted(await database.run(`SELECT c::text FROM ${schema}.t`)),
    )
  })

  it('follows domains over such types, columns of any name, and partitioned tables', async () => {
    const schema = await database.makeSchema()
    await database.run(`CREATE DOMAIN ${schema}.d AS int; CREATE TABLE ${schema}.t ("order ""by""" ${schema}.d, id int) PARTITION BY LIST (id);
      CREATE TABLE ${schema}.p PARTITION OF ${schema}.t DEFAULT; INSERT INTO ${schema}.t VALUES (1, 1)`)
    const sync = new Sync(`${schema}.t`, 'order "by"')
    expect(await sync.next()).toEqual([['1', '1']])
    await database.run(`INSERT INTO ${schema}.t VALUES (3, 3), (2, 2)`)
    expect(await sync.next()).toEqual([
      ['2', '2'],
      ['3', '3'],
    ])
  })

  it('reads rows without a position in the first run only, and says so afterwards', async () => {
    const schema = await database.makeSchema()
    await database.run(`CREATE TABLE ${schema}.t (c timestamptz, id int);
      INSERT INTO ${schema}.t VALUES (NULL, 1), ('infinity', 2), ('-infinity', 3), ('2024-01-01', 4)`)
    const sync = new Sync(`${schema}.t`, 'c')
    expect(await sync.next()).toHaveLength(4)
    expect(sync.position).toBe('2024-01-01 00:00:00+00')
    expect(sync.run.log.warnings).toEqual([])
    await database.run(`INSERT INTO ${schema}.t VALUES (NULL, 5), ('infinity', 6), ('2024-01-02', 7)`)
    expect((await sync.next()).map(([, id]) => id)).toEqual(['7'])
    expect(sync.run.log.warnings).toEqual([expect.stringContaining('first sync only')])
  })

  it('is not led astray by NaN and infinity among numbers', async () => {
    const schema = await database.makeSchema()
    await database.run(
      `CREATE TABLE ${schema}.t (c numeric); INSERT INTO ${schema}.t VALUES ('NaN'), ('Infinity'), ('-Infinity'), (1)`,
    )
    const sync = new Sync(`${schema}.t`, 'c')
    await sync.next()
    expect(sync.position).toBe('1')
    await database.run(`INSERT INTO ${schema}.t VALUES (2), ('NaN')`)
    expect(await sync.next()).toEqual([['2']])
  })

  it('begins at the beginning when the first run found no row', async () => {
    const schema = await database.makeSchema()
    await database.run(`CREATE TABLE ${schema}.t (c int)`)
    const sync = new Sync(`${schema}.t`, 'c')
    expect(await sync.next()).toEqual([])
    expect(sync.position).toBeNull()
    await database.run(`INSERT INTO ${schema}.t VALUES (-5)`)
    expect(await sync.next()).toEqual([['-5']])
  })

  describe('and looking back', () => {
    const lookback = (config: SourceConfig = {}): SourceConfig => ({ cursor_guard: 'lookback', ...config })

    it('reads rows that were committed late, and those around them again', async () => {
      const schema = await database.makeSchema()
      await database.run(`CREATE TABLE ${schema}.t (c timestamp, id int);
        INSERT INTO ${schema}.t VALUES ('2024-01-01 11:00', 1), ('2024-01-01 11:55', 2), ('2024-01-01 12:00', 3)`)
      const sync = new Sync(`${schema}.t`, 'c', lookback({ lookback_interval: '10 minutes' }))
      await sync.next()
      await database.run(
        `INSERT INTO ${schema}.t VALUES ('2024-01-01 11:49', 4), ('2024-01-01 11:50', 5), ('2024-01-01 12:00', 6)`,
      )
      expect(sorted(await sync.next()).map(([, id]) => id)).toEqual(['5', '2', '3', '6'])
    })

    it('goes so many below a number, and not below what the type can hold', async () => {
      const schema = await database.makeSchema()
      for (const [type, least] of [
        ['int2', -32768],
        ['int4', -2147483648],
        ['numeric', -100],
      ] as const) {
        const key = `${schema}.${type}`
        await database.run(`CREATE TABLE ${key} (c ${type}); INSERT INTO ${key} VALUES (${least})`)
        const sync = new Sync(key, 'c', lookback({ lookback_distance: 2 }))
        await sync.next()
        expect(await sync.next()).toEqual([[String(least)]])
        await database.run(`INSERT INTO ${key} VALUES (10), (7)`)
        await sync.next()
        await database.run(`INSERT INTO ${key} VALUES (7), (8), (9), (11)`)
        expect((await sync.next()).map(([c]) => c)).toEqual(['8', '9', '10', '11'])
      }
    })

    it('is refused below a text', async () => {
      const schema = await database.makeSchema()
      await database.run(`CREATE TABLE ${schema}.t (c text); INSERT INTO ${schema}.t VALUES ('a')`)
      const sync = new Sync(`${schema}.t`, 'c', lookback())
      await expect(sync.next()).rejects.toMatchObject({ code: 'POSTGRES_CURSOR_UNSUITABLE' })
    })

    it('is what views and queries get in place of transaction ids', async () => {
      const schema = await database.makeSchema()
      await database.run(`CREATE TABLE ${schema}.t (c timestamptz, id int); CREATE VIEW ${schema}.v AS SELECT id, c FROM ${schema}.t;
        INSERT INTO ${schema}.t VALUES ('2024-01-01 12:00+00', 1)`)
      const config: SourceConfig = {
        cursor_guard: 'xmin',
        queries: { doubled: { sql: `SELECT id * 2 AS id, c FROM ${schema}.t -- all of them`, cursor: 'c' } },
      }
      for (const [key, factor] of [
        [`${schema}.v`, 1],
        ['doubled', 2],
      ] as const) {
        await database.run(`DELETE FROM ${schema}.t WHERE id > 1`)
        const sync = new Sync(key, 'c', config)
        expect((await sync.next()).map(([id]) => id)).toEqual([String(factor)])
        await database.run(`INSERT INTO ${schema}.t VALUES ('2024-01-01 11:50+00', 2), ('2024-01-01 11:49+00', 3)`)
        expect((await sync.next()).map(([id]) => id)).toEqual([String(2 * factor), String(factor)])
      }
    })
  })

  it('stands checkpoints only between different values, and goes on from there', async () => {
    const schema = await database.makeSchema()
    await database.run(`CREATE TABLE ${schema}.t (c numeric, id int)`)
    const sync = new Sync(`${schema}.t`, 'c')
    await sync.next()
    await database.run(`INSERT INTO ${schema}.t
      SELECT CASE WHEN i <= 20000 THEN 1 WHEN i <= 40000 THEN CASE i % 2 WHEN 0 THEN 2.0 ELSE 2.00 END ELSE i END, i FROM generate_series(1, 80000) AS i`)
    const positions: unknown[] = []
    await sync.next((message) => {
      if (message.type === 'checkpoint') positions.push(message.checkpoints[0]?.state['value'])
      return positions.length === 2
    })
    expect(positions[0]).toBe('2')
    expect(Number(positions[1])).toBeGreaterThan(70_000)
    expect(sync.position).toBe(positions[1])
    await sync.next()
    const ids = sync.destination.rows(`${schema}.t`).map(([, id]) => Number(id))
    expect(ids).toHaveLength(80_000)
    expect(new Set(ids).size).toBe(80_000)
  })

  it('refuses a cursor that the checkpoint does not know, or that has no order', async () => {
    const schema = await database.makeSchema()
    await database.run(`CREATE TABLE ${schema}.t (c int, d int, j json, f float8)`)
    const sync = new Sync(`${schema}.t`, 'c')
    await sync.next()
    for (const [cursor, code] of [
      ['d', 'POSTGRES_CHECKPOINT_UNUSABLE'],
      ['j', 'POSTGRES_CURSOR_UNSUITABLE'],
      ['f', 'POSTGRES_CURSOR_UNSUITABLE'],
      ['missing', 'POSTGRES_CURSOR_UNSUITABLE'],
    ] as const) {
      const catalog = await sync.run.catalog({ [`${schema}.t`]: { ...incremental, cursorColumn: cursor } })
      const reading = new MemoryDestination().take(sync.run.read(catalog, sync.destination.checkpoints))
      await expect(reading).rejects.toMatchObject({ code, details: { stream: `${schema}.t` } })
    }
  })
})
