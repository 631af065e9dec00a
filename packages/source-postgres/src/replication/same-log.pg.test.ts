import { chmod, cp, lchown, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgresLocal } from '@eclusa/postgres-local'
import { testBinaries, testServers } from '@eclusa/postgres-local/testing'
import type { TestServerMajor } from '@eclusa/postgres-local/testing'
import { checkpointState, sharedState, streamKey } from '@eclusa/sdk'
import type { Checkpoint, JsonObject } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { TestSession } from '../../testing/database.ts'
import { ReplicatedRun, dropSlotsAfterEach, replicated, slotName } from '../../testing/replicated-run.ts'
import { suiteDatabase } from '../../testing/suite-database.ts'

const table = 'public.item'
const columns = ['id', 'n']

async function copyStopped(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true })
  const owner = await stat(from)
  for (const path of ['', ...(await readdir(to, { recursive: true }))])
    await lchown(join(to, path), owner.uid, owner.gid)
}

/** A server whose volume can be saved and restored, and a pipeline that reads from it. */
class RestorableServer {
  readonly #major: TestServerMajor
  readonly #directory: string
  #run: ReplicatedRun | undefined

  constructor(major: TestServerMajor, directory: string) {
    this.#major = major
    this.#directory = directory
  }

  /** Starts the server, and stops it when all is done. */
  async while(work: (session: TestSession, run: ReplicatedRun) => Promise<void>): Promise<void> {
    const binaries = testBinaries(this.#major)
    await using server = await startPostgresLocal({
      settings: { fsync: 'off', wal_level: 'logical' },
      dataDir: join(this.#directory, 'data'),
      ...(binaries !== undefined && { binaries }),
    })
    const connectionString = server.connectionString()
    await using session = await TestSession.open(connectionString)
    const run = new ReplicatedRun({ connectionString, run: async (sql) => await session.run(sql) }, 'restored', {
      keys: { [table]: ['id'] },
      ...(this.#run !== undefined && { destination: this.#run.destination }),
    })
    this.#run = run
    await work(session, run)
  }

  async save(): Promise<void> {
    await copyStopped(join(this.#directory, 'data'), join(this.#directory, 'saved'))
  }

  async restore(): Promise<void> {
    await rm(join(this.#directory, 'data'), { recursive: true })
    await copyStopped(join(this.#directory, 'saved'), join(this.#directory, 'data'))
  }
}

const choices = { [table]: replicated }

// What differs between versions is shown below, without servers of their own.
describe.each((await testServers()).slice(-1))('on PostgreSQL $major', (shared) => {
  it('a server that was restored with its slot, and written to beyond the checkpoint, is noticed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'eclusa-restored-'))
    try {
      await chmod(directory, 0o755)
      const server = new RestorableServer(shared.major, directory)
      await server.while(async (session, run) => {
        await session.run(`CREATE TABLE item (id int PRIMARY KEY, n int); INSERT INTO item VALUES (1, 0), (2, 0)`)
        await run.run(choices)
        await session.run('UPDATE item SET n = 1')
        await run.run(choices)
      })
      await server.save()
      await server.while(async (session, run) => {
        await session.run('INSERT INTO item VALUES (3, 2)')
        await run.run(choices)
        expect((await run.rows(table, columns)).destination).toHaveLength(3)
      })
      await server.restore()
      await server.while(async (session, run) => {
        await session.run(`INSERT INTO item SELECT i, 3 FROM generate_series(4, 5000) AS i`)
        const { position } = run.destination
        expect(await session.run(`SELECT pg_current_wal_lsn() > '${position}'`)).toEqual([['t']])
        const before = await run.slot()
        await expect(run.run(choices)).rejects.toMatchObject({
          code: 'REPLICATION_SERVER_CHANGED',
          details: { position },
        })
        // Nothing is confirmed, so that the next run finds it too.
        expect((await run.slot())['confirmed']).toBe(before['confirmed'])
        await expect(run.run(choices)).rejects.toMatchObject({ code: 'REPLICATION_SERVER_CHANGED' })
        // What `eclusa resync` does.
        run.destination.forget(streamKey(sharedState))
        await run.run(choices)
        const { source, destination } = await run.rows(table, columns)
        expect(destination).toEqual(source)
      })
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})

function altered(checkpoints: readonly Checkpoint[], lastCommit: JsonObject): Checkpoint[] {
  return checkpoints.map((checkpoint) =>
    streamKey(checkpoint.stream) === streamKey(sharedState)
      ? { ...checkpoint, state: { ...checkpoint.state, lastCommit } }
      : checkpoint,
  )
}

describe.each(await testServers())('on PostgreSQL $major, a run that died before anything was confirmed', (server) => {
  // Transactions of a few dozen rows are streamed.
  const database = suiteDatabase(
    server,
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET logical_decoding_work_mem = ''64kB''', current_database()); END $$`,
  )
  dropSlotsAfterEach(database)
  let benches = 0

  /** A table that was copied, and a slot. */
  async function createBench(isTwoPhase = false) {
    const key = `${await database.makeSchema()}.item`
    const name = slotName(server, `same_log_${++benches}`)
    await database.run(`CREATE TABLE ${key} (id int PRIMARY KEY, n int); INSERT INTO ${key} VALUES (1, 0)`)
    if (isTwoPhase) await database.run(`SELECT pg_create_logical_replication_slot('${name}', 'pgoutput', false, true)`)
    const run = new ReplicatedRun(database, name, { keys: { [key]: ['id'] } })
    const chosen = { [key]: replicated }
    await run.run(chosen)
    /** Reads and commits at the destination, and confirms nothing. */
    const readUnconfirmed = async () => {
      const catalog = await run.source.catalog(chosen)
      const reader = run.source.read(catalog, run.destination.checkpoints)
      await run.destination.take({ [Symbol.asyncIterator]: () => reader[Symbol.asyncIterator]() })
    }
    const lastCommit = () =>
      checkpointState(run.destination.checkpoints, sharedState)!['lastCommit'] as Record<
        'position' | 'committedAtUs',
        string
      >
    const confirmed = async () => (await run.slot())['confirmed']
    return { key, name, run, chosen, readUnconfirmed, lastCommit, confirmed }
  }

  const many = (key: string, from: number) =>
    `INSERT INTO ${key} SELECT i, 1 FROM generate_series(${from}, ${from + 2999}) AS i`

  it('goes on, and stops where the last commit is another one, or not the last', async () => {
    const { key, run, chosen, readUnconfirmed, lastCommit, confirmed } = await createBench()
    await database.run(`UPDATE ${key} SET n = 1`)
    const earlier = await confirmed()
    await run.run(chosen)
    const first = lastCommit()
    await using open = await database.open()
    await open.run(`BEGIN; ${many(key, 100_000)}`)
    await database.run(`BEGIN; ${many(key, 10)}; SAVEPOINT s; ${many(key, 20_000)}; ROLLBACK TO s; COMMIT`)
    await database.run(`BEGIN; ${many(key, 30_000)}; ROLLBACK`)
    await readUnconfirmed()
    const { position, checkpoints } = run.destination
    expect(await confirmed()).not.toBe(position)
    expect(await confirmed()).not.toBe(earlier)

    const { position: at, committedAtUs } = lastCommit()
    const wrong = [first, { position: at, committedAtUs: String(BigInt(committedAtUs) + 1n) }]
    for (const other of wrong) {
      const reading = run.runFrom(chosen, altered(checkpoints, other))
      await expect(reading).rejects.toMatchObject({ code: 'REPLICATION_SERVER_CHANGED' })
      expect(await confirmed()).not.toBe(position)
    }
    await open.run('COMMIT')
    await run.run(chosen)
    expect(run.destination.startedResumed).toEqual({ [key]: true })
    const { source, destination } = await run.rows(key, columns)
    expect(destination).toEqual(source)
  })

  it('goes on where only keep-alives came, or nothing at all was changed', async () => {
    const { key, run, chosen, readUnconfirmed, lastCommit, confirmed } = await createBench()
    await database.run(`UPDATE ${key} SET n = 1`)
    await readUnconfirmed()
    await database.run(`CREATE TABLE ${key}_other AS SELECT i FROM generate_series(1, 1000) AS i`)
    await readUnconfirmed()
    expect(await confirmed()).not.toBe(run.destination.position)
    const { checkpoints } = run.destination
    const since = { position: lastCommit()['position'], committedAtUs: null }
    await expect(run.runFrom(chosen, altered(checkpoints, since))).resolves.toBeUndefined()
    await run.run(chosen)
    const { source, destination } = await run.rows(key, columns)
    expect(destination).toEqual(source)
  })

  it.each([false, true])('goes on behind transactions that were prepared: two_phase %s', async (isTwoPhase) => {
    const { key, name, run, chosen, readUnconfirmed, lastCommit } = await createBench(isTwoPhase)
    await database.run(`BEGIN; INSERT INTO ${key} VALUES (2, 1); PREPARE TRANSACTION '${name}_held'`)
    await database.run(`BEGIN; ${many(key, 10)}; PREPARE TRANSACTION '${name}_done'`)
    await readUnconfirmed()
    await database.run(`COMMIT PREPARED '${name}_done'`)
    await readUnconfirmed()
    const { position, committedAtUs } = lastCommit()
    const other = { position, committedAtUs: String(BigInt(committedAtUs) + 1n) }
    const reading = run.runFrom(chosen, altered(run.destination.checkpoints, other))
    await expect(reading).rejects.toMatchObject({ code: 'REPLICATION_SERVER_CHANGED' })
    for (let round = 0; round < 2; round++) await run.run(chosen)
    await database.run(`COMMIT PREPARED '${name}_held'`)
    await readUnconfirmed()
    await run.run(chosen)
    const { source, destination } = await run.rows(key, columns)
    expect(destination).toEqual(source)
  })
})
