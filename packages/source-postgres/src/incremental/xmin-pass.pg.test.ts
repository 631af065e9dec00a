import { testServers } from '@eclusa/postgres-local/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TestSession } from '../../testing/database.ts'
import { MemoryDestination, sorted } from '../../testing/memory-destination.ts'
import type { Row } from '../../testing/memory-destination.ts'
import { SourceRun, incremental } from '../../testing/source-run.ts'
import { suiteDatabase } from '../../testing/suite-database.ts'

const pageBytes = 8192

describe.each(await testServers())('on PostgreSQL $major, reading by transaction id', (server) => {
  const database = suiteDatabase(server)

  const runs = new Map<string, SourceRun>()

  /** Rows that a run added. */
  async function sync(destination: MemoryDestination, key: string, config = {}): Promise<Row[]> {
    const only = [key.split('.').at(0)!]
    const run =
      runs.get(key) ??
      new SourceRun({ connection_string: database.connectionString, readers: 1, schemas: only, ...config })
    runs.set(key, run)
    const before = destination.rows(key).length
    await destination.take(run.read(await run.catalog({ [key]: incremental }), destination.checkpoints))
    return destination.rows(key).slice(before)
  }

  it('brings the whole table first, then new and changed rows, each version once', async () => {
    const schema = await database.makeSchema()
    const key = `${schema}.t`
    await database.run(
      `CREATE TABLE ${key} (id int PRIMARY KEY, a text); INSERT INTO ${key} VALUES (1, 'one'), (2, 'two')`,
    )
    const destination = new MemoryDestination()
    expect(sorted(await sync(destination, key))).toEqual([
      ['1', 'one'],
      ['2', 'two'],
    ])
    expect(destination.messages[0]).toMatchObject({ type: 'stream_started', resumed: false })
    expect(await sync(destination, key)).toEqual([])
    expect(destination.messages[0]).toMatchObject({ type: 'stream_started', resumed: true })
    await database.run(
      `INSERT INTO ${key} VALUES (3, NULL); UPDATE ${key} SET a = 'zwei' WHERE id = 2; DELETE FROM ${key} WHERE id = 1`,
    )
    expect(sorted(await sync(destination, key))).toEqual([
      ['2', 'zwei'],
      ['3', null],
    ])
    expect(await sync(destination, key)).toEqual([])
  })

  it('needs no cursor, and reads changes that a cursor column would hide', async () => {
    const schema = await database.makeSchema()
    const key = `${schema}.t`
    await database.run(
      `CREATE TABLE ${key} (id int, updated_at timestamptz); INSERT INTO ${key} VALUES (1, '2030-01-01'), (2, NULL)`,
    )
    const destination = new MemoryDestination()
    await sync(destination, key)
    await database.run(`UPDATE ${key} SET updated_at = '1999-01-01' WHERE id = 1; INSERT INTO ${key} VALUES (3, NULL)`)
    expect(sorted(await sync(destination, key)).map(([id]) => id)).toEqual(['1', '3'])
  })

  it.each([
    ['in its own name', ''],
    ['in a savepoint', 'SAVEPOINT a;'],
    ['in a savepoint of a savepoint', 'SAVEPOINT a; SAVEPOINT b;'],
  ])('brings rows that were committed late, written %s', async (_how, savepoint) => {
    const schema = await database.makeSchema()
    const key = `${schema}.t`
    await database.run(`CREATE TABLE ${key} (id int); INSERT INTO ${key} VALUES (1)`)
    const destination = new MemoryDestination()
    await using late = await database.open()
    await late.run(`BEGIN; SELECT pg_current_xact_id(); ${savepoint} INSERT INTO ${key} VALUES (2)`)
    // Younger than the late one, and committed before the snapshot: it must not come twice.
    await database.run(`INSERT INTO ${key} VALUES (3)`)
    expect(sorted(await sync(destination, key))).toEqual([['1'], ['3']])
    await database.run(`INSERT INTO ${key} VALUES (4)`)
    expect(await sync(destination, key)).toEqual([['4']])
    expect(await sync(destination, key)).toEqual([])
    await late.run('COMMIT')
    await database.run(`INSERT INTO ${key} VALUES (5)`)
    expect(sorted(await sync(destination, key))).toEqual([['2'], ['5']])
    expect(await sync(destination, key)).toEqual([])
  })

  it('brings rows of more subtransactions than the server keeps track of', async () => {
    const schema = await database.makeSchema()
    const key = `${schema}.t`
    await database.run(`CREATE TABLE ${key} (id int); INSERT INTO ${key} VALUES (0)`)
    const destination = new MemoryDestination()
    await using late = await database.open()
    await late.run(`BEGIN; SELECT pg_current_xact_id(); DO $$ BEGIN FOR i IN 1..100 LOOP
      BEGIN INSERT INTO ${key} VALUES (i); EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END $$`)
    await database.run(`INSERT INTO ${key} VALUES (-1)`)
    expect(sorted(await sync(destination, key, { readers: 2 }))).toEqual([['-1'], ['0']])
    await late.run('COMMIT')
    expect(await sync(destination, key)).toHaveLength(100)
    expect(await sync(destination, key)).toEqual([])
  })

  it('brings rows of a prepared transaction once it is committed', async () => {
    const schema = await database.makeSchema()
    const key = `${schema}.t`
    await database.run(`CREATE TABLE ${key} (id int)`)
    const destination = new MemoryDestination()
    await database.run(`BEGIN; INSERT INTO ${key} VALUES (1); PREPARE TRANSACTION '${schema}'`)
    expect(await sync(destination, key)).toEqual([])
    await database.run(`COMMIT PREPARED '${schema}'`)
    expect(await sync(destination, key)).toEqual([['1']])
  })

  it('reads partitioned tables, and rows that moved to another partition', async () => {
    const schema = await database.makeSchema()
    const key = `${schema}.t`
    await database.run(`CREATE TABLE ${key} (id int, region text) PARTITION BY LIST (region);
      CREATE TABLE ${schema}.a PARTITION OF ${key} FOR VALUES IN ('a'); CREATE TABLE ${schema}.b PARTITION OF ${key} FOR VALUES IN ('b');
      INSERT INTO ${key} VALUES (1, 'a'), (2, 'b')`)
    const destination = new MemoryDestination()
    await sync(destination, key)
    await database.run(`UPDATE ${key} SET region = 'b' WHERE id = 1; INSERT INTO ${key} VALUES (3, 'a')`)
    expect(sorted(await sync(destination, key))).toEqual([
      ['1', 'b'],
      ['3', 'a'],
    ])
  })

  it('brings the old rows of a partition that was attached since, once', async () => {
    const schema = await database.makeSchema()
    const key = `${schema}.t`
    await database.run(`CREATE TABLE ${schema}.p2 (id int); INSERT INTO ${schema}.p2 VALUES (11), (12);
      CREATE TABLE ${key} (id int) PARTITION BY RANGE (id); CREATE TABLE ${schema}.p1 PARTITION OF ${key} FOR VALUES FROM (0) TO (10);
      INSERT INTO ${key} VALUES (1)`)
    const destination = new MemoryDestination()
    expect(await sync(destination, key)).toEqual([['1']])
    await database.run(
      `ALTER TABLE ${key} ATTACH PARTITION ${schema}.p2 FOR VALUES FROM (10) TO (20); INSERT INTO ${key} VALUES (2)`,
    )
    expect(sorted(await sync(destination, key))).toEqual([['11'], ['12'], ['2']])
    await database.run(`INSERT INTO ${key} VALUES (13)`)
    expect(await sync(destination, key)).toEqual([['13']])
  })

  it('brings the old rows of a table that has taken the name of another', async () => {
    const schema = await database.makeSchema()
    const key = `${schema}.t`
    await database.run(`CREATE TABLE ${schema}.next (id int); INSERT INTO ${schema}.next VALUES (2), (3);
      CREATE TABLE ${key} (id int); INSERT INTO ${key} VALUES (1)`)
    const destination = new MemoryDestination()
    expect(await sync(destination, key)).toEqual([['1']])
    await database.run(`ALTER TABLE ${key} RENAME TO previous; ALTER TABLE ${schema}.next RENAME TO t`)
    expect(sorted(await sync(destination, key))).toEqual([['2'], ['3']])
    expect(await sync(destination, key)).toEqual([])
  })

  it('goes on after a first copy that was interrupted and resumed', async () => {
    const schema = await database.makeSchema()
    const key = `${schema}.t`
    await database.run(
      `CREATE TABLE ${key} AS SELECT i AS id, repeat('x', 1000) AS text FROM generate_series(1, 200) AS i`,
    )
    const destination = new MemoryDestination()
    const config = { connection_string: database.connectionString, readers: 1, chunk_bytes: 4 * pageBytes }
    await using late = await database.open()
    await late.run(`BEGIN; SELECT pg_current_xact_id(); SAVEPOINT a; INSERT INTO ${key} VALUES (-1, '')`)
    await database.run(`INSERT INTO ${key} VALUES (-2, '')`)
    const run = new SourceRun(config)
    const catalog = await run.catalog({ [key]: incremental })
    let checkpoints = 0
    await destination.take(run.read(catalog), ({ type }) => type === 'checkpoint' && ++checkpoints === 2)
    await database.run(`INSERT INTO ${key} VALUES (-3, '')`)
    await destination.take(run.read(catalog, destination.checkpoints))
    expect(destination.messages.map(({ type }) => type)).not.toContain('stream_restarted')
    await late.run('COMMIT')
    await sync(destination, key)
    expect(await sync(destination, key)).toEqual([])
    expect(sorted(destination.rows(key))).toEqual(sorted(await database.run(`SELECT * FROM ${key}`)))
  })

  it('refuses a checkpoint of another server, or of a state that the server is behind', async () => {
    const schema = await database.makeSchema()
    const key = `${schema}.t`
    await database.run(`CREATE TABLE ${key} (id int)`)
    const destination = new MemoryDestination()
    await sync(destination, key)
    const { stream, state } = destination.checkpoints.at(0)!
    const run = new SourceRun({ connection_string: database.connectionString })
    const catalog = await run.catalog({ [key]: incremental })
    const attempt = async (changes: object) =>
      await new MemoryDestination().take(run.read(catalog, [{ stream, state: { ...state, ...changes } }]))
    const source = state['source'] as object
    for (const other of [{ system: '7' }, { timeline: 99 }, { database: '7' }]) {
      await expect(attempt({ source: { ...source, ...other } })).rejects.toMatchObject({
        code: 'POSTGRES_SOURCE_REPLACED',
      })
    }
    await expect(attempt({ horizon: '999999999999' })).rejects.toMatchObject({ code: 'POSTGRES_SOURCE_REPLACED' })
    await expect(attempt({ guard: 'cursor', column: 'id', value: '1' })).rejects.toMatchObject({
      code: 'POSTGRES_CHECKPOINT_UNUSABLE',
    })
  })

  it('refuses what has no transaction ids, before anything is copied', async () => {
    const schema = await database.makeSchema()
    await database.run(`CREATE EXTENSION IF NOT EXISTS postgres_fdw; CREATE SERVER ${schema} FOREIGN DATA WRAPPER postgres_fdw;
      CREATE TABLE ${schema}.t (id int) PARTITION BY RANGE (id); CREATE FOREIGN TABLE ${schema}.p PARTITION OF ${schema}.t DEFAULT SERVER ${schema}`)
    await expect(sync(new MemoryDestination(), `${schema}.t`)).rejects.toMatchObject({
      code: 'POSTGRES_CURSOR_UNSUITABLE',
    })
  })

  it('loses and repeats nothing, however transactions and runs interleave', async () => {
    const writers: TestSession[] = []
    try {
      for (let count = 0; count < 3; count++) writers.push(await database.open())
      const property = fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
          const schema = await database.makeSchema()
          await expectExact(new History(writers, `${schema}.t`), steps)
        }),
        { numRuns: 12 },
      )
      await expect(property).resolves.toBeUndefined()
    } finally {
      for (const writer of writers) await writer[Symbol.asyncDispose]()
    }
  })

  /** Every version of every row is a row of its own: only inserts and version bumps, and nothing is deleted. */
  async function expectExact(history: History, steps: readonly Step[]) {
    await database.run(`CREATE TABLE ${history.key} (id int, version int)`)
    const destination = new MemoryDestination()
    const run = new SourceRun({ connection_string: database.connectionString, readers: 1 })
    const catalog = await run.catalog({ [history.key]: incremental })
    const syncNow = async () => await destination.take(run.read(catalog, destination.checkpoints))
    for (const { writer, action } of steps) {
      if (action === 'sync') await syncNow()
      else await history.apply(writer, action)
    }
    await history.finish()
    await syncNow()
    await syncNow()
    const expected = await database.run(`SELECT * FROM ${history.key}`)
    // Versions that were overwritten before a run could see them are not in the table; those that were read were there.
    const byId = Map.groupBy(destination.rows(history.key), ([id]) => id)
    for (const [id, version] of expected) {
      expect(byId.get(id!)?.at(-1), `row ${id} of ${JSON.stringify(steps)}`).toEqual([id, version])
    }
    for (const [id, versions] of byId) {
      const numbers = versions.map(([, version]) => Number(version))
      expect(new Set(numbers).size, `row ${id} of ${JSON.stringify(steps)}`).toBe(numbers.length)
    }
    expect(byId.size).toBe(expected.length)
  }
})

type Action = 'insert' | 'insert in savepoint' | 'insert and roll back' | 'update' | 'commit' | 'rollback' | 'sync'
interface Step {
  readonly writer: number
  readonly action: Action
}

const step: fc.Arbitrary<Step> = fc.record({
  writer: fc.nat({ max: 2 }),
  action: fc.constantFrom<Action>(
    'insert',
    'insert',
    'insert in savepoint',
    'insert and roll back',
    'update',
    'commit',
    'commit',
    'rollback',
    'sync',
    'sync',
  ),
})

/** Sessions that write to one table, each row by one session only, so that none waits for another. */
class History {
  readonly key: string
  readonly #writers: readonly TestSession[]
  readonly #isOpen: boolean[]
  #ids = 0

  constructor(writers: readonly TestSession[], key: string) {
    this.#writers = writers
    this.key = key
    this.#isOpen = writers.map(() => false)
  }

  async apply(writer: number, action: Exclude<Action, 'sync'>): Promise<void> {
    const session = this.#writers.at(writer)!
    if (action === 'commit' || action === 'rollback') {
      if (this.#isOpen[writer]) await session.run(action)
      this.#isOpen[writer] = false
      return
    }
    if (!this.#isOpen[writer]) await session.run('BEGIN')
    this.#isOpen[writer] = true
    const id = ++this.#ids * 10 + writer
    const insert = `INSERT INTO ${this.key} VALUES (${id}, 0)`
    const statements = {
      insert,
      'insert in savepoint': `SAVEPOINT a; ${insert}; RELEASE a`,
      'insert and roll back': `SAVEPOINT a; ${insert}; ROLLBACK TO a`,
      update: `SAVEPOINT a; UPDATE ${this.key} SET version = version + 1 WHERE id % 10 = ${writer}; RELEASE a`,
    }
    await session.run(statements[action])
  }

  async finish(): Promise<void> {
    for (const writer of this.#writers.keys()) await this.apply(writer, 'commit')
  }
}
