import { testServer, testServers } from '@eclusa/postgres-local/testing'
import type { TestServer } from '@eclusa/postgres-local/testing'
import { EclusaError, sharedState, streamKey } from '@eclusa/sdk'
import type { Checkpoint } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { createSourceDatabase, waitUntil } from '../../testing/database.ts'
import { startFakePooler } from '../../testing/fake-pooler.ts'
import {
  ReplicatedRun,
  createWrittenTable,
  dropSlotsAfterEach,
  replicated,
  slotName,
} from '../../testing/replicated-run.ts'
import type { CdcConfig } from '../../testing/replicated-run.ts'
import type { SourceConfig, StreamChoices } from '../../testing/source-run.ts'
import { suiteDatabase, suiteRole, suiteRolePassword } from '../../testing/suite-database.ts'
import type { SuiteDatabase } from '../../testing/suite-database.ts'

const columns = ['id', 'n', 'note', 'big']

async function failure(work: Promise<void>): Promise<EclusaError> {
  try {
    await work
  } catch (error) {
    if (EclusaError.isInstance(error)) return error
    throw error
  }
  throw new Error('That did not fail.')
}

interface Bench {
  readonly run: ReplicatedRun
  readonly table: string
  readonly choices: StreamChoices
}

interface BenchOptions {
  readonly rows?: number
  readonly config?: SourceConfig
  readonly replication?: CdcConfig
}

let benches = 0

/** A table, and a run that replicates it. */
async function createBench(
  server: TestServer,
  database: SuiteDatabase,
  { rows = 10, config = {}, replication = {} }: BenchOptions = {},
): Promise<Bench> {
  const table = `${await database.makeSchema()}.item`
  await createWrittenTable(database, table, rows)
  const name = slotName(server, `fault_${++benches}`)
  const run = new ReplicatedRun(database, name, { keys: { [table]: ['id'] }, config, replication })
  return { run, table, choices: { [table]: replicated } }
}

/** The fault that a run stops with, which `check` has to find too. */
async function faultOf({ run, choices }: Bench): Promise<EclusaError> {
  const error = await failure(run.run(choices))
  const findings = await run.check(choices)
  if (!findings.some(({ status, code }) => status === 'failed' && code === error.code)) {
    throw new Error(`check did not find ${error.code}: ${error.message}`)
  }
  return error
}

/** The fault that a run stops with, having left the checkpoint as it was. */
async function stopOf({ run, choices }: Bench): Promise<EclusaError> {
  const before = JSON.stringify(run.destination.checkpoints)
  const error = await failure(run.run(choices))
  if (JSON.stringify(run.destination.checkpoints) !== before) throw new Error('The run changed a checkpoint.')
  return error
}

/** Reads once more; what the table and the destination then have not in common. */
async function wrongRows({ run, table, choices }: Bench): Promise<string[]> {
  await run.run(choices)
  const { source, destination } = await run.rows(table, columns)
  const texts = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row))
  const [inTable, inDestination] = [texts(source), texts(destination)]
  return [
    ...inTable.filter((row) => !inDestination.includes(row)),
    ...inDestination.filter((row) => !inTable.includes(row)),
  ]
}

function altered(checkpoints: readonly Checkpoint[], change: Record<string, string | number>): Checkpoint[] {
  return checkpoints.map((checkpoint) =>
    streamKey(checkpoint.stream) === streamKey(sharedState)
      ? { ...checkpoint, state: { ...checkpoint.state, ...change } }
      : checkpoint,
  )
}

describe.each(await testServers())('on PostgreSQL $major, replication', (server) => {
  const database = suiteDatabase(server)
  const role = `replicator_${server.major}`
  suiteRole(database, role)
  dropSlotsAfterEach(database)

  const bench = async (options?: BenchOptions) => await createBench(server, database, options)

  function asRole(): string {
    const url = new URL(database.connectionString)
    url.username = role
    url.password = suiteRolePassword
    return url.href
  }

  it('needs a role that may replicate, and a publication that has the tables', async () => {
    const made = await bench({ config: { connection_string: asRole() } })
    const schema = made.table.split('.').at(0)
    await database.run(`GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT SELECT ON ${made.table} TO ${role}`)
    const unprivileged = await faultOf(made)
    expect(unprivileged.code).toBe('REPLICATION_PRIVILEGE_MISSING')
    expect(unprivileged.remedy).toContain(`ALTER ROLE "${role}" REPLICATION;`)
    await database.run(`ALTER ROLE ${role} REPLICATION`)

    const missing = await faultOf(made)

    expect(missing.code).toBe('REPLICATION_PUBLICATION_MISSING')
    await database.run(`CREATE PUBLICATION ${made.run.name}`)
    const foreign = await faultOf(made)
    expect(foreign.code).toBe('REPLICATION_PUBLICATION_FORBIDDEN')
    expect(foreign.details['owner']).toBe('postgres')
    await database.run(foreign.remedy)
    expect(await wrongRows(made)).toEqual([])
    await database.run(`DROP PUBLICATION ${made.run.name}; ${missing.remedy} ALTER ROLE ${role} NOREPLICATION`)
  })

  it('creates nothing that it is not to manage, and says what to create', async () => {
    const made = await bench({ replication: { manage: false } })
    for (const code of ['REPLICATION_SLOT_MISSING', 'REPLICATION_PUBLICATION_MISSING'] as const) {
      const error = await faultOf(made)
      expect(error.code).toBe(code)
      await database.run(error.remedy)
    }
    expect(await wrongRows(made)).toEqual([])
  })

  it('leaves a table unpublished whose rows nothing tells apart, so that UPDATE goes on working', async () => {
    const made = await bench()
    await database.run(`ALTER TABLE ${made.table} DROP CONSTRAINT item_pkey`)
    const keyed = { [made.table]: { ...replicated, primaryKey: ['id'] } }
    const error = await faultOf({ ...made, choices: keyed })
    expect(error.code).toBe('REPLICATION_IDENTITY_MISSING')
    expect(error.details['stream']).toBe(made.table)
    await database.run(`UPDATE ${made.table} SET n = 2 WHERE id = 3`)
    await database.run(`ALTER TABLE ${made.table} REPLICA IDENTITY FULL`)
    expect(await wrongRows({ ...made, choices: keyed })).toEqual([])
  })

  it('refuses a replica identity that does not tell the key', async () => {
    const made = await bench()
    await database.run(`
      ALTER TABLE ${made.table} ALTER note SET NOT NULL, ADD UNIQUE (id, note);
      CREATE UNIQUE INDEX other ON ${made.table} (note, n, id);
      UPDATE ${made.table} SET note = id::text, n = 0;
      ALTER TABLE ${made.table} ALTER n SET NOT NULL; CREATE UNIQUE INDEX by_note ON ${made.table} (note);
      ALTER TABLE ${made.table} REPLICA IDENTITY USING INDEX by_note`)
    const error = await faultOf(made)
    expect(error.code).toBe('REPLICATION_IDENTITY_UNSUITABLE')
    await database.run(error.remedy.split(';').at(0)!)
    expect(await wrongRows(made)).toEqual([])
  })

  it('refuses a partition whose rows come as those of the whole, and names the whole where its partitions were named', async () => {
    const schema = await database.makeSchema()
    const whole = `${schema}.whole`
    await database.run(`
      CREATE TABLE ${whole} (id int PRIMARY KEY) PARTITION BY RANGE (id);
      CREATE TABLE ${whole}_1 PARTITION OF ${whole} FOR VALUES FROM (1) TO (100);
      INSERT INTO ${whole} SELECT i FROM generate_series(1, 9) AS i`)
    const config = { discover_partitions: true }
    const run = new ReplicatedRun(database, slotName(server, 'parts'), { keys: { [whole]: ['id'] }, config })
    await database.run(`CREATE PUBLICATION ${run.name} FOR TABLE ${whole} WITH (publish_via_partition_root = true)`)
    const part = { run, table: `${whole}_1`, choices: { [`${whole}_1`]: replicated } }
    expect(await faultOf(part)).toMatchObject({ code: 'REPLICATION_PUBLICATION_UNSUITABLE' })

    await database.run(`DROP PUBLICATION ${run.name}; CREATE PUBLICATION ${run.name} FOR TABLE ${whole}_1`)
    await run.run({ [whole]: replicated })
    const findings = await run.check({ [whole]: replicated })
    expect(findings.find(({ subject }) => subject === `partitions of ${whole}`)?.status).toBe('warning')
    await database.run(`
      CREATE TABLE ${whole}_2 PARTITION OF ${whole} FOR VALUES FROM (100) TO (200); INSERT INTO ${whole} VALUES (5 + 100)`)
    await run.run({ [whole]: replicated })
    const { source, destination } = await run.rows(whole, ['id'])
    expect(destination).toEqual(source)
  })

  it('makes a publication publish all kinds of changes, and copies anew what it left out', async () => {
    const made = await bench()
    await database.run(`CREATE PUBLICATION ${made.run.name} FOR TABLE ${made.table} WITH (publish = 'insert')`)
    await made.run.run(made.choices)
    await database.run(`UPDATE ${made.table} SET n = 9; DELETE FROM ${made.table} WHERE id = 2`)
    expect(await wrongRows(made)).toEqual([])
    await database.run(`
      ALTER PUBLICATION ${made.run.name} SET (publish = 'insert, delete, truncate');
      UPDATE ${made.table} SET n = 10`)
    expect(await wrongRows(made)).toEqual([])
    expect(made.run.destination.startedResumed).toEqual({ [made.table]: false })
  })

  it('stops at row level security, which the log knows nothing of', async () => {
    const made = await bench({ config: { connection_string: asRole(), row_level_security: 'apply' } })
    const schema = made.table.split('.').at(0)
    await database.run(`
      GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT SELECT ON ${made.table} TO ${role};
      CREATE PUBLICATION ${made.run.name} FOR TABLE ${made.table}; ALTER ROLE ${role} REPLICATION;
      ALTER TABLE ${made.table} ENABLE ROW LEVEL SECURITY`)
    expect(await faultOf(made)).toMatchObject({ code: 'POSTGRES_ROWS_HIDDEN' })
    await database.run(`ALTER ROLE ${role} NOREPLICATION`)
  })

  it('refuses slots that were made for something else', async () => {
    await using other = await createSourceDatabase(server)
    const made = await bench()
    const { name } = made.run
    for (const [session, create] of [
      [database, `pg_create_physical_replication_slot('${name}')`],
      [other, `pg_create_logical_replication_slot('${name}', 'pgoutput')`],
    ] as const) {
      await session.run(`SELECT ${create}`)
      const error = await faultOf(made)
      expect(error.code).toBe('REPLICATION_SLOT_UNSUITABLE')
      await session.run(error.remedy.slice(error.remedy.indexOf('SELECT')))
    }
  })

  it('refuses a slot that somebody else reads from', async () => {
    const made = await bench()
    await made.run.run(made.choices)
    const stop = new AbortController()
    const follower = new ReplicatedRun(database, made.run.name, { keys: { [made.table]: ['id'] } })
    const following = follower.run(made.choices, { limits: { stopSignal: stop.signal } })
    // Until then the follower copies, and its slot is free.
    const readers = `SELECT FROM pg_replication_slots WHERE slot_name = '${made.run.name}' AND active`
    await waitUntil('the follower reads from the slot', async () => (await database.run(readers)).length > 0)
    expect(await stopOf(made)).toMatchObject({ code: 'REPLICATION_SLOT_IN_USE' })
    stop.abort()
    await following
  })

  it('stops when the slot is gone, was made again, or was read by another', async () => {
    const made = await bench()
    const { name } = made.run
    await made.run.run(made.choices)
    await database.run(`SET synchronous_commit = on; INSERT INTO ${made.table} VALUES (100, 1, 'lost', NULL)`)
    await database.run(`SELECT pg_replication_slot_advance('${name}', pg_current_wal_insert_lsn())`)
    expect(await stopOf(made)).toMatchObject({ code: 'REPLICATION_SLOT_AHEAD' })
    await database.run(`SELECT pg_drop_replication_slot('${name}')`)
    expect(await stopOf(made)).toMatchObject({ code: 'REPLICATION_SLOT_MISSING' })
    await database.run(`SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`)
    expect(await stopOf(made)).toMatchObject({ code: 'REPLICATION_SLOT_AHEAD' })
    // What `eclusa resync` does.
    made.run.destination.forget(streamKey(sharedState))
    expect(await wrongRows(made)).toEqual([])
  })

  it('stops when the server is not the one of the checkpoint, or has gone back to an older state', async () => {
    const made = await bench()
    await made.run.run(made.choices)
    const { checkpoints } = made.run.destination
    for (const change of [{ systemId: '1' }, { database: '1' }, { timeline: 9 }, { position: 'FF/0' }]) {
      const reading = made.run.runFrom(made.choices, altered(checkpoints, change))
      expect((await failure(reading)).code).toBe('REPLICATION_SERVER_CHANGED')
    }
    const { log, source } = made.run.source
    const signal = new AbortController().signal
    for (const change of [{}, { position: 'FF/0' }, { database: '1' }]) {
      const { findings } = await source.replication!.status({ signal, log, checkpoints: altered(checkpoints, change) })
      const codes = findings.filter(({ status }) => status === 'failed').map(({ code }) => code)
      expect(codes).toEqual(Object.keys(change).map(() => 'REPLICATION_SERVER_CHANGED'))
    }
  })

  it('stops at a pooler that does not pass on the replication protocol', async () => {
    await using pooler = await startFakePooler(server, { permitsTransactions: true, permitsReplication: false })
    const url = new URL(database.connectionString)
    url.port = String(pooler.port)
    const made = await bench({ config: { connection_string: url.href } })
    expect(await faultOf(made)).toMatchObject({ code: 'POSTGRES_POOLER_UNSUITABLE' })
  })

  it('tells how it stands, lists slots, and drops them, read from or not', async () => {
    const made = await bench()
    const { name } = made.run
    const context = { signal: new AbortController().signal, log: made.run.source.log }
    const status = async () =>
      await made.run.source.source.replication!.status({ ...context, checkpoints: made.run.destination.checkpoints })
    expect(await status()).toMatchObject({ slot: name, isActive: false, streams: [] })
    await made.run.run(made.choices)
    await database.run(`INSERT INTO ${made.table} SELECT i FROM generate_series(1000, 3000) AS i`)
    const { position } = made.run.destination
    const later = await status()
    expect(later).toMatchObject({ position, confirmedPosition: position })
    expect(later.streams).toEqual([
      { stream: { namespace: made.table.split('.').at(0), name: 'item' }, phase: 'replicating' },
    ])
    expect(later.lag!.bytes).toBeGreaterThan(50_000)
    expect(later.retainedBytes).toBeGreaterThanOrEqual(later.lag!.bytes)
    expect(later.findings.filter((finding) => finding.status === 'failed')).toEqual([])

    const replication = made.run.source.source.replication!
    expect((await replication.listSlots(context)).at(0)).toMatchObject({ name, owner: 'own', isActive: false })
    const stop = new AbortController()
    let reading: Promise<EclusaError> | undefined
    await new Promise<void>((resolve) => {
      const limits = { stopSignal: stop.signal }
      reading = failure(made.run.run(made.choices, { limits, onCommit: async () => resolve() }))
    })
    expect((await replication.listSlots(context)).at(0)).toMatchObject({ name, owner: 'own', isActive: true })
    await replication.dropSlot({ ...context, name })
    expect((await reading!).code).toBe('REPLICATION_SLOT_MISSING')
    expect((await replication.listSlots(context)).filter((slot) => slot.name === name)).toEqual([])
    expect((await status()).findings.map(({ code }) => code)).toContain('REPLICATION_SLOT_MISSING')
  })
})

const tight = { max_replication_slots: '1', max_wal_senders: '2', max_slot_wal_keep_size: '48MB' }

describe.each(await testServers({ settings: tight }))('on a tight PostgreSQL $major, replication', (server) => {
  const database = suiteDatabase(server)
  dropSlotsAfterEach(database)

  it('says that there is no slot or no walsender left', async () => {
    const made = await createBench(server, database)
    await database.run(`SELECT pg_create_logical_replication_slot('occupied', 'pgoutput')`)
    expect(await faultOf(made)).toMatchObject({ code: 'REPLICATION_LIMIT' })
    await database.run(`SELECT pg_drop_replication_slot('occupied')`)
    expect(await wrongRows(made)).toEqual([])
  })

  it('warns before the server gives up the slot, and stops when it did', async () => {
    const made = await createBench(server, database)
    await made.run.run(made.choices)
    const write = `SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000)), pg_switch_wal(); CHECKPOINT`
    for (let segment = 0; segment < 3; segment++) await database.run(write)
    const warned = async () =>
      (await made.run.check(made.choices)).some(
        ({ subject, status }) => subject.startsWith('log that') && status === 'warning',
      )
    expect(await warned()).toBe(true)
    for (let segment = 0; segment < 4; segment++) await database.run(write)
    expect(await stopOf(made)).toMatchObject({ code: 'REPLICATION_SLOT_LOST' })
    // What `eclusa resync` does.
    made.run.destination.forget(streamKey(sharedState))
    expect(await wrongRows(made)).toEqual([])
  })
})

describe('on a PostgreSQL without wal_level logical, replication', async () => {
  const server = await testServer({ settings: { wal_level: 'replica' } })
  const database = suiteDatabase(server)

  it('says which setting is missing', async () => {
    const made = await createBench(server, database)
    const error = await faultOf(made)
    expect(error.code).toBe('REPLICATION_NOT_CONFIGURED')
    expect(error.remedy).toContain('ALTER SYSTEM SET wal_level = logical')
  })
})
