import { testServers } from '@eclusa/postgres-local/testing'
import { EclusaError } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { waitUntil } from '../../testing/database.ts'
import { sortedRows } from '../../testing/replicated-destination.ts'
import {
  ReplicatedRun,
  createWrittenTable,
  dropSlotsAfterEach,
  replicated,
  slotName,
  startWriter,
} from '../../testing/replicated-run.ts'
import { suiteDatabase, suiteRole, suiteRolePassword } from '../../testing/suite-database.ts'

const copiedAnew = 'The table is copied anew: '

// Neither filters nor lists are known to 14.
const servers = (await testServers()).filter(({ major }) => major >= 15)

describe.each(servers)('on PostgreSQL $major, a publication of some rows and columns', (server) => {
  const database = suiteDatabase(server)
  const role = `scope_${server.major}`
  suiteRole(database, role)
  dropSlotsAfterEach(database)

  let runs = 0
  const runOf = (table: string, options: Partial<ConstructorParameters<typeof ReplicatedRun>[2]> = {}) =>
    new ReplicatedRun(database, slotName(server, `scope_${++runs}`), { keys: { [table]: ['id'] }, ...options })

  /** Reads once more; what the destination has, and what it ought to have. */
  async function expectRows(run: ReplicatedRun, table: string, columns: readonly string[], where: string) {
    const source = await database.run(`SELECT ${columns.join(', ')} FROM ${table} WHERE ${where}`)
    expect(run.destination.rows(table, columns)).toEqual(sortedRows(source))
  }

  const reasons = (run: ReplicatedRun) =>
    run.source.log.warnings.flatMap((text) => (text.startsWith(copiedAnew) ? [text.slice(copiedAnew.length)] : []))

  it('is read with the rows of its filter: rows move in and out of it', async () => {
    const schema = await database.makeSchema()
    for (const [name, identity, filter] of [
      ['by_key', 'DEFAULT', 'id % 2 = 0'],
      ['by_value', 'FULL', `region = 'north' AND n IS NOT NULL`],
    ] as const) {
      const table = `${schema}.${name}`
      await database.run(`
        CREATE TABLE ${table} (id int PRIMARY KEY, region text, n int); ALTER TABLE ${table} REPLICA IDENTITY ${identity};
        INSERT INTO ${table} SELECT i, CASE WHEN i % 3 = 0 THEN 'north' ELSE 'south' END, nullif(i % 5, 0) FROM generate_series(1, 40) AS i`)
      const run = runOf(table)
      await database.run(`CREATE PUBLICATION ${run.name} FOR TABLE ${table} WHERE (${filter})`)
      const columns = ['id', 'region', 'n']
      await run.run({ [table]: replicated })
      await expectRows(run, table, columns, filter)
      await database.run(`
        INSERT INTO ${table} VALUES (101, 'north', 1), (102, 'south', 1), (104, 'north', NULL);
        UPDATE ${table} SET region = 'north' WHERE id BETWEEN 10 AND 20; UPDATE ${table} SET region = NULL WHERE id = 3;
        UPDATE ${table} SET n = NULL WHERE id IN (6, 9); UPDATE ${table} SET n = 7 WHERE id IN (15, 30);
        UPDATE ${table} SET id = id + 1001 WHERE id IN (21, 22, 24); DELETE FROM ${table} WHERE id IN (12, 25, 33)`)
      await run.run({ [table]: replicated })
      expect(run.destination.startedResumed).toEqual({ [table]: true })
      await expectRows(run, table, columns, filter)
      const findings = await run.check({ [table]: replicated })
      expect(findings.find(({ subject }) => subject === `row filter of ${table}`)?.status).toBe('passed')
      expect(findings.filter(({ status }) => status === 'failed')).toEqual([])
    }
  })

  it('is copied in pieces, interrupted and gone on with, as it is followed', async () => {
    const table = `${await database.makeSchema()}.item`
    await createWrittenTable(database, table, 3000)
    const filter = 'id % 3 <> 1'
    const run = runOf(table, { config: { readers: 1, chunk_bytes: 16 * 8192 } })
    await database.run(`CREATE PUBLICATION ${run.name} FOR TABLE ${table} WHERE (${filter})`)
    const writer = await startWriter(database, table, { ids: 4000 })
    for (let interruption = 0; interruption < 2; interruption++) {
      let checkpoints = 0
      await run.run(
        { [table]: replicated },
        { stopAfter: ({ type }) => type === 'checkpoint' && ++checkpoints === 4 + interruption },
      )
      const seen = writer.commits()
      await waitUntil('more was written', async () => await Promise.resolve(writer.commits() > seen + 40))
    }
    await run.run({ [table]: replicated })
    expect(run.destination.startedResumed).toEqual({ [table]: true })
    await writer.stop()
    await run.run({ [table]: replicated })
    await expectRows(run, table, ['id', 'n', 'note', 'big'], filter)
  })

  it('goes on with the interrupted copy of a history where no row of the filter has changed', async () => {
    const schema = await database.makeSchema()
    for (const [name, changed, restarts] of [
      ['outside', 1, 0],
      ['inside', 2, 1],
    ] as const) {
      const table = `${schema}.${name}`
      await createWrittenTable(database, table, 2000)
      const run = runOf(table, { config: { readers: 1, chunk_bytes: 16 * 8192 } })
      await database.run(`CREATE PUBLICATION ${run.name} FOR TABLE ${table} WHERE (id % 2 = 0)`)
      const history = { ...replicated, destinationSyncMode: 'append' } as const
      let checkpoints = 0
      await run.run({ [table]: history }, { stopAfter: ({ type }) => type === 'checkpoint' && ++checkpoints === 3 })
      await database.run(`UPDATE ${table} SET n = 5 WHERE id = ${changed}`)
      await run.run({ [table]: history })
      expect(run.destination.messages.filter(({ type }) => type === 'stream_restarted')).toHaveLength(restarts)
      await expectRows(run, table, ['id', 'n'], 'id % 2 = 0')
    }
  })

  it('is read with the columns of its list, and says which are left out, with the SQL that adds them', async () => {
    const table = `${await database.makeSchema()}.item`
    await createWrittenTable(database, table, 10)
    const run = runOf(table)
    await database.run(`CREATE PUBLICATION ${run.name} FOR TABLE ${table} (id, n) WHERE (id < 9)`)
    const choices = { [table]: replicated }
    const leftOut = async () =>
      (await run.check(choices)).find(
        ({ subject, status }) => subject === `columns of ${table}` && status === 'warning',
      )
    await run.run(choices)
    expect(run.source.log.warnings).toContain('The publication leaves out columns: they are no part of the stream.')
    await database.run(`
      UPDATE ${table} SET note = 'unseen', n = 3 WHERE id = 4; INSERT INTO ${table} VALUES (0, 1, 'x', 'y')`)
    await run.run(choices)
    expect(run.destination.startedResumed).toEqual({ [table]: true })
    const [batch] = run.destination.messages.flatMap((message) => (message.type === 'batch' ? [message.batch] : []))
    expect(batch?.schema.columns.map(({ name }) => name)).toEqual(['id', 'n'])
    await expectRows(run, table, ['id', 'n'], 'id < 9')

    const finding = await leftOut()
    expect(finding?.message).toContain('"note", "big"')
    await database.run(finding!.remedy!)
    await run.run(choices)
    expect(reasons(run)).toHaveLength(1)
    await database.run(`UPDATE ${table} SET note = 'seen' WHERE id = 4`)
    await run.run(choices)
    await expectRows(run, table, ['id', 'n', 'note', 'big'], 'id < 9')
    expect(await leftOut()).toBeUndefined()
  })

  it('is copied anew when its filter or its list is altered between two runs, also back to what it was', async () => {
    const table = `${await database.makeSchema()}.item`
    await createWrittenTable(database, table, 20)
    const run = runOf(table)
    const choices = { [table]: replicated }
    await run.run(choices)
    const steps = [
      [`${table} WHERE (id > 5)`, 'id > 5'],
      [`${table} (id, n) WHERE (id > 5)`, 'id > 5'],
      [`${table} (id, n, note) WHERE (id > 9)`, 'id > 9'],
      [`${table} (id, n)`, 'true'],
      [table, 'true'],
    ] as const
    for (const [entry, where] of steps) {
      await database.run(`ALTER PUBLICATION ${run.name} SET TABLE ${entry}`)
      await database.run(`UPDATE ${table} SET n = n + 1`)
      await run.run(choices)
      expect(reasons(run)).toEqual([
        'its row filter or list of columns in the publication was made, altered or removed.',
      ])
      await expectRows(run, table, ['id', 'n'], where)
      await run.run(choices)
      expect(run.destination.startedResumed).toEqual({ [table]: true })
    }
    await database.run(`ALTER PUBLICATION ${run.name} SET TABLE ${table} WHERE (id < 5)`)
    await run.run(choices)
    for (const filter of ['id < 3', 'id < 5']) {
      await database.run(`ALTER PUBLICATION ${run.name} SET TABLE ${table} WHERE (${filter})`)
      await database.run(`UPDATE ${table} SET n = n + 1`)
    }
    await run.run(choices)
    expect(reasons(run)).toHaveLength(1)
    await expectRows(run, table, ['id', 'n'], 'id < 5')
  })

  it('that is altered while a run follows ends that run before a change comes that the copy does not agree with', async () => {
    const table = `${await database.makeSchema()}.item`
    await createWrittenTable(database, table, 20)
    const run = runOf(table)
    await database.run(`CREATE PUBLICATION ${run.name} FOR TABLE ${table} WHERE (id < 10)`)
    const stop = new AbortController()
    const limits = { stopSignal: stop.signal }
    let alteration: Promise<unknown> | undefined
    const following = run.run(
      { [table]: replicated },
      {
        limits,
        onCommit: async () => {
          if (run.destination.rows(table, ['id']).length === 0) return
          alteration ??= database.run(`
            UPDATE ${table} SET n = 1 WHERE id = 3; ALTER PUBLICATION ${run.name} SET TABLE ${table} WHERE (id < 15);
            UPDATE ${table} SET n = 2 WHERE id = 12`)
          await alteration
        },
      },
    )
    const error = await following.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(EclusaError.isInstance(error) && error.code).toBe('REPLICATION_PUBLICATION_CHANGED')
    expect(run.destination.rows(table, ['id'])).toHaveLength(9)
    await run.run({ [table]: replicated })
    expect(reasons(run)).toHaveLength(1)
    await expectRows(run, table, ['id', 'n'], 'id < 15')
  })

  it.each([
    ['one by one', 'superuser'],
    ['as the whole alone', role],
  ])(
    'has filters and lists of partitions that come as themselves, where they can be read %s',
    async (_how, username) => {
      const schema = await database.makeSchema()
      const table = `${schema}.whole`
      await database.run(`
      CREATE TABLE ${table} (id int PRIMARY KEY, a int, b int) PARTITION BY RANGE (id);
      CREATE TABLE ${table}_1 PARTITION OF ${table} FOR VALUES FROM (0) TO (100);
      CREATE TABLE ${table}_2 (b int, id int NOT NULL, a int); ALTER TABLE ${table} ATTACH PARTITION ${table}_2 FOR VALUES FROM (100) TO (200);
      CREATE TABLE ${table}_3 PARTITION OF ${table} FOR VALUES FROM (200) TO (300);
      INSERT INTO ${table} SELECT i, 1, 1 FROM generate_series(0, 299) AS i WHERE i NOT BETWEEN 190 AND 199;
      GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT SELECT ON ${table} TO ${role}; ALTER ROLE ${role} REPLICATION`)
      const entries = (third: string) =>
        `${table}, ${table}_1 (id, a) WHERE (id % 2 = 0), ${table}_2 WHERE (id % ${third} = 0)`
      const where = (third: string) =>
        `id % 2 = 0 AND id < 100 OR id % ${third} = 0 AND id BETWEEN 100 AND 199 OR id >= 200`
      const url = new URL(database.connectionString)
      if (username === role) [url.username, url.password] = [role, suiteRolePassword]
      const run = runOf(table, { config: { connection_string: url.href } })
      const choices = { [table]: replicated }
      await database.run(`CREATE PUBLICATION ${run.name} FOR TABLE ${entries('3')}`)
      await run.run(choices)
      await expectRows(run, table, ['id', 'a'], where('3'))
      await database.run(`
      UPDATE ${table} SET a = a + 1; UPDATE ${table} SET id = id + 192 WHERE id IN (0, 1, 2, 3);
      DELETE FROM ${table} WHERE id IN (10, 11, 102, 103, 210); INSERT INTO ${table} VALUES (0, 1, 1), (1, 1, 1)`)
      await run.run(choices)
      expect(run.destination.startedResumed).toEqual({ [table]: true })
      await expectRows(run, table, ['id', 'a'], where('3'))
      const [batch] = run.destination.messages.flatMap((message) => (message.type === 'batch' ? [message.batch] : []))
      expect(batch?.schema.columns.map(({ name }) => name)).toEqual(['id', 'a'])
      await database.run(`ALTER PUBLICATION ${run.name} SET TABLE ${entries('5')}`)
      await run.run(choices)
      expect(reasons(run)).toHaveLength(1)
      await expectRows(run, table, ['id', 'a'], where('5'))
    },
  )

  it('has the filter of the root where all comes as the root', async () => {
    const table = `${await database.makeSchema()}.whole`
    await database.run(`
      CREATE TABLE ${table} (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);
      CREATE TABLE ${table}_1 PARTITION OF ${table} FOR VALUES FROM (0) TO (100);
      CREATE TABLE ${table}_2 (a int, id int NOT NULL); ALTER TABLE ${table} ATTACH PARTITION ${table}_2 FOR VALUES FROM (100) TO (200);
      INSERT INTO ${table} SELECT i, 1 FROM generate_series(0, 199) AS i WHERE i NOT BETWEEN 100 AND 109`)
    const run = runOf(table)
    await database.run(`
      CREATE PUBLICATION ${run.name} FOR TABLE ${table} WHERE (id % 7 <> 0), ${table}_1 WHERE (id < 3) WITH (publish_via_partition_root = true)`)
    for (let round = 0; round < 2; round++) {
      await run.run({ [table]: replicated })
      await expectRows(run, table, ['id', 'a'], 'id % 7 <> 0')
      await database.run(`UPDATE ${table} SET a = 2; UPDATE ${table} SET id = id + 98 WHERE id IN (6, 7)`)
    }
    // The same entries mean something else then.
    await database.run(`ALTER PUBLICATION ${run.name} SET TABLE ${table}, ${table}_1 WHERE (id < 3)`)
    await run.run({ [table]: replicated })
    await expectRows(run, table, ['id', 'a'], 'true')
    await database.run(`ALTER PUBLICATION ${run.name} SET (publish_via_partition_root = false)`)
    await run.run({ [table]: replicated })
    expect(reasons(run)).toHaveLength(1)
    await expectRows(run, table, ['id', 'a'], 'id < 3 OR id >= 100')
  })

  it('is refused before it makes the updates of others fail', async () => {
    const schema = await database.makeSchema()
    for (const [name, entry, identity] of [
      ['filter', 'WHERE (n > 3)', 'DEFAULT'],
      ['filter_of_list', '(id, n) WHERE (n > 3)', 'DEFAULT'],
      ['list', '(n)', 'DEFAULT'],
      ['full', '(id, n)', 'FULL'],
    ] as const) {
      const table = `${schema}.${name}`
      await createWrittenTable(database, table, 10)
      const run = runOf(table)
      const choices = { [table]: { ...replicated, destinationSyncMode: 'append' } } as const
      await database.run(`
        ALTER TABLE ${table} REPLICA IDENTITY ${identity};
        CREATE PUBLICATION ${run.name} FOR TABLE ${table} ${entry} WITH (publish = 'insert')`)
      const error = await run.run(choices).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (!EclusaError.isInstance(error)) throw new Error(`The publication ${entry} was not refused.`)
      expect({ name, code: error.code }).toEqual({ name, code: 'REPLICATION_IDENTITY_UNSUITABLE' })
      await database.run(`UPDATE ${table} SET n = 3 WHERE id = 3`)
      const findings = await run.check(choices)
      expect(findings.some(({ status, code }) => status === 'failed' && code === error.code)).toBe(true)
      await database.run(error.remedy.replace(/ \(or .*/u, ''))
      await run.run(choices)
      await database.run(`UPDATE ${table} SET n = 4 WHERE id = 3; DELETE FROM ${table} WHERE id = 4`)
      await run.run({ [table]: { ...choices[table], destinationSyncMode: 'append_dedup' } })
      await expectRows(run, table, ['id', 'n'], name === 'filter' ? 'n > 3' : 'true')
    }
  })
})
