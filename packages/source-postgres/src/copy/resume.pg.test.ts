import type { SourceMessage } from '@eclusa/sdk'
import { testServers } from '@eclusa/postgres-local/testing'
import { describe, expect, it } from 'vitest'
import { MemoryDestination, sorted } from '../../testing/memory-destination.ts'
import { SourceRun, incremental, schemasOf } from '../../testing/source-run.ts'
import type { SourceConfig, StreamChoices } from '../../testing/source-run.ts'
import { suiteDatabase } from '../../testing/suite-database.ts'

const pageBytes = 8192

describe.each(await testServers())('on PostgreSQL $major, a copy that was interrupted', (server) => {
  const database = suiteDatabase(server)

  /** A schema of its own with a table of about 60 pages, `t`, of which 7 rows lie on a page. */
  async function makeTable(): Promise<string> {
    const schema = await database.makeSchema()
    await database.run(
      `CREATE TABLE ${schema}.t AS SELECT i AS id, 0 AS version, repeat('x', 1000) AS text FROM generate_series(1, 420) AS i`,
    )
    await database.run(`VACUUM ${schema}.t`)
    return schema
  }

  function runWith(config: SourceConfig = {}): SourceRun {
    return new SourceRun({
      connection_string: database.connectionString,
      readers: 2,
      chunk_bytes: 4 * pageBytes,
      ...config,
    })
  }

  /** Reads until the checkpoint of this number, and is killed there. */
  async function interrupt(
    choices: StreamChoices,
    { checkpoints = 3, config = {} }: { checkpoints?: number; config?: SourceConfig } = {},
  ) {
    const run = runWith({ schemas: schemasOf(choices), ...config })
    const destination = new MemoryDestination({
      fullRefreshes: Object.keys(choices).filter((key) => choices[key]?.syncMode !== 'incremental'),
    })
    let seen = 0
    await destination.take(
      run.read(await run.catalog(choices)),
      ({ type }) => type === 'checkpoint' && ++seen === checkpoints,
    )
    return destination
  }

  async function goOn(destination: MemoryDestination, choices: StreamChoices, config: SourceConfig = {}) {
    const run = runWith({ schemas: schemasOf(choices), ...config })
    await destination.take(run.read(await run.catalog(choices), destination.checkpoints))
  }

  function restartReason(messages: readonly SourceMessage[]): string | undefined {
    return messages.find((message) => message.type === 'stream_restarted')?.reason
  }

  async function expectExact(destination: MemoryDestination, key: string) {
    expect(sorted(destination.rows(key))).toEqual(sorted(await database.run(`SELECT * FROM ${key}`)))
  }

  it('goes on after what is durable when nothing has changed', async () => {
    const schema = await makeTable()
    const key = `${schema}.t`
    const destination = await interrupt({ [key]: {} })
    const rowsBefore = destination.loadingRows(key).length
    expect(rowsBefore).toBeGreaterThan(100)
    await goOn(destination, { [key]: {} })
    expect(destination.messages[0]).toMatchObject({ type: 'stream_started', resumed: true })
    expect(restartReason(destination.messages)).toBeUndefined()
    const sent = destination.messages.reduce(
      (sum, message) => sum + (message.type === 'batch' ? message.batch.records.numRows : 0),
      0,
    )
    expect(sent).toBe(420 - rowsBefore)
    await expectExact(destination, key)
  })

  it('goes on with other readers and other chunks, again and again', async () => {
    const schema = await makeTable()
    const key = `${schema}.t`
    const destination = await interrupt({ [key]: {} }, { checkpoints: 1 })
    for (const config of [
      { readers: 1, chunk_bytes: 3 * pageBytes },
      { readers: 4, chunk_bytes: 2 * pageBytes },
    ]) {
      const run = runWith(config)
      await destination.take(
        run.read(await run.catalog({ [key]: {} }), destination.checkpoints),
        ({ type }) => type === 'checkpoint',
      )
      expect(restartReason(destination.messages)).toBeUndefined()
    }
    await goOn(destination, { [key]: {} })
    expect(restartReason(destination.messages)).toBeUndefined()
    await expectExact(destination, key)
  })

  it.each([
    ['a row that was read is deleted', 'DELETE FROM $.t WHERE id = 5', /deleted or updated/u],
    [
      'a row that was read is updated',
      'UPDATE $.t SET version = 1 WHERE id = 5',
      /deleted or updated|changed or added/u,
    ],
    [
      'a row that was read is updated in place',
      'DELETE FROM $.t WHERE id = 6; VACUUM $.t; INSERT INTO $.t VALUES (6, 1, repeat($$x$$, 1000))',
      /changed or added/u,
    ],
    ['all rows are rewritten', 'UPDATE $.t SET version = 1', /deleted or updated|changed or added/u],
    ['the table is rewritten', 'VACUUM FULL $.t', /truncated or rewritten/u],
    ['the table is truncated', 'TRUNCATE $.t', /truncated or rewritten/u],
    ['a type is changed', 'ALTER TABLE $.t ALTER version TYPE bigint', /columns have changed/u],
    ['a column is added', 'ALTER TABLE $.t ADD COLUMN late int DEFAULT 7', /columns have changed/u],
    [
      'a column is replaced',
      'ALTER TABLE $.t DROP COLUMN version; ALTER TABLE $.t ADD COLUMN version int',
      /columns have changed/u,
    ],
    [
      'the table is replaced by another of its name',
      'ALTER TABLE $.t RENAME TO old; CREATE TABLE $.t AS TABLE $.old',
      /detached or dropped/u,
    ],
  ])('restarts when %s', async (_what, sql, reason) => {
    const schema = await makeTable()
    const key = `${schema}.t`
    const destination = await interrupt({ [key]: {} })
    for (const statement of sql.replaceAll('$.', `${schema}.`).split('; ')) await database.run(statement)
    await goOn(destination, { [key]: {} })
    expect(restartReason(destination.messages)).toMatch(reason)
    expect(destination.messages[0]).toMatchObject({ type: 'stream_started', resumed: true })
    await expectExact(destination, key)
  })

  it('goes on when only rows that were not read yet are changed', async () => {
    const schema = await makeTable()
    const key = `${schema}.t`
    const destination = await interrupt({ [key]: {} }, { checkpoints: 1 })
    await database.run(`DELETE FROM ${key} WHERE id > 400; INSERT INTO ${key} SELECT 1000 + i, 0, repeat('x', 1000) FROM generate_series(1, 50) AS i;
      UPDATE ${key} SET version = 1 WHERE id > 380`)
    await goOn(destination, { [key]: {} })
    expect(restartReason(destination.messages)).toBeUndefined()
    await expectExact(destination, key)
  })

  it('goes on when the pages that were not read yet are gone', async () => {
    const schema = await makeTable()
    const key = `${schema}.t`
    const destination = await interrupt({ [key]: {} }, { checkpoints: 1 })
    await database.run(`DELETE FROM ${key} WHERE id > 100`)
    await database.run(`VACUUM ${key}`)
    await goOn(destination, { [key]: {} })
    expect(restartReason(destination.messages)).toBeUndefined()
    await expectExact(destination, key)
  })

  it('goes on after freezing, which leaves rows where and what they are', async () => {
    const schema = await makeTable()
    const key = `${schema}.t`
    const destination = await interrupt({ [key]: {} })
    await database.run(`VACUUM (FREEZE) ${key}`)
    await goOn(destination, { [key]: {} })
    expect(restartReason(destination.messages)).toBeUndefined()
    await expectExact(destination, key)
  })

  describe('while a transaction was writing', () => {
    it('goes on past rows that were committed after that transaction began', async () => {
      const schema = await makeTable()
      const key = `${schema}.t`
      await using writer = await database.open()
      await writer.run('BEGIN; SELECT pg_current_xact_id()')
      await database.run(`UPDATE ${key} SET version = 1 WHERE id <= 50`)
      await database.run(
        `BEGIN; UPDATE ${key} SET version = 2 WHERE id <= 20; SAVEPOINT a; UPDATE ${key} SET version = 3 WHERE id <= 10; COMMIT`,
      )
      await database.run(`VACUUM ${key}`)
      await database.run(`UPDATE ${key} SET version = 4 WHERE id <= 5`)
      const destination = await interrupt({ [key]: {} })
      await writer.run('COMMIT')
      await goOn(destination, { [key]: {} })
      expect(restartReason(destination.messages)).toBeUndefined()
      await expectExact(destination, key)
    })

    it.each([
      ['in its own name', ''],
      ['in a savepoint', 'SAVEPOINT a;'],
    ])(
      'restarts when that one commits a row among those read, written %s, though another one vanished',
      async (_how, savepoint) => {
        const schema = await makeTable()
        const key = `${schema}.t`
        await database.run(`DELETE FROM ${key} WHERE id = 3`)
        await database.run(`VACUUM ${key}`)
        await using writer = await database.open()
        // The new row takes the room of the deleted one, on the first page. A younger transaction that has ended makes the
        // id of the savepoint lie below the snapshot's xmax.
        await writer.run(
          `BEGIN; SELECT pg_current_xact_id(); ${savepoint} INSERT INTO ${key} VALUES (-3, 0, repeat('x', 1000))`,
        )
        await database.run('SELECT pg_current_xact_id()')
        const destination = await interrupt({ [key]: {} })
        await writer.run('COMMIT')
        await database.run(`DELETE FROM ${key} WHERE id = 4`)
        expect((await database.run(`SELECT ctid FROM ${key} WHERE id = -3`))[0]?.[0]).toMatch(/^\(0,/u)
        await goOn(destination, { [key]: {} })
        expect(restartReason(destination.messages)).toMatch(/changed or added/u)
        await expectExact(destination, key)
      },
    )
  })

  it('restarts when the server was another one', async () => {
    const schema = await makeTable()
    const key = `${schema}.t`
    const destination = await interrupt({ [key]: {} })
    const checkpoint = destination.checkpoints.at(0)!
    const state = { ...checkpoint.state, source: { system: '1', timeline: 1, database: '1' } }
    const run = runWith()
    await destination.take(run.read(await run.catalog({ [key]: {} }), [{ ...checkpoint, state }]))
    expect(restartReason(destination.messages)).toMatch(/another server/u)
    await expectExact(destination, key)
  })

  it('refuses a checkpoint that it did not write', async () => {
    const schema = await makeTable()
    const run = runWith()
    const catalog = await run.catalog({ [`${schema}.t`]: {} })
    const stream = catalog.streams.at(0)!.stream
    for (const state of [{}, { version: 2, phase: 'copy' }, { version: 1, phase: 'incremental', guard: 'xmin' }]) {
      const reading = new MemoryDestination().take(run.read(catalog, [{ stream, state }]))
      await expect(reading).rejects.toMatchObject({
        code: 'POSTGRES_CHECKPOINT_UNUSABLE',
        details: { stream: `${schema}.t` },
      })
    }
  })

  it('starts anew, without a word of restarting, in another sync mode', async () => {
    const schema = await makeTable()
    const key = `${schema}.t`
    const destination = await interrupt({ [key]: {} })
    await goOn(destination, { [key]: incremental })
    expect(destination.messages[0]).toMatchObject({ type: 'stream_started', resumed: false })
    await expectExact(destination, key)
  })

  it('goes on in the middle of partitions, and restarts when one that was read is detached', async () => {
    const schema = await database.makeSchema()
    const key = `${schema}.t`
    await database.run(`CREATE TABLE ${key} (id int, text text) PARTITION BY RANGE (id);
      CREATE TABLE ${schema}.p1 PARTITION OF ${key} FOR VALUES FROM (0) TO (100);
      CREATE TABLE ${schema}.p2 PARTITION OF ${key} FOR VALUES FROM (100) TO (300);
      INSERT INTO ${key} SELECT i, repeat('x', 1000) FROM generate_series(0, 299) AS i`)
    const destination = await interrupt({ [key]: {} })
    await database.run(
      `CREATE TABLE ${schema}.p3 PARTITION OF ${key} FOR VALUES FROM (300) TO (400); INSERT INTO ${key} VALUES (300, 'new')`,
    )
    const atThird = structuredClone(destination.checkpoints)
    await goOn(destination, { [key]: {} })
    expect(restartReason(destination.messages)).toBeUndefined()
    await expectExact(destination, key)
    await database.run(`ALTER TABLE ${key} DETACH PARTITION ${schema}.p1`)
    const run = runWith()
    await destination.take(run.read(await run.catalog({ [key]: {} }), atThird))
    expect(restartReason(destination.messages)).toMatch(/detached/u)
    await expectExact(destination, key)
  })

  it('leaves complete streams to the pipeline: asked again, it begins a new refresh', async () => {
    const schema = await makeTable()
    const key = `${schema}.t`
    const destination = new MemoryDestination({ fullRefreshes: [key] })
    await goOn(destination, { [key]: {} })
    await database.run(`DELETE FROM ${key} WHERE id > 10`)
    await goOn(destination, { [key]: {} })
    expect(destination.messages[0]).toMatchObject({ type: 'stream_started', resumed: false })
    await expectExact(destination, key)
  })
})
