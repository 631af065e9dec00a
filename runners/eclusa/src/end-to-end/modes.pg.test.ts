/* What DuckDB holds after several runs, while tables, their columns, keys and partitions, and the pipeline change. */
import { basename } from 'node:path'
import { testServer } from '@eclusa/postgres-local/testing'
import type { StreamSelection } from '@eclusa/pipeline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EndToEnd, changeDuckDb, duckDbTexts, postgresTexts, run, smallSteps } from '../testing/end-to-end.ts'

let database: EndToEnd
beforeAll(async () => {
  database = await EndToEnd.open(await testServer())
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

const incremental = (name: string, more: Partial<StreamSelection> = {}): StreamSelection => ({
  name,
  syncMode: 'incremental',
  ...more,
})

/** The columns of a table that both sides have, equal as multisets. */
async function expectEqual(file: string, table: string, columns: string): Promise<void> {
  const name = basename(file, '.duckdb')
  const found = await duckDbTexts(file, `SELECT ${columns} FROM "${name}".${table}`)
  expect(found).toEqual(await postgresTexts(database, `SELECT ${columns} FROM ${table}`))
}

describe.concurrent('rows are merged by their key', () => {
  test('also when a change lowers the cursor or takes it away, as the guard by transaction id promises', async () => {
    await database.sql(`CREATE TABLE moved (id int PRIMARY KEY, v text, seen date);
      INSERT INTO moved VALUES (1, 'old', '2024-01-02'), (2, 'old', '2024-01-02'), (3, 'old', '2024-01-02')`)
    const file = database.file()
    const pipeline = database.pipeline(file, { streams: [{ name: 'public.moved', cursor: 'seen' }] })
    await run(pipeline)
    await database.sql(
      "UPDATE moved SET v = 'new', seen = '2024-01-01' WHERE id = 1; UPDATE moved SET v = 'new', seen = NULL WHERE id = 2",
    )
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded', rows: 2 })
    await expectEqual(file, 'public.moved', 'id, v')
  })

  test('also in a table with a column named rowid', async () => {
    await database.sql("CREATE TABLE addressed (id int, rowid int, v text); INSERT INTO addressed VALUES (1, 7, 'a')")
    const file = database.file()
    const pipeline = database.pipeline(file, { streams: [incremental('public.addressed', { primaryKey: ['id'] })] })
    await run(pipeline)
    await database.sql("INSERT INTO addressed VALUES (2, 7, 'b'), (2, 7, 'c'), (3, 7, 'd')")
    await run(pipeline)
    expect(await duckDbTexts(file, 'SELECT id, rowid FROM public.addressed')).toEqual(['1|7', '2|7', '3|7'])
  })

  test('once, when the stream was appended before', async () => {
    await database.sql('CREATE TABLE appended (id int PRIMARY KEY, v int); INSERT INTO appended VALUES (1, 1), (2, 2)')
    const file = database.file()
    const as = (destinationSyncMode: 'append' | 'append_dedup') =>
      database.pipeline(file, { streams: [incremental('public.appended', { destinationSyncMode })] })
    await run(as('append'))
    await database.sql('UPDATE appended SET v = 3 WHERE id = 1')
    await run(as('append'))
    expect(await duckDbTexts(file, 'SELECT id, v FROM public.appended')).toEqual(['1|1', '1|3', '2|2'])
    await run(as('append_dedup'))
    await expectEqual(file, 'public.appended', 'id, v')
  })

  test('or not at all, when the key has changed its type, until the stream is read anew', async () => {
    await database.sql('CREATE TABLE rekeyed (id int PRIMARY KEY); INSERT INTO rekeyed VALUES (1), (2)')
    const file = database.file()
    const pipeline = database.pipeline(file, { streams: [incremental('public.rekeyed')] })
    await run(pipeline)
    await database.sql("ALTER TABLE rekeyed ALTER id TYPE text; INSERT INTO rekeyed VALUES ('a'), ('b')")
    expect(await run(pipeline)).toMatchObject({
      status: 'failed',
      streamFailures: [{ stream: 'public.rekeyed', error: { code: 'SCHEMA_CHANGED' } }],
    })
    expect(await duckDbTexts(file, 'SELECT id FROM public.rekeyed')).toEqual(['1', '2'])
    await run(pipeline, { fullRefresh: true })
    await expectEqual(file, 'public.rekeyed', 'id')
  })

  test('or not at all, when keys cannot be held: rows of two keys would become one', async () => {
    await database.sql(`CREATE TABLE far (id timestamp PRIMARY KEY);
      INSERT INTO far VALUES ('294270-01-01'), ('294271-01-01'), ('2024-01-01')`)
    const file = database.file()
    const streams = (more: Partial<StreamSelection>) => [incremental('public.far', more)]
    const result = await run(database.pipeline(file, { streams: streams({}) }))
    expect(result).toMatchObject({ status: 'failed', error: { code: 'UNREPRESENTABLE_VALUE' } })
    expect(result.error?.message).not.toContain('294270')
    await run(database.pipeline(file, { streams: streams({ columns: { id: 'text' } }) }))
    await expectEqual(file, 'public.far', 'id')
  })
})

describe.concurrent('an incremental stream reads', () => {
  test('all rows of a partition that is attached, however old they are', async () => {
    await database.sql(`CREATE TABLE parent (id int, v text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
      CREATE TABLE young PARTITION OF parent FOR VALUES FROM (0) TO (10); INSERT INTO parent VALUES (1, 'a');
      CREATE TABLE grown (v text, junk int, id int PRIMARY KEY); ALTER TABLE grown DROP junk;
      INSERT INTO grown (id, v) VALUES (11, 'b'), (12, 'c')`)
    const file = database.file()
    const pipeline = database.pipeline(file, { streams: [{ name: 'public.parent', cursor: 'id' }] })
    await run(pipeline)
    await database.sql('ALTER TABLE parent ATTACH PARTITION grown FOR VALUES FROM (10) TO (20)')
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded', rows: 2 })
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded', rows: 0 })
    await expectEqual(file, 'public.parent', 'id, v')
  })

  test('all rows of a table that was filled before it took the name', async () => {
    await database.sql(`CREATE TABLE current (id int PRIMARY KEY, v text); INSERT INTO current VALUES (1, 'a');
      CREATE TABLE next (id int PRIMARY KEY, v text); INSERT INTO next VALUES (1, 'A'), (2, 'B')`)
    const file = database.file()
    const pipeline = database.pipeline(file, { streams: [incremental('public.current')] })
    await run(pipeline)
    await database.sql('ALTER TABLE current RENAME TO past; ALTER TABLE next RENAME TO current')
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded', rows: 2 })
    await expectEqual(file, 'public.current', 'id, v')
  })

  test('rows that were committed late, once', async () => {
    await database.sql('CREATE TABLE late (id int PRIMARY KEY, seen timestamptz DEFAULT now())')
    const file = database.file()
    const pipeline = database.pipeline(file, {
      streams: [{ name: 'public.late', cursor: 'seen', destinationSyncMode: 'append' }],
    })
    await database.sql('CREATE EXTENSION IF NOT EXISTS dblink')
    await database.sql("SELECT dblink_connect('slow', $1)", [database.connectionString])
    await database.sql("SELECT dblink_exec('slow', 'BEGIN; SAVEPOINT a; INSERT INTO late VALUES (1)')")
    await database.sql('INSERT INTO late VALUES (2)')
    expect(await run(pipeline)).toMatchObject({ rows: 1 })
    await database.sql('INSERT INTO late VALUES (3)')
    expect(await run(pipeline)).toMatchObject({ rows: 1 })
    await database.sql("SELECT dblink_exec('slow', 'COMMIT')")
    expect(await run(pipeline)).toMatchObject({ rows: 1 })
    await database.sql("SELECT dblink_disconnect('slow')")
    await expectEqual(file, 'public.late', 'id')
  })
})

describe.concurrent('a refresh', () => {
  test('is complete although another stream fails at first', async () => {
    await database.sql(`CREATE TABLE shrunk (id int PRIMARY KEY); INSERT INTO shrunk VALUES (1), (2);
      CREATE TABLE frozen (id int)`)
    const file = database.file()
    const streams = [incremental('public.shrunk'), { name: 'public.frozen', schemaPolicy: 'freeze' } as const]
    const pipeline = database.pipeline(file, { streams })
    await run(pipeline)
    await database.sql('DELETE FROM shrunk WHERE id = 1; ALTER TABLE frozen ADD more int')
    expect(await run(pipeline, { fullRefresh: true })).toMatchObject({
      status: 'partial',
      streamFailures: [{ stream: 'public.frozen', error: { code: 'SCHEMA_CHANGED' } }],
    })
    await expectEqual(file, 'public.shrunk', 'id')
  })

  test('brings the values of a column that came with a default, as the warning about it says', async () => {
    await database.sql('CREATE TABLE defaulted (id int PRIMARY KEY); INSERT INTO defaulted VALUES (1), (2)')
    const file = database.file()
    const pipeline = database.pipeline(file, { streams: [incremental('public.defaulted')] })
    await run(pipeline)
    await database.sql("ALTER TABLE defaulted ADD v text DEFAULT 'd'; INSERT INTO defaulted VALUES (3)")
    const { status, warnings } = await run(pipeline)
    expect({ status, warned: warnings.map(({ message }) => message) }).toEqual({
      status: 'succeeded',
      warned: [expect.stringContaining('`eclusa run --full-refresh --select public.defaulted`')],
    })
    expect(await duckDbTexts(file, 'SELECT id, v FROM public.defaulted')).toEqual(['1|NULL', '2|NULL', '3|d'])
    await run(pipeline, { fullRefresh: true, select: ['public.defaulted'] })
    await expectEqual(file, 'public.defaulted', 'id, v')
  })

  test('is made again of a table that was dropped before the sync was finished', async () => {
    await database.sql(`CREATE TABLE done AS SELECT 1 AS id;
      CREATE TABLE halfway AS SELECT id, repeat('x', 500) AS v FROM generate_series(1, 300) AS id`)
    const file = database.file()
    const pipeline = database.pipeline(file, { streams: ['public.done', 'public.halfway'], ...smallSteps })
    const stopped = pipeline.run()
    for await (const event of stopped) if (event.type === 'stream_completed') stopped.stop()
    expect(await stopped.result).toMatchObject({ status: 'cancelled', streams: [{ status: 'completed' }, {}] })
    await changeDuckDb(file, 'DROP TABLE public.done')
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
    await expectEqual(file, 'public.done', 'id')
    await expectEqual(file, 'public.halfway', 'id, v')
  })

  test('goes on after columns changed between the interruption and the next run', async () => {
    await database.sql(
      "CREATE TABLE altered AS SELECT id, repeat('x', 500) AS v, id AS gone FROM generate_series(1, 200) AS id",
    )
    const file = database.file()
    const pipeline = database.pipeline(file, { streams: ['public.altered'], ...smallSteps })
    const interrupted = pipeline.run()
    for await (const event of interrupted) if (event.type === 'committed') interrupted.stop()
    expect((await interrupted.result).status).toBe('cancelled')
    await database.sql('ALTER TABLE altered DROP gone, ADD more int DEFAULT 5, ALTER id TYPE bigint')
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
    await expectEqual(file, 'public.altered', 'id, v, more')
  })

  test('reads the columns of a table that is altered while the run begins', async () => {
    await database.sql("CREATE TABLE renamed (id int, v text); INSERT INTO renamed VALUES (1, 'a')")
    const file = database.file()
    const begun = database.pipeline(file, { streams: ['public.renamed'] }).run()
    for await (const event of begun) {
      if (event.type === 'run_started') await database.sql('ALTER TABLE renamed RENAME v TO w')
    }
    expect((await begun.result).status).toBe('succeeded')
  })
})

describe.concurrent('tables of the warehouse', () => {
  test('are found in a file that has the name of their schema', async () => {
    await database.sql(
      "CREATE SCHEMA sales; CREATE TABLE sales.orders (id int PRIMARY KEY, v text); INSERT INTO sales.orders VALUES (1, 'a')",
    )
    const file = database.file('sales')
    const pipeline = database.pipeline(file, { streams: [incremental('sales.orders')] })
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded', rows: 1 })
    await database.sql("UPDATE sales.orders SET v = 'b'; INSERT INTO sales.orders VALUES (2, 'c')")
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded', rows: 2 })
    await expectEqual(file, 'sales.orders', 'id, v')
  })

  test('have one stream each, also where one schema takes them all', async () => {
    await database.sql(
      `CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.same AS SELECT 1 AS id; CREATE TABLE b.same AS SELECT 2 AS id`,
    )
    const file = database.file()
    const pipeline = database.pipeline(file, { streams: ['a.same', 'b.same'], destination: { schema: 'staging' } })
    const taken = { stream: 'b.same', error: { code: 'DESTINATION_TABLE_TAKEN' } }
    expect(await run(pipeline)).toMatchObject({ status: 'partial', streamFailures: [taken] })
    expect(await duckDbTexts(file, 'SELECT id FROM staging.same')).toEqual(['1'])
  })

  test('can have 1,600 columns, or none, and names of any kind', async () => {
    const columns = Array.from({ length: 1600 }, (_, index) => `c${index} ${index % 2 === 0 ? 'int' : 'text'}`)
    const odd = `"se""lect"."a.b ""c""-?日本"`
    await database.sql(
      `CREATE TABLE wide (${columns.join(', ')});
      INSERT INTO wide (c0, c1) SELECT g, md5(g::text) FROM generate_series(1, 2100) AS g;
      CREATE TABLE bare (); INSERT INTO bare DEFAULT VALUES;
      CREATE SCHEMA "se""lect"; CREATE TABLE ${odd} ("order" int, "x""y" text, "GROUP" int)`,
    )
    await database.sql(`INSERT INTO ${odd} VALUES (1, 'a', 2)`)
    const file = database.file()
    const streams = ['public.wide', 'public.bare', 'se"lect.a.b "c"-?日本']
    expect(await run(database.pipeline(file, { streams }))).toMatchObject({ status: 'succeeded', rows: 2102 })
    await expectEqual(file, 'public.wide', 'c0, c1, c1599')
    await expectEqual(file, odd, '"order", "x""y", "GROUP"')
    expect(await duckDbTexts(file, 'SELECT count(*) FROM public.bare')).toEqual(['1'])
  })

  test('belong to one pipeline', async () => {
    await database.sql('CREATE TABLE owned AS SELECT 1 AS id')
    const file = database.file()
    const streams = ['public.owned']
    await run(database.pipeline(file, { streams }))
    const other = await run(database.pipeline(file, { streams, name: 'other' }))
    expect(other.streamFailures).toMatchObject([{ stream: 'public.owned', error: { code: 'DESTINATION_TABLE_TAKEN' } }])
    const [first, second] = await Promise.all([
      run(database.pipeline(file, { streams })),
      run(database.pipeline(file, { streams, failuresMax: 1 })),
    ])
    expect([first.status, second.status].toSorted()).toEqual(['failed', 'succeeded'])
    expect([first.error?.code, second.error?.code]).toContain('DESTINATION_BUSY')
  })
})
