import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testMajors, testServers } from '@eclusa/postgres-local/testing'
import { EclusaError } from '@eclusa/sdk'
import { afterEach, describe, expect, it } from 'vitest'
import { TestSession, waitUntil } from '../../testing/database.ts'
import { pgbouncerVersion, startPgbouncer } from '../../testing/pgbouncer.ts'
import {
  ReplicatedRun,
  createWrittenTable,
  dropSlotsAfterEach,
  replicated,
  slotName,
} from '../../testing/replicated-run.ts'
import type { ReplicatedDestination } from '../../testing/replicated-destination.ts'
import { suiteDatabase } from '../../testing/suite-database.ts'
import { startTlsServer } from '@eclusa/postgres-local/tls-server'

/*
 * What stands around a run: TLS, a pooler, limits of the server, and the disk.
 */

const columns = ['id', 'n', 'note', 'big']

async function failure(work: Promise<unknown>): Promise<EclusaError> {
  try {
    await work
  } catch (error) {
    if (EclusaError.isInstance(error)) return error
    throw error
  }
  throw new Error('That did not fail.')
}

const disks: string[] = []

/** A disk of one mebibyte; undefined where this process may not mount one. */
async function mountSmallDisk(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const directory = await mkdtemp(join(tmpdir(), 'eclusa-disk-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory])
  if (status === 0) disks.push(directory)
  else await rm(directory, { recursive: true })
  return status === 0 ? directory : undefined
}

const usualDirectory = process.env['TMPDIR']

function useTemporaryDirectory(path: string | undefined): void {
  if (path === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = path
}

afterEach(async () => {
  useTemporaryDirectory(usualDirectory)
  for (const directory of disks.splice(0)) {
    spawnSync('umount', [directory])
    await rm(directory, { recursive: true })
  }
})

describe.each(await testServers())('on PostgreSQL $major, replication', (server) => {
  const database = suiteDatabase(
    server,
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET logical_decoding_work_mem = ''64kB''', current_database()); END $$`,
  )
  dropSlotsAfterEach(database)

  it('stops when a transaction that is not committed fits on no disk, and loses nothing of it', async (test) => {
    const disk = await mountSmallDisk()
    test.skip(disk === undefined, 'a small disk can be mounted by root on Linux alone')
    const table = `${await database.makeSchema()}.item`
    await createWrittenTable(database, table, 10)
    const run = new ReplicatedRun(database, slotName(server, 'full_disk'), { keys: { [table]: ['id'] } })
    const choices = { [table]: replicated }
    await run.run(choices)
    await database.run(`
      INSERT INTO ${table} SELECT i, 1, repeat(md5(i::text), 20), NULL FROM generate_series(100, 8000) AS i`)
    const { position } = run.destination
    useTemporaryDirectory(disk)
    const error = await failure(run.run(choices, { limits: { bytesMax: 1024 * 1024, batchRowsMax: 1000 } }))
    expect(error.code).toBe('REPLICATION_SPILL_FAILED')
    expect(error.message).toContain('is full')
    expect(run.destination.position).toBe(position)
    expect((await run.slot())['confirmed']).toBe(position)
    useTemporaryDirectory(usualDirectory)
    await run.run(choices, { limits: { bytesMax: 1024 * 1024 } })
    const { source, destination } = await run.rows(table, columns)
    expect(destination).toEqual(source)
  })

  const version = pgbouncerVersion()
  const passesOn = version !== undefined && (version[0] > 1 || version[1] >= 23)

  const modes = ['session', 'transaction'] as const

  async function throughPgbouncer(mode: (typeof modes)[number]) {
    const table = `${await database.makeSchema()}.item`
    await createWrittenTable(database, table, 10)
    const pooler = await startPgbouncer(database.connectionString, mode)
    const run = new ReplicatedRun(database, slotName(server, `pgbouncer_${mode}`), {
      keys: { [table]: ['id'] },
      config: { connection_string: pooler.connectionString },
    })
    return { run, table, choices: { [table]: replicated }, [Symbol.asyncDispose]: () => pooler[Symbol.asyncDispose]() }
  }

  it.skipIf(version === undefined || passesOn).each(modes)(
    'is refused through PgBouncer before 1.23 in mode %s, which a check finds too (skipped without such a PgBouncer)',
    async (mode) => {
      await using bench = await throughPgbouncer(mode)
      expect((await failure(bench.run.run(bench.choices))).code).toBe('POSTGRES_POOLER_UNSUITABLE')
      const findings = await bench.run.check(bench.choices)
      expect(findings.some(({ status, code }) => status === 'failed' && code === 'POSTGRES_POOLER_UNSUITABLE')).toBe(
        true,
      )
      expect(await database.run('SELECT FROM pg_replication_slots WHERE database = current_database()')).toEqual([])
    },
  )

  it.skipIf(!passesOn).each(modes)(
    'works through PgBouncer 1.23 and later in mode %s (skipped without such a PgBouncer)',
    async (mode) => {
      await using bench = await throughPgbouncer(mode)
      await bench.run.run(bench.choices)
      await database.run(`UPDATE ${bench.table} SET n = 3`)
      await bench.run.run(bench.choices)
      const { source, destination } = await bench.run.rows(bench.table, columns)
      expect(destination).toEqual(source)
    },
  )
})

describe.each(await testServers({ settings: { max_wal_senders: '1' } }))(
  'on PostgreSQL $major with one walsender, replication',
  (server) => {
    const database = suiteDatabase(server)
    dropSlotsAfterEach(database)

    it('stops where no walsender is free, which a check finds too, and needs no more than that one', async () => {
      const table = `${await database.makeSchema()}.item`
      await createWrittenTable(database, table, 10)
      const runOf = (name: string) => new ReplicatedRun(database, slotName(server, name), { keys: { [table]: ['id'] } })
      const [first, second] = [runOf('first_sender'), runOf('second_sender')]
      const choices = { [table]: replicated }
      const stop = new AbortController()
      const following = first.run(choices, { limits: { stopSignal: stop.signal } })
      await waitUntil('it reads', async () => (await first.slot())['active'] === 'true')
      // Both wait for a moment, should a walsender become free.
      const [error, findings] = await Promise.all([failure(second.run(choices)), second.check(choices)])
      expect(error.code).toBe('REPLICATION_LIMIT')
      expect(error.remedy).toContain('max_wal_senders')
      expect(findings.some(({ status, code }) => status === 'failed' && code === 'REPLICATION_LIMIT')).toBe(true)
      await database.run(`UPDATE ${table} SET n = 3`)
      stop.abort()
      await following
      await waitUntil('the walsender is free', async () => {
        return (await database.run('SELECT FROM pg_stat_replication')).length === 0
      })
      await second.run(choices)
      const { source, destination } = await second.rows(table, columns)
      expect(destination).toEqual(source)
    })
  },
)

for (const major of testMajors) {
  const tls = await startTlsServer(major)
  if (tls === undefined) continue
  describe(`on PostgreSQL ${major} that demands TLS, replication`, () => {
    it('verifies the server, its name included, for the walsender as for every connection', async () => {
      const { server, authority, stranger } = tls
      const table = 'public.item'
      const url = new URL(server.connectionString('tls_only'))
      await using session = await TestSession.open(`${url.href}?sslmode=no-verify`)
      await session.run(`
        CREATE TABLE ${table} (id int PRIMARY KEY, n int); INSERT INTO ${table} VALUES (1, 1)`)
      const choices = { [table]: replicated }
      const runOf = (host: string, certificate: string, destination?: ReplicatedDestination) => {
        url.hostname = host
        const database = { connectionString: url.href, run: async (sql: string) => await session.run(sql) }
        return new ReplicatedRun(database, slotName(server, 'tls'), {
          keys: { [table]: ['id'] },
          config: { ssl_mode: { mode: 'verify-full', ca_certificate: certificate } },
          ...(destination !== undefined && { destination }),
        })
      }
      const run = runOf('localhost', authority.certificate)
      await run.run(choices)
      await session.run(`UPDATE ${table} SET n = 2; INSERT INTO ${table} VALUES (2, 2)`)
      const stop = new AbortController()
      let isEncrypted: unknown
      await run.run(choices, {
        limits: { stopSignal: stop.signal },
        onCommit: async () => {
          isEncrypted ??= await session.run(`
            SELECT s.ssl FROM pg_stat_ssl AS s JOIN pg_replication_slots AS r ON r.active_pid = s.pid
             WHERE r.slot_name = '${run.name}'`)
          stop.abort()
        },
      })
      expect(isEncrypted).toEqual([['t']])
      const { source, destination } = await run.rows(table, ['id', 'n'])
      expect(destination).toEqual(source)

      for (const unverifiable of [
        runOf('127.0.0.1', authority.certificate, run.destination),
        runOf('localhost', stranger.certificate, run.destination),
      ]) {
        const catalog = await run.source.catalog(choices)
        const reading = unverifiable.destination.take(unverifiable.source.read(catalog, run.destination.checkpoints))
        expect((await failure(reading)).code).toBe('POSTGRES_TLS_UNVERIFIABLE')
      }
      await waitUntil('nobody reads', async () => (await run.slot())['active'] !== 'true')
      await session.run(`
        SELECT pg_drop_replication_slot('${run.name}'); DROP PUBLICATION ${run.name}; DROP TABLE ${table}`)
    })
  })
}
