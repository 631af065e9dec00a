/*
 * What happens to networks, servers and slots happens to a run that follows. It resumes by itself where nothing is lost,
 * and otherwise stops with a named error, which `resync` repairs: never with a gap. ECLUSA_SEEDS adds what takes a minute.
 */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pipeline, PipelineRun } from '@eclusa/pipeline'
import { startPostgresLocal } from '@eclusa/postgres-local'
import { testServer } from '@eclusa/postgres-local/testing'
import type { TestServer } from '@eclusa/postgres-local/testing'
import { EclusaError } from '@eclusa/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EndToEnd, duckDbTexts, postgresTexts, run } from '../testing/end-to-end.ts'
import { openFaultyProxy } from '../testing/faulty-proxy.ts'
import type { FaultyProxy } from '../testing/faulty-proxy.ts'
import { waitUntil } from '../testing/wait-until.ts'

const replication = { method: 'CDC', heartbeat_interval_ms: 200 } as const
const isLong = process.env['ECLUSA_SEEDS'] !== undefined
const rowsSql = 'SELECT id, version FROM'

/** Follows `public.kept`, merged, and `public.history`, appended. */
function pipelineOf(
  database: EndToEnd,
  file: string,
  { proxy, failuresMax = 100 }: { readonly proxy?: FaultyProxy; readonly failuresMax?: number } = {},
): Pipeline {
  const url = new URL(database.connectionString)
  if (proxy !== undefined) url.host = `127.0.0.1:${proxy.port}`
  return database.pipeline(file, {
    source: { connection_string: url.href, replication_method: replication },
    streams: ['public.kept', { name: 'public.history', destinationSyncMode: 'append' }],
    retryDelayMsBase: 20,
    failuresMax,
  })
}

const setUpSql = `
  CREATE TABLE kept (id int PRIMARY KEY, version int);
  CREATE TABLE history (id int PRIMARY KEY, version int);
  INSERT INTO kept SELECT i, 0 FROM generate_series(1, 100) AS i;
  INSERT INTO history SELECT i, 0 FROM generate_series(1, 100) AS i`

/** Changes every row, once; `version` counts how often. */
async function write(database: EndToEnd): Promise<void> {
  await database.sql(`BEGIN; UPDATE kept SET version = version + 1; DELETE FROM kept WHERE id = 100;
    INSERT INTO kept VALUES (100, 0); UPDATE history SET version = version + 1; COMMIT`)
}

async function caughtUp(following: PipelineRun): Promise<void> {
  for await (const event of following) {
    if (event.type === 'caught_up') return
    if (event.type === 'run_completed') throw new Error(`ended before: ${JSON.stringify(event)}`)
  }
}

/** Waits until everything of now is durable, and the server knows. */
async function untilConfirmed(database: EndToEnd): Promise<void> {
  const [position] = await database.sql('SELECT pg_current_wal_insert_lsn()')
  await waitUntil('all is confirmed', async () => {
    const [slot] = await database.sql(
      `SELECT (confirmed_flush_lsn >= '${String(position)}')::text FROM pg_replication_slots
        WHERE slot_name LIKE 'eclusa%' AND database = current_database()`,
    )
    return slot?.[0] === 'true'
  })
}

async function expectSame(database: EndToEnd, file: string): Promise<void> {
  expect(await duckDbTexts(file, `${rowsSql} public.kept`)).toEqual(await postgresTexts(database, `${rowsSql} kept`))
  const current = `${rowsSql} public.history QUALIFY row_number() OVER (PARTITION BY id ORDER BY _ab_cdc_lsn DESC, _ab_cdc_order DESC) = 1`
  expect(await duckDbTexts(file, current)).toEqual(await postgresTexts(database, `${rowsSql} history`))
  const repeated = `SELECT id, version, count(*) FROM public.history GROUP BY ALL HAVING count(*) > 1`
  expect(await duckDbTexts(file, repeated)).toEqual([])
}

async function terminateWalsender(database: EndToEnd): Promise<void> {
  await database.sql(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
    WHERE active_pid IS NOT NULL AND database = current_database()`)
}

function codeOf(error: unknown): string | undefined {
  return EclusaError.isInstance(error) ? error.code : undefined
}

describe('a run that follows', () => {
  let database: EndToEnd
  let proxy: FaultyProxy

  beforeAll(async () => {
    database = await EndToEnd.open(await testServer())
    proxy = await openFaultyProxy(database.server)
    await database.sql(setUpSql)
  })
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await database.dropSlots()
    await database[Symbol.asyncDispose]()
  })

  test('goes on after resets, cuts, delays, and walsenders that were ended', { timeout: 400_000 }, async () => {
    const file = database.file()
    const following = pipelineOf(database, file, { proxy }).run({ follow: true })
    await caughtUp(following)
    const faults: (() => Promise<void> | void)[] = [
      () => proxy.reset(),
      () => proxy.resetAfter(3000),
      async () => {
        proxy.cut()
        await write(database)
        await waitUntil('the server has seen it', async () => {
          const rows = await database.sql(
            `SELECT FROM pg_replication_slots WHERE active AND database = current_database()`,
          )
          return rows.length === 0
        })
        proxy.mend()
      },
      () => proxy.delay(30),
      async () => await terminateWalsender(database),
      // Nobody tells of it: it is noticed by the silence, after a minute.
      ...(isLong ? [() => proxy.silence()] : []),
    ]
    for (const fault of faults) {
      await write(database)
      await fault()
      await write(database)
      if (fault === faults.at(-1) && isLong) {
        // The server ends its side, of which the runner hears nothing, so that the slot is free to be read on from.
        const silenced = await walsenderPid(database)
        await terminateWalsender(database)
        await waitForRecovery(database, silenced)
      }
      await untilConfirmed(database)
      proxy.delay(0)
    }
    following.stop()
    expect(await following.result).toMatchObject({ status: 'succeeded' })
    await expectSame(database, file)
  })

  test('keeps the slot to itself: another run is refused and changes nothing', async () => {
    const [first, second] = [database.file(), database.file()]
    const following = pipelineOf(database, first).run({ follow: true })
    await caughtUp(following)
    const refused = await run(pipelineOf(database, second, { failuresMax: 1 }))
    expect([refused.status, codeOf(refused.error)]).toEqual(['failed', 'REPLICATION_SLOT_IN_USE'])
    const busy = await run(pipelineOf(database, first, { failuresMax: 1 }))
    expect([busy.status, codeOf(busy.error)]).toEqual(['failed', 'DESTINATION_BUSY'])
    await write(database)
    await untilConfirmed(database)
    following.stop()
    expect(await following.result).toMatchObject({ status: 'succeeded' })
    await expectSame(database, first)
  })

  test('stops when its slot is dropped, or made again, until it is told to copy anew', async () => {
    await database.dropSlots()
    const file = database.file()
    const pipeline = pipelineOf(database, file)
    const following = pipeline.run({ follow: true })
    await caughtUp(following)
    const [slot] = await database.sql('SELECT slot_name FROM pg_replication_slots WHERE database = current_database()')
    await database.dropSlots()
    await write(database)
    const { status, error } = await following.result
    expect([status, codeOf(error)]).toEqual(['failed', 'REPLICATION_SLOT_MISSING'])
    await database.sql(`SELECT pg_create_logical_replication_slot('${String(slot)}', 'pgoutput')`)
    const ahead = await run(pipeline)
    expect([ahead.status, codeOf(ahead.error)]).toEqual(['failed', 'REPLICATION_SLOT_AHEAD'])
    await pipeline.resync()
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
    await write(database)
    expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
    await expectSame(database, file)
  })
})

async function walsenderPid(database: EndToEnd): Promise<string | null | undefined> {
  const [slot] = await database.sql(
    `SELECT active_pid FROM pg_replication_slots WHERE active AND database = current_database()`,
  )
  return slot?.[0]
}

/** The silence is noticed after a minute, and again when a session was opened just before. */
async function waitForRecovery(database: EndToEnd, silenced: string | null | undefined): Promise<void> {
  const isBack = async () => ![undefined, silenced].includes(await walsenderPid(database))
  await waitUntil('the slot is read from again', isBack, { deadlineMs: 240_000 })
}

describe('a server of its own', () => {
  let scratch: string
  const settings = { wal_level: 'logical', max_wal_senders: '10', synchronous_commit: 'on', fsync: 'off' }

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'eclusa-replication-'))
    // The server runs as another user when this is root.
    await chmod(scratch, 0o755)
  })
  afterAll(async () => await rm(scratch, { recursive: true, force: true }))

  async function start(port?: number) {
    const server = await startPostgresLocal({
      dataDir: join(scratch, 'data'),
      settings,
      ...(port !== undefined && { port }),
    })
    const asTestServer: TestServer = {
      major: 18,
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      version: server.version,
      connectionString: (name) => server.connectionString(name),
      createDatabase: async () => ({
        name: 'postgres',
        connectionString: server.connectionString(),
        drop: async () => {},
        [Symbol.asyncDispose]: async () => {},
      }),
    }
    return { server, database: await EndToEnd.open(asTestServer) }
  }

  test(
    'that is stopped at once and started again loses nothing; one that lets go of its log is told of',
    { timeout: 120_000 },
    async () => {
      const first = await start()
      await first.database.sql(setUpSql)
      const file = join(scratch, 'warehouse.duckdb')
      const pipeline = pipelineOf(first.database, file)
      const following = pipeline.run({ follow: true })
      await caughtUp(following)
      await write(first.database)
      const postmasterPid = Number((await readFile(join(scratch, 'data/postmaster.pid'), 'utf8')).split('\n')[0])
      process.kill(postmasterPid, 'SIGQUIT')
      await first.server.stop()
      const second = await start(first.server.port)
      await write(second.database)
      await untilConfirmed(second.database)
      following.stop()
      expect(await following.result).toMatchObject({ status: 'succeeded' })
      await expectSame(second.database, file)

      await second.database.sql(`ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'`)
      await second.database.sql('SELECT pg_reload_conf()')
      await waitUntil('the server has let go of the log', async () => {
        await write(second.database)
        await second.database.sql('SELECT pg_switch_wal()')
        await second.database.sql('CHECKPOINT')
        const [slot] = await second.database.sql('SELECT wal_status FROM pg_replication_slots')
        return slot?.[0] === 'lost'
      })
      const lost = await run(pipeline)
      expect([lost.status, codeOf(lost.error)]).toEqual(['failed', 'REPLICATION_SLOT_LOST'])
      await pipeline.resync()
      expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
      await write(second.database)
      expect(await run(pipeline)).toMatchObject({ status: 'succeeded' })
      await expectSame(second.database, file)
      await second.database[Symbol.asyncDispose]()
      await second.server.stop()
      await first.database[Symbol.asyncDispose]()
    },
  )
})
