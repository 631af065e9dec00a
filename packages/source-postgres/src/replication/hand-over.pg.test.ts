import { testServers } from '@eclusa/postgres-local/testing'
import type { SourceMessage } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { waitUntil } from '../../testing/database.ts'
import {
  ReplicatedRun,
  createWrittenTable,
  dropSlotsAfterEach,
  replicated,
  slotName,
  startWriter,
} from '../../testing/replicated-run.ts'
import { incremental } from '../../testing/source-run.ts'
import { suiteDatabase } from '../../testing/suite-database.ts'

const columns = ['id', 'n', 'note', 'big']
const pageBytes = 8192
const keys = ['id']

function typesOf(messages: readonly SourceMessage[], ...types: SourceMessage['type'][]): string[] {
  return messages.flatMap((message) => (types.includes(message.type) ? [message.type] : []))
}

describe.each(await testServers())('PostgreSQL $major', (server) => {
  const database = suiteDatabase(server)
  dropSlotsAfterEach(database)

  const runOf = (test: string, tables: readonly string[], config = {}) =>
    new ReplicatedRun(database, slotName(server, test), {
      keys: Object.fromEntries(tables.map((table) => [table, keys])),
      config: { readers: 2, chunk_bytes: 16 * pageBytes, ...config },
    })

  it('goes from the table copy to the changes without a gap or a repetition, while two sessions write', async () => {
    const table = `${await database.makeSchema()}.item`
    await createWrittenTable(database, table, 4000)
    const run = runOf('concurrent', [table])
    const writers = await Promise.all([0, 1].map((lane) => startWriter(database, table, { ids: 2200, lane, lanes: 2 })))
    const commits = () => writers.reduce((sum, writer) => sum + writer.commits(), 0)
    for (let round = 0; round < 3 || commits() <= 50; round++) await run.run({ [table]: replicated })
    for (const writer of writers) await writer.stop()
    await run.run({ [table]: replicated })
    const { source, destination } = await run.rows(table, columns)
    expect(destination).toEqual(source)
    expect(run.destination.startedResumed).toEqual({ [table]: true })
  })

  it('goes on with an interrupted copy while rows come, change, get other keys and go', async () => {
    const table = `${await database.makeSchema()}.item`
    // So many chunks that no interruption comes after the last one.
    await createWrittenTable(database, table, 15_000)
    const run = runOf('interrupted', [table], { readers: 1 })
    const writer = await startWriter(database, table, { ids: 4000 })
    let copied = 0
    for (let interruption = 0; interruption < 3; interruption++) {
      let checkpoints = 0
      await run.run(
        { [table]: replicated },
        { stopAfter: ({ type }) => type === 'checkpoint' && ++checkpoints === 4 + interruption },
      )
      copied += typesOf(run.destination.messages, 'stream_copied').length
      expect(run.destination.rows(table, columns)).toEqual([])
      const seen = writer.commits()
      await waitUntil('more was written', async () => await Promise.resolve(writer.commits() > seen + 40))
    }
    expect(copied).toBe(0)
    // Every row is copied, and the log is not read up to the last snapshot yet.
    await run.run(
      { [table]: replicated },
      {
        stopAfter: (message) =>
          message.type === 'checkpoint' &&
          message.checkpoints.some(({ stream, state }) => stream.name === 'item' && state['phase'] === 'replicating'),
      },
    )
    expect(run.destination.rows(table, columns)).toEqual([])
    await run.run({ [table]: replicated })
    expect(run.destination.startedResumed).toEqual({ [table]: true })
    expect(typesOf(run.destination.messages, 'stream_restarted', 'stream_copied')).toEqual(['stream_copied'])
    await writer.stop()
    await run.run({ [table]: replicated })
    const { source, destination } = await run.rows(table, columns)
    expect(destination).toEqual(source)
  })

  it('copies a history anew that was interrupted while rows changed, and goes on with one where none did', async () => {
    const schema = await database.makeSchema()
    for (const name of ['still', 'moving']) await createWrittenTable(database, `${schema}.${name}`, 2000)
    for (const [name, restarts] of [
      ['still', []],
      ['moving', ['stream_restarted']],
    ] as const) {
      const table = `${schema}.${name}`
      const run = runOf(`history_${name}`, [table], { readers: 1 })
      const history = { ...replicated, destinationSyncMode: 'append' } as const
      let checkpoints = 0
      await run.run({ [table]: history }, { stopAfter: ({ type }) => type === 'checkpoint' && ++checkpoints === 3 })
      if (name === 'moving') await database.run(`UPDATE ${table} SET n = 5 WHERE id = 1`)
      await run.run({ [table]: history })
      expect(typesOf(run.destination.messages, 'stream_restarted')).toEqual(restarts)
      const { source, destination } = await run.rows(table, columns)
      expect(destination).toEqual(source)
    }
  })

  it('copies a stream that is added while the others go on, although a transaction wrote to it before', async () => {
    const schema = await database.makeSchema()
    const [first, second] = [`${schema}.first`, `${schema}.second`]
    for (const table of [first, second]) await createWrittenTable(database, table, 500)
    const run = runOf('added', [first, second])
    await run.run({ [first]: replicated })
    const early = await database.open()
    await early.run(`BEGIN; INSERT INTO ${second} VALUES (9001, 1, 'before it was published', NULL)`)
    const writer = await startWriter(database, second, { ids: 800 })
    const adding = run.run({ [first]: replicated, [second]: replicated })
    await waitUntil('the table is published', async () => {
      const rows = await database.run(`SELECT FROM pg_publication_tables WHERE pubname = '${run.name}'`)
      return rows.length === 2
    })
    await early.run(`INSERT INTO ${second} VALUES (9002, 1, 'after it was published', NULL); COMMIT`)
    await adding
    expect(run.destination.startedResumed).toEqual({ [first]: true, [second]: false })
    await writer.stop()
    await early[Symbol.asyncDispose]()
    await database.run(`UPDATE ${first} SET n = -1 WHERE id = 3`)
    await run.run({ [first]: replicated, [second]: replicated })
    expect(run.destination.startedResumed).toEqual({ [first]: true, [second]: true })
    for (const table of [first, second]) {
      const { source, destination } = await run.rows(table, columns)
      expect(destination).toEqual(source)
    }
  })

  it('copies anew what was left out for a while, not published all the time, or made again', async () => {
    const schema = await database.makeSchema()
    const tables = ['left_out', 'unpublished', 'replaced', 'stays'].map((name) => `${schema}.${name}`)
    const [leftOut, unpublished, replaced, stays] = tables as [string, string, string, string]
    for (const table of tables) await createWrittenTable(database, table, 20)
    const all = Object.fromEntries(tables.map((table) => [table, replicated]))
    const run = runOf('anew', tables)
    await run.run(all)
    const { [leftOut]: _, ...others } = all
    await database.run(`UPDATE ${leftOut} SET n = 7`)
    await run.run(others)
    await database.run(`
      ALTER PUBLICATION ${run.name} DROP TABLE ${unpublished};
      UPDATE ${unpublished} SET n = 8;
      ALTER PUBLICATION ${run.name} ADD TABLE ${unpublished};
      DROP TABLE ${replaced}`)
    await createWrittenTable(database, replaced, 10)
    await run.run(all)
    expect(run.destination.startedResumed).toEqual({
      [leftOut]: false,
      [unpublished]: false,
      [replaced]: false,
      [stays]: true,
    })
    expect(run.source.log.warnings.filter((warning) => warning.startsWith('The table is copied anew'))).toHaveLength(3)
    for (const table of tables) {
      const { source, destination } = await run.rows(table, columns)
      expect(destination).toEqual(source)
    }
  })

  it('reads streams of other kinds in the same run, all in one snapshot', async () => {
    const schema = await database.makeSchema()
    const [changes, full, cursor] = ['changes', 'full_copy', 'by_cursor'].map((name) => `${schema}.${name}`) as [
      string,
      string,
      string,
    ]
    for (const table of [changes, full, cursor]) await createWrittenTable(database, table, 50)
    const run = runOf('mixed', [changes, full, cursor])
    const choices = { [changes]: replicated, [full]: {}, [cursor]: { ...incremental, cursorColumn: 'id' } }
    await run.run(choices)
    await database.run(`
      DELETE FROM ${changes} WHERE id = 5; DELETE FROM ${full} WHERE id = 5;
      INSERT INTO ${cursor} VALUES (100, 1, 'later', NULL)`)
    await run.run(choices)
    expect(typesOf(run.destination.messages, 'stream_completed')).toHaveLength(3)
    for (const table of [changes, full, cursor]) {
      const { source, destination } = await run.rows(table, columns)
      expect(destination).toEqual(source)
    }
  })

  it.each([true, false])(
    'reads partitioned tables, also later partitions; published via the root: %s',
    async (isViaRoot) => {
      const schema = await database.makeSchema()
      const table = `${schema}.measure`
      await database.run(`
      CREATE TABLE ${table} (id int, day int, n int, PRIMARY KEY (day, id)) PARTITION BY LIST (day);
      CREATE TABLE ${table}_1 PARTITION OF ${table} FOR VALUES IN (1);
      INSERT INTO ${table} SELECT i, 1, 0 FROM generate_series(1, 30) AS i`)
      const run = new ReplicatedRun(database, slotName(server, `partitioned_${isViaRoot}`), {
        keys: { [table]: ['day', 'id'] },
      })
      await database.run(
        `CREATE PUBLICATION ${run.name} FOR TABLE ${table} WITH (publish_via_partition_root = ${isViaRoot})`,
      )
      await run.run({ [table]: replicated })
      await database.run(`
      CREATE TABLE ${table}_2 (n int, id int NOT NULL, day int NOT NULL);
      ALTER TABLE ${table} ATTACH PARTITION ${table}_2 FOR VALUES IN (2);
      INSERT INTO ${table} SELECT i, 2, 0 FROM generate_series(1, 30) AS i;
      UPDATE ${table} SET day = 2, id = id + 100 WHERE day = 1 AND id < 5; UPDATE ${table} SET n = 1 WHERE id = 7`)
      await run.run({ [table]: replicated })
      const { source, destination } = await run.rows(table, ['id', 'day', 'n'])
      expect(destination).toEqual(source)
    },
  )

  it('confirms to the server only what is durable, and at the end all of it', async () => {
    const table = `${await database.makeSchema()}.item`
    await createWrittenTable(database, table, 100)
    const run = runOf('confirmed', [table])
    await run.run({ [table]: replicated })
    const writer = await startWriter(database, table, { ids: 200 })
    const stop = new AbortController()
    let checked = 0
    await run.run(
      { [table]: replicated },
      {
        limits: { stopSignal: stop.signal },
        onCommit: async () => {
          const { confirmed } = await run.slot()
          const [row] = await database.run(`SELECT '${confirmed}'::pg_lsn <= '${run.destination.position}'::pg_lsn`)
          expect(row).toEqual(['t'])
          if (++checked === 5) stop.abort()
        },
      },
    )
    await writer.stop()
    await run.run({ [table]: replicated })
    expect((await run.slot())['confirmed']).toBe(run.destination.position)
    const { source, destination } = await run.rows(table, columns)
    expect(destination).toEqual(source)
  })

  it('has nothing to read well under a second after it has read all', async () => {
    const table = `${await database.makeSchema()}.item`
    await createWrittenTable(database, table, 10)
    const run = runOf('nothing', [table])
    await run.run({ [table]: replicated })
    const durations: number[] = []
    // What waited for a timer would be slow every time; the machine, busy with other tests, is so now and then.
    while (durations.length < 20 && (durations.at(-1) ?? Infinity) >= 1_000) {
      const startedAt = performance.now()
      await run.run({ [table]: replicated })
      durations.push(performance.now() - startedAt)
    }
    expect(durations.at(-1)).toBeLessThan(1_000)
    expect(typesOf(run.destination.messages, 'batch')).toEqual([])
  })

  it('takes over a slot that exists already', async () => {
    const table = `${await database.makeSchema()}.item`
    await createWrittenTable(database, table, 10)
    const run = runOf('adopted', [table])
    await database.run(`SELECT pg_create_logical_replication_slot('${run.name}', 'pgoutput')`)
    await database.run(`UPDATE ${table} SET n = 3 WHERE id = 2`)
    await run.run({ [table]: replicated })
    expect(run.source.log.warnings).toContain('A replication slot that exists already is taken over.')
    await database.run(`UPDATE ${table} SET n = 4 WHERE id = 2`)
    await run.run({ [table]: replicated })
    const { source, destination } = await run.rows(table, columns)
    expect(destination).toEqual(source)
  })
})
