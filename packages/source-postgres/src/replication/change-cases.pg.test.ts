import { testServers } from '@eclusa/postgres-local/testing'
import { EclusaError, changeOperation } from '@eclusa/sdk'
import type { ChangeBatch, ChangeOperation, SourceMessage } from '@eclusa/sdk'
import { beforeEach, describe, expect, test } from 'vitest'
import { ChangeRun, positionOf } from '../../testing/change-run.ts'
import type { ChangeRunOptions } from '../../testing/change-run.ts'
import { waitUntil } from '../../testing/database.ts'
import { rowsOf } from '../../testing/memory-destination.ts'
import { suiteDatabase } from '../../testing/suite-database.ts'

const operationNames = Object.keys(changeOperation) as ChangeOperation[]

/** Each row of a batch: `update 3: 1, ~, x`, with its order, and ~ for what is unchanged. */
function linesOf(batch: ChangeBatch): string[] {
  const { changes } = batch
  return rowsOf(batch).map((row, index) => {
    const values = row.map((value, column) => {
      const isUnchanged = ((changes?.unchanged[column]?.[index >> 3] ?? 0) >> (index & 7)) & 1
      return isUnchanged ? '~' : (value?.slice(0, 20) ?? 'null')
    })
    return `${operationNames[changes?.operations[index] ?? 0]} ${changes?.orders[index]}: ${values.join(', ')}`
  })
}

function linesOfAll(messages: readonly SourceMessage[]): string[] {
  return messages.flatMap((message) => {
    if (message.type === 'batch') return linesOf(message.batch)
    return message.type === 'stream_truncated' ? [`truncated ${message.change.order}`] : []
  })
}

const typesOf = (messages: readonly SourceMessage[]) => messages.map(({ type }) => type)

async function failureOf(work: Promise<unknown>): Promise<{ code: string; stream: unknown }> {
  try {
    await work
  } catch (error) {
    if (EclusaError.isInstance(error)) return { code: error.code, stream: error.details['stream'] }
    throw error
  }
  throw new Error('That did not fail.')
}

for (const server of await testServers()) {
  describe(`PostgreSQL ${server.major}`, () => {
    const database = suiteDatabase(server)
    let slots = 0
    let schema = ''
    beforeEach(async () => {
      schema = await database.makeSchema()
      await database.run(`SET search_path TO ${schema}`)
    })

    async function follow(setUpSql: string, ...tables: string[]): Promise<ChangeRun> {
      await database.run(setUpSql)
      const streams = tables.map((table) => `${schema}.${table}`)
      return await ChangeRun.create(database, `cases_${server.major}_${slots++}`, streams)
    }

    async function changesOf(run: ChangeRun, sql: readonly string[], options?: ChangeRunOptions) {
      for (const statement of sql) await database.run(statement)
      return await run.collect(await run.position(), options)
    }

    test('a key that changes is a delete and a rekey; what an update leaves in TOAST is unchanged; all changes count', async () => {
      await using run = await follow(
        `CREATE TABLE item (id int PRIMARY KEY, body text, note text); ALTER TABLE item ALTER body SET STORAGE EXTERNAL;
         CREATE TABLE other (id int PRIMARY KEY)`,
        'item',
      )
      const messages = await changesOf(run, [
        `INSERT INTO item VALUES (1, repeat('x', 3000), 'a'), (2, NULL, 'b')`,
        `BEGIN; INSERT INTO other VALUES (1), (2); UPDATE other SET id = 3 WHERE id = 2; UPDATE item SET note = 'c';
         UPDATE item SET id = 5 WHERE id = 1; DELETE FROM item WHERE id = 2; COMMIT`,
      ])
      expect(linesOfAll(messages)).toEqual([
        `insert 0: 1, ${'x'.repeat(20)}, a`,
        'insert 1: 2, null, b',
        'update 4: 1, ~, c',
        'update 5: 2, null, c',
        'delete 6: 1, null, null',
        'rekey 7: 5, ~, c',
        'delete 8: 2, null, null',
      ])
    })

    test('REPLICA IDENTITY FULL: old rows are compared by the key alone, and a deleted row comes with all its values', async () => {
      await using run = await follow(
        `CREATE TABLE item (id int PRIMARY KEY, note text); ALTER TABLE item REPLICA IDENTITY FULL;
         CREATE TABLE keyless (note text); ALTER TABLE keyless REPLICA IDENTITY FULL`,
        'item',
        'keyless',
      )
      const messages = await changesOf(run, [
        `INSERT INTO item VALUES (1, 'a')`,
        `BEGIN; UPDATE item SET note = 'b'; UPDATE item SET id = 2; DELETE FROM item; COMMIT`,
        `BEGIN; INSERT INTO keyless VALUES ('a'); UPDATE keyless SET note = 'b'; DELETE FROM keyless; COMMIT`,
      ])
      expect(linesOfAll(messages)).toEqual([
        'insert 0: 1, a',
        'update 0: 1, b',
        'delete 2: 1, b',
        'rekey 3: 2, b',
        'delete 4: 2, b',
        'insert 0: a',
        'update 1: b',
        'delete 3: b',
      ])
    })

    test('a truncation stands where it happened, once for each stream', async () => {
      await using run = await follow(
        'CREATE TABLE item (id int PRIMARY KEY); CREATE TABLE part (id int PRIMARY KEY REFERENCES item)',
        'item',
        'part',
      )
      const messages = await changesOf(run, [
        'BEGIN; INSERT INTO item VALUES (1); INSERT INTO part VALUES (1); TRUNCATE item CASCADE; INSERT INTO item VALUES (2); COMMIT',
      ])
      const streams = messages.flatMap((message) => {
        if (message.type === 'stream_truncated') return [`truncated ${message.stream.name}`]
        return message.type === 'batch' ? [`${message.batch.stream.name} ${linesOf(message.batch).join()}`] : []
      })
      expect(streams.filter((line) => line.includes('item'))).toEqual([
        'item insert 0: 1',
        'truncated item',
        'item insert 4: 2',
      ])
      expect(streams.filter((line) => line.includes('part'))).toEqual(['part insert 1: 1', 'truncated part'])
    })

    test('columns that are added, changed, renamed and dropped make new versions of the schema, exactly there', async () => {
      await using run = await follow('CREATE TABLE item (id int PRIMARY KEY, a int, b text)', 'item')
      const messages = await changesOf(run, [
        `INSERT INTO item VALUES (1, 1, 'x')`,
        `ALTER TABLE item ADD c numeric(9,2); INSERT INTO item VALUES (2, 2, 'x', 2.5)`,
        `ALTER TABLE item ALTER a TYPE bigint; INSERT INTO item VALUES (3, 3, 'x', 2.5)`,
        `ALTER TABLE item RENAME b TO d; ALTER TABLE item RENAME TO thing; INSERT INTO thing VALUES (4, 4, 'y', 2.5)`,
        `ALTER TABLE thing DROP c; INSERT INTO thing VALUES (5, 5, 'y')`,
      ])
      const batches = messages.flatMap((message) => (message.type === 'batch' ? [message.batch] : []))
      const versions = batches.map(({ schema: { columns: all, version }, stream }) => {
        const columns = all.map(({ name, sourceType }) => `${name} ${sourceType}`)
        return `${stream.name} ${version}: ${columns.join(', ')}`
      })
      expect(versions).toEqual([
        'item 1: id integer, a integer, b text',
        'item 2: id integer, a integer, b text, c numeric(9,2)',
        'item 3: id integer, a bigint, b text, c numeric(9,2)',
        'item 4: id integer, a bigint, c numeric(9,2), d text',
        'item 5: id integer, a bigint, d text',
      ])
      expect(linesOfAll(messages)).toEqual([
        'insert 0: 1, 1, x',
        'insert 0: 2, 2, x, 2.50',
        'insert 0: 3, 3, x, 2.50',
        'insert 0: 4, 4, 2.50, y',
        'insert 0: 5, 5, y',
      ])
    })

    test('a type that is gone by now, or has no binary form that is decoded, comes as text from a connection of its own', async () => {
      await using run = await follow('CREATE TABLE item (id int PRIMARY KEY)', 'item')
      const forms: boolean[] = []
      const messages = await changesOf(
        run,
        [
          `BEGIN; INSERT INTO item VALUES (1); INSERT INTO item VALUES (2); COMMIT`,
          `CREATE TYPE mood AS ENUM ('sad', 'ok'); ALTER TABLE item ADD feeling mood; INSERT INTO item VALUES (3, 'ok')`,
          `ALTER TABLE item DROP feeling; DROP TYPE mood; ALTER TABLE item ADD span int4range; INSERT INTO item VALUES (4, '[1,5)')`,
        ],
        { onConnect: ({ isText }) => forms.push(isText) },
      )
      expect(forms).toEqual([false, true])
      expect(linesOfAll(messages)).toEqual(['insert 0: 1', 'insert 1: 2', 'insert 0: 3, ok', 'insert 0: 4, [1,5)'])
    })

    test('a generated column that is not sent is NULL, also in updates, which may have changed it', async () => {
      await using run = await follow(
        'CREATE TABLE item (id int PRIMARY KEY, size int GENERATED ALWAYS AS (length(note)) STORED, note text)',
        'item',
      )
      const messages = await changesOf(run, [
        `INSERT INTO item VALUES (1, DEFAULT, 'a')`,
        `UPDATE item SET note = 'bb'`,
        'DELETE FROM item',
      ])
      expect(linesOfAll(messages)).toEqual(['insert 0: 1, null, a', 'update 0: 1, null, bb', 'delete 0: 1, null, null'])
    })

    test('partitions belong to their root', async () => {
      await using run = await follow(
        `CREATE TABLE item (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
         CREATE TABLE item_1 PARTITION OF item FOR VALUES FROM (0) TO (10);
         CREATE TABLE item_2 (note text, id int NOT NULL); ALTER TABLE item ATTACH PARTITION item_2 FOR VALUES FROM (10) TO (20)`,
        'item',
      )
      const messages = await changesOf(run, [
        `INSERT INTO item VALUES (1, 'a'), (11, 'b')`,
        `UPDATE item SET id = 12 WHERE id = 1`,
      ])
      // PostgreSQL moves a row between partitions by deleting and inserting it.
      expect(linesOfAll(messages)).toEqual([
        'insert 0: 1, a',
        'insert 1: 11, b',
        'delete 0: 1, null',
        'insert 1: 12, a',
      ])
    })

    test('nothing is sent when a single partition is truncated: what a check warns of', async () => {
      await using run = await follow(
        `CREATE TABLE item (id int PRIMARY KEY) PARTITION BY RANGE (id);
         CREATE TABLE item_1 PARTITION OF item FOR VALUES FROM (0) TO (10);
         CREATE TABLE item_2 PARTITION OF item FOR VALUES FROM (10) TO (20)`,
        'item',
      )
      const messages = await changesOf(run, [
        'INSERT INTO item VALUES (1), (11)',
        'TRUNCATE item_1',
        'INSERT INTO item VALUES (2)',
        'BEGIN; TRUNCATE item_2; INSERT INTO item VALUES (12); COMMIT',
        'TRUNCATE item',
      ])
      const inserted = ['insert 0: 1', 'insert 1: 11', 'insert 0: 2', 'insert 0: 12']
      expect(linesOfAll(messages)).toEqual([...inserted, 'truncated 0'])
    })

    test('a large transaction comes while it runs, is kept on disk, and is yielded when it is committed, without a checkpoint within', async () => {
      await using run = await follow('CREATE TABLE item (id int PRIMARY KEY, body text)', 'item')
      const count = 20_000
      await database.run(
        `BEGIN; INSERT INTO item SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, ${count}) AS i`,
      )
      await database.run(`SAVEPOINT s; DELETE FROM item WHERE id > 10; ROLLBACK TO s; COMMIT`)
      await using aside = await database.open()
      await aside.run(
        `BEGIN; INSERT INTO ${schema}.item SELECT -i, repeat('x', 100) FROM generate_series(1, ${count}) AS i; ROLLBACK`,
      )
      const until = await run.position()
      const walsenderSql = `SET logical_decoding_work_mem = '64kB'`
      const messages = await run.collect(until, { walsenderSql, bytesMax: 1024 * 1024 })
      const batches = messages.flatMap((message) => (message.type === 'batch' ? [message.batch] : []))
      expect(batches.reduce((rows, { records }) => rows + records.numRows, 0)).toBe(count)
      expect(batches.flatMap(({ changes }) => [...(changes?.orders ?? [])])).toEqual(
        Array.from({ length: count }, (_, index) => index),
      )
      expect(Math.max(...batches.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(256 * 1024)
      const last = typesOf(messages).lastIndexOf('batch')
      expect(typesOf(messages).slice(typesOf(messages).indexOf('batch'), last)).not.toContain('checkpoint')
    })

    test('what a relation is like is known though it was said where changes are void', async () => {
      await using run = await follow('CREATE TABLE item (id int PRIMARY KEY, body text)', 'item')
      const walsenderSql = `SET logical_decoding_work_mem = '64kB'`
      const many = `INSERT INTO item SELECT i, repeat('x', 100) FROM generate_series(1, 2000) AS i`
      const sql = [`BEGIN; SAVEPOINT s; ${many}; ROLLBACK TO s; INSERT INTO item VALUES (1, 'a'); COMMIT`]
      expect(linesOfAll(await changesOf(run, sql, { walsenderSql }))).toEqual(['insert 0: 1, a'])
    })

    test('partitions that are truncated one by one are refused', async () => {
      await using run = await follow(
        `CREATE TABLE item (id int PRIMARY KEY) PARTITION BY RANGE (id);
         CREATE TABLE item_1 PARTITION OF item FOR VALUES FROM (0) TO (10)`,
        'item',
      )
      const findStream = run.findAlways()
      await database.run(`ALTER PUBLICATION ${run.slot} SET (publish_via_partition_root = false)`)
      await database.run('INSERT INTO item VALUES (1)')
      const until = await run.position()
      expect(linesOfAll(await run.collect(until, { findStream }))).toEqual(['insert 0: 1'])
      await database.run('TRUNCATE item_1')
      const truncated = await failureOf(run.collect(await run.position(), { findStream }))
      expect(truncated).toEqual({ code: 'REPLICATION_PUBLICATION_UNSUITABLE', stream: `${schema}.item` })
    })

    test('the first change after a quiet time is yielded at once, and those behind it wait for company', async () => {
      await using run = await follow('CREATE TABLE item (id int PRIMARY KEY)', 'item')
      const stop = new AbortController()
      // So long that only what does not wait for it can be seen.
      const flushIntervalMs = 3_600_000
      const messages = run.read({ flushIntervalMs, batchRowsMax: 2, stopSignal: stop.signal })[Symbol.asyncIterator]()
      const nextLines = async () => {
        for (;;) {
          const { value } = await messages.next()
          if (value?.type === 'batch') return linesOf(value.batch)
        }
      }
      const first = nextLines()
      await waitUntil('it reads', async () => (await run.activePid()) !== null)
      await database.run('INSERT INTO item VALUES (1)')
      expect(await first).toEqual(['insert 0: 1'])
      const second = nextLines()
      // Otherwise the server may send what was committed up to three times wal_writer_delay later.
      await database.run('SET synchronous_commit TO on')
      await database.run('INSERT INTO item VALUES (2)')
      await database.run('INSERT INTO item VALUES (3)')
      // The row that has no room in the batch lets it go.
      await database.run('INSERT INTO item VALUES (4)')
      expect(await second).toEqual(['insert 0: 2', 'insert 0: 3'])
      stop.abort()
      while (!(await messages.next()).done);
    })

    test('an idle source moves on with the log, and the slot with what is acknowledged, not before', async () => {
      await using run = await follow('CREATE TABLE item (id int PRIMARY KEY)', 'item')
      const stop = new AbortController()
      const source = run.read({ stopSignal: stop.signal, heartbeatIntervalMs: 50 })
      const before = await run.confirmed()
      await database.run('CREATE TABLE elsewhere (id int); INSERT INTO elsewhere VALUES (1)')
      const until = await run.position()
      let last = run.from
      for await (const message of source) {
        if (message.type !== 'checkpoint') continue
        last = positionOf(message.checkpoints)
        if (last < until || stop.signal.aborted) continue
        expect(await run.confirmed()).toBe(before)
        source.acknowledge(last)
        await waitUntil('the slot has moved', async () => (await run.confirmed()) === last)
        stop.abort()
      }
      expect(last).toBeGreaterThanOrEqual(until)
    })

    test('told to stop, it ends with a checkpoint for what was yielded; told to end at once, it fails as cancelled', async () => {
      await using run = await follow('CREATE TABLE item (id int PRIMARY KEY)', 'item')
      await database.run('INSERT INTO item VALUES (1)')
      const stop = new AbortController()
      const types: string[] = []
      for await (const { type } of run.read({ stopSignal: stop.signal })) {
        types.push(type)
        stop.abort()
      }
      expect(types).toEqual(['batch', 'checkpoint'])
      const abort = new AbortController()
      const failure = failureOf(
        (async () => {
          for await (const _ of run.read({ signal: abort.signal })) abort.abort()
        })(),
      )
      expect((await failure).code).toBe('CANCELLED')
    })

    test('reads nothing twice when it goes on between the end of a transaction and the next', async () => {
      await using run = await follow('CREATE TABLE item (id int PRIMARY KEY)', 'item')
      for (let id = 1; id <= 8; id++) await database.run(`INSERT INTO item VALUES (${id})`)
      const until = await run.position()
      const all = await run.collect(until, { flushIntervalMs: 0, bytesMax: 1 })
      const checkpoints = all.flatMap((message) => (message.type === 'checkpoint' ? [message.checkpoints] : []))
      expect(checkpoints.length).toBeGreaterThanOrEqual(8)
      for (const [index, checkpoint] of checkpoints.entries()) {
        const read = linesOfAll(await run.collect(until, { from: positionOf(checkpoint) }))
        const before = all.slice(
          0,
          all.findIndex((message) => message.type === 'checkpoint' && message.checkpoints === checkpoint),
        )
        expect({ index, lines: [...linesOfAll(before), ...read] }).toEqual({ index, lines: linesOfAll(all) })
      }
    })

    test('refuses changes of rows whose key the log does not send', async () => {
      await using run = await follow(
        `CREATE TABLE item (id int PRIMARY KEY, mail text NOT NULL UNIQUE);
         ALTER TABLE item REPLICA IDENTITY USING INDEX item_mail_key`,
        'item',
      )
      await database.run(`INSERT INTO item VALUES (1, 'a'); UPDATE item SET id = 2`)
      const unsuitable = await failureOf(run.collect(await run.position()))
      expect(unsuitable).toEqual({ code: 'REPLICATION_IDENTITY_UNSUITABLE', stream: `${schema}.item` })
    })
  })
}
