import { testServers } from '@eclusa/postgres-local/testing'
import { EclusaError } from '@eclusa/sdk'
import type { AnyErrorCode } from '@eclusa/sdk'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { startChoppingProxy } from '../../testing/chopping-proxy.ts'
import { createSourceDatabase, waitUntil } from '../../testing/database.ts'
import type { SourceDatabase } from '../../testing/database.ts'
import { startMutableProxy } from '../../testing/mutable-proxy.ts'
import { collectMessages, describeMessages, endPrefix, settingsOf } from '../../testing/pgoutput-capture.ts'
import { formatLsn, parseLsn } from './lsn.ts'
import { createSlotCommand, protocolVersionMax } from './replication-command.ts'
import { openReplicationConnection } from './replication-connection.ts'
import type { ReplicationConnection, StreamLimits } from './replication-connection.ts'
import type { ReplicationStream } from './replication-stream.ts'

const never = new AbortController().signal
const doing = { doing: 'testing' }
const emitEnd = `SELECT pg_logical_emit_message(false, '${endPrefix}', '')`

async function failure(work: Promise<unknown>): Promise<{ code: AnyErrorCode; sqlState: unknown; remedy: string }> {
  try {
    await work
  } catch (error) {
    if (EclusaError.isInstance(error))
      return { code: error.code, sqlState: error.details['sqlState'], remedy: error.remedy }
    throw error
  }
  throw new Error('That did not fail.')
}

for (const server of await testServers()) {
  describe(`PostgreSQL ${server.major}`, () => {
    let database: SourceDatabase
    let slots = 0

    beforeAll(async () => {
      database = await createSourceDatabase(server)
      await database.run('CREATE TABLE item (id int PRIMARY KEY, name text); CREATE PUBLICATION items FOR TABLE item')
    })

    afterAll(async () => {
      await database[Symbol.asyncDispose]()
    })

    const open = async (signal = never) =>
      await openReplicationConnection(settingsOf(database.connectionString), signal)

    const isActive = async (slot: string) =>
      (await database.run(`SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`)).at(0)?.at(0) === 't'

    /** A slot that ends with its connection. */
    async function createSlot(connection: ReplicationConnection): Promise<string> {
      const slot = `connection_${server.major}_${slots++}`
      await connection.createSlot({ name: slot, snapshot: 'nothing', isTemporary: true })
      return slot
    }

    async function start(
      connection: ReplicationConnection,
      slot: string,
      limits: StreamLimits = {},
    ): Promise<ReplicationStream> {
      return await connection.startReplication({
        slot,
        publications: ['items'],
        protocolVersion: 1,
        isBinary: false,
        streaming: 'off',
        ...limits,
      })
    }

    test('says which system it is, and which version', async () => {
      await using connection = await open()
      const { systemId, timeline, position } = await connection.identifySystem()
      const [[id, line, version] = []] = await database.run(
        `SELECT system_identifier, timeline_id, current_setting('server_version_num')
           FROM pg_control_system(), pg_control_checkpoint()`,
      )
      expect({ systemId, timeline: String(timeline), version: String(connection.versionNumber) }).toEqual({
        systemId: id,
        timeline: line,
        version,
      })
      const [[current = ''] = []] = await database.run('SELECT pg_current_wal_lsn()')
      expect(position).toBeLessThanOrEqual(parseLsn(current ?? ''))
      expect(protocolVersionMax(connection.versionNumber)).toBe({ 14: 2, 15: 3, 16: 4, 17: 4, 18: 4 }[server.major])
    })

    test('exports the snapshot of the point at which a slot begins, or adopts it', async () => {
      await database.run('CREATE TABLE seen (id int); INSERT INTO seen VALUES (1)')
      await using connection = await open()
      const name = `snapshot_${server.major}`
      const { consistentPoint, snapshotId } = await connection.createSlot({ name, snapshot: 'export' })
      await database.run('INSERT INTO seen VALUES (2)')
      const reader = await database.open()
      await reader.run(`BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '${snapshotId}'`)
      expect(await reader.run('SELECT id FROM seen')).toEqual([['1']])
      await reader.run('ROLLBACK')
      await reader[Symbol.asyncDispose]()
      const [[confirmed] = []] = await database.run(
        `SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '${name}'`,
      )
      expect(confirmed).toBe(formatLsn(consistentPoint))
      await connection.dropSlot(name)
      expect(await database.run(`SELECT FROM pg_replication_slots WHERE slot_name = '${name}'`)).toEqual([])

      await connection.session.execute('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', doing)
      const used = await connection.createSlot({ name, snapshot: 'use', isTemporary: true })
      await database.run('INSERT INTO seen VALUES (3)')
      expect(used.snapshotId).toBeUndefined()
      const rows = await connection.session.query('SELECT id FROM seen', { attempt: doing })
      expect(rows).toEqual([{ id: 1 }, { id: 2 }])
      await connection.session.execute('COMMIT', doing)
    })

    test('creates slots of every kind that the version has', async () => {
      await using connection = await open()
      const name = `kinds_${server.major}`
      const [isTwoPhase, isFailover] = [server.major >= 15, server.major >= 17]
      await connection.createSlot({ name, snapshot: 'nothing', isTwoPhase, isFailover })
      const [[kinds] = []] = await database.run(
        `SELECT concat_ws(' ', plugin, temporary, to_jsonb(s) -> 'two_phase', to_jsonb(s) -> 'failover')
           FROM pg_replication_slots AS s WHERE slot_name = '${name}'`,
      )
      expect(kinds).toBe(['pgoutput f', isTwoPhase, ...(isFailover ? [true] : [])].join(' '))
      const refused = await failure(connection.createSlot({ name, snapshot: 'nothing' }))
      expect(refused).toMatchObject({ code: 'POSTGRES_STATEMENT_FAILED', sqlState: '42710' })
      await connection.dropSlot(name, { isWaiting: true })
      const missing = await failure(connection.dropSlot(name))
      expect(missing).toMatchObject({ code: 'POSTGRES_STATEMENT_FAILED', sqlState: '42704' })
    })

    test('understands the older form of the command too, in which PostgreSQL 14 takes it', async () => {
      await using connection = await open()
      for (const snapshot of ['export', 'nothing'] as const) {
        const options = { name: `older_${server.major}`, snapshot, isTemporary: true }
        await connection.session.execute(createSlotCommand(options, 140_000), doing)
        const made = await database.run(
          `SELECT plugin, temporary FROM pg_replication_slots WHERE slot_name = '${options.name}'`,
        )
        expect(made).toEqual([['pgoutput', 't']])
        await connection.dropSlot(options.name)
      }
    })

    test('says that a slot is missing or in use, and is idle again', async () => {
      await using connection = await open()
      const missing = await failure(start(connection, 'nobody_made_it'))
      expect(missing).toMatchObject({ code: 'POSTGRES_STATEMENT_FAILED', sqlState: '42704' })
      await using other = await open()
      const slot = `busy_${server.major}`
      await other.createSlot({ name: slot, snapshot: 'nothing' })
      const stream = await start(other, slot)
      expect(await failure(start(connection, slot))).toMatchObject({ sqlState: '55006' })
      await stream.stop()
      await other.dropSlot(slot)
      expect((await connection.identifySystem()).timeline).toBe(1)
    })

    test('names the privilege that the role lacks', async () => {
      const role = `no_replication_${server.major}`
      await database.run(`DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role} LOGIN PASSWORD 'secret'`)
      const settings = { ...settingsOf(database.connectionString), username: role, password: 'secret' }
      const { code, remedy } = await failure(openReplicationConnection(settings, never))
      await database.run(`DROP ROLE ${role}`)
      expect({ code, remedy }).toEqual({
        code: 'POSTGRES_PRIVILEGE_MISSING',
        remedy: `ALTER ROLE "${role}" REPLICATION`,
      })
    })

    test('publications may have any name', async () => {
      await using connection = await open()
      const slot = await createSlot(connection)
      const name = `a "b", 'c' \\d`
      await database.run(`CREATE PUBLICATION "${name.replaceAll('"', '""')}" FOR TABLE item`)
      const stream = await connection.startReplication({
        slot,
        publications: ['items', name],
        protocolVersion: 2,
        isBinary: true,
        streaming: 'on',
        hasMessages: true,
      })
      await database.run(`INSERT INTO item VALUES (-1, 'x'); DELETE FROM item WHERE id = -1`)
      await database.run(emitEnd)
      expect(await collectMessages(stream)).not.toHaveLength(0)
      await stream.stop()
    })

    test('streams, stops in order, and is idle then; but it streams only once', async () => {
      await using connection = await open()
      const slot = await createSlot(connection)
      const stream = await start(connection, slot)
      await database.run(`INSERT INTO item VALUES (1, 'x')`)
      await database.run(emitEnd)
      const lines = describeMessages(await collectMessages(stream))
      expect(lines.filter((line) => line.startsWith('insert')).at(-1)).toContain('(t:1, t:x)')
      await stream.stop()
      expect(await stream.next()).toBeUndefined()
      expect((await connection.identifySystem()).timeline).toBe(1)
      expect((await failure(start(connection, slot))).code).toBe('INTERNAL')
    })

    test('throws away what nobody takes when it stops', async () => {
      await using connection = await open()
      const stream = await start(connection, await createSlot(connection), { bytesMax: 64 * 1024 })
      await database.run(`INSERT INTO item SELECT 3000 + i, repeat('x', 1000) FROM generate_series(1, 5000) AS i`)
      await database.run('DELETE FROM item WHERE id > 3000')
      expect(await stream.next()).toBeDefined()
      await stream.stop()
      expect((await connection.identifySystem()).timeline).toBe(1)
    })

    test('confirms nothing until it is told to, and then exactly that', async () => {
      await using connection = await open()
      const slot = await createSlot(connection)
      const confirmed = async () =>
        (await database.run(`SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '${slot}'`))
          .at(0)
          ?.at(0)
      const before = await confirmed()
      await using stream = await start(connection, slot, { statusIntervalMs: 10 })
      await database.run(`INSERT INTO item VALUES (${10 + server.major}, 'x')`)
      await database.run(emitEnd)
      await collectMessages(stream)
      stream.requestKeepAlive()
      await waitUntil('a status has come', async () => {
        const [[replied] = []] = await database.run(
          `SELECT reply_time IS NOT NULL FROM pg_stat_replication AS r JOIN pg_replication_slots AS s ON s.active_pid = r.pid WHERE slot_name = '${slot}'`,
        )
        return replied === 't'
      })
      expect(await confirmed()).toBe(before)
      const [[position = ''] = []] = await database.run('SELECT pg_current_wal_lsn()')
      const lsn = parseLsn(position ?? '')
      stream.confirm({ written: lsn + 2n, flushed: lsn, applied: lsn + 1n })
      await waitUntil('the slot has advanced', async () => (await confirmed()) === position)
      const [positions] = await database.run(
        `SELECT write_lsn, flush_lsn, replay_lsn FROM pg_stat_replication AS r JOIN pg_replication_slots AS s ON s.active_pid = r.pid WHERE slot_name = '${slot}'`,
      )
      expect(positions).toEqual([lsn + 2n, lsn, lsn + 1n].map(formatLsn))
    })

    test('brings a keep-alive that was asked for, with how far the server is', async () => {
      await using connection = await open()
      await using stream = await start(connection, await createSlot(connection))
      const [[current = ''] = []] = await database.run('SELECT pg_current_wal_lsn()')
      let walEnd = 0n
      while (walEnd < parseLsn(current ?? '')) {
        stream.requestKeepAlive()
        const frames = await stream.next()
        while (frames?.next() === true) if (frames.isKeepAlive) walEnd = frames.walEnd
      }
      expect(walEnd).toBeGreaterThanOrEqual(parseLsn(current ?? ''))
    })

    test('makes the server wait when nothing is taken, stays alive meanwhile, and then brings everything in order', async () => {
      // Minutes pass when it is told so, and no sooner, however slow the machine is.
      vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] })
      onTestFinished(() => void vi.useRealTimers())
      await using connection = await open()
      const slot = await createSlot(connection)
      const limits = { bytesMax: 64 * 1024, statusIntervalMs: 10_000, receiveTimeoutMs: 60_000 }
      const stream = await start(connection, slot, limits)
      await using writer = await database.open()
      const total = 400
      await writer.run(`INSERT INTO item SELECT 1000 + i, repeat('x', 100000) FROM generate_series(1, ${total}) AS i`)
      await writer.run(emitEnd)
      const seen = async () => {
        const [row = []] = await writer.run(`SELECT r.reply_time, a.wait_event
          FROM pg_stat_replication AS r JOIN pg_stat_activity AS a USING (pid)
          JOIN pg_replication_slots AS s ON s.active_pid = r.pid WHERE slot_name = '${slot}'`)
        return row
      }
      const isServerWaiting = async () => (await seen()).at(1) === 'WalSenderWriteData'
      await waitUntil('the server waits for us', isServerWaiting)
      for (let seconds = 0; seconds < 180; seconds += 10) {
        const [before] = await seen()
        vi.advanceTimersByTime(10_000)
        await waitUntil('the server has heard of it again', async () => (await seen()).at(0) !== before)
      }
      expect(await isServerWaiting()).toBe(true)
      const inserts = describeMessages(await collectMessages(stream)).filter((line) => line.startsWith('insert'))
      expect(inserts.map((line) => Number(/t:(\d+),/.exec(line)?.[1]))).toEqual(
        Array.from({ length: total }, (_, index) => 1001 + index),
      )
      await stream.stop()
      await writer.run('DELETE FROM item WHERE id > 1000')
    })

    test('brings frames whole, however the network cuts them', async () => {
      await using proxy = await startChoppingProxy(server.port)
      let piece = 0
      proxy.pieceBytes = () => 1 + ((piece++ * 7919) % 997)
      const settings = { ...settingsOf(database.connectionString), host: '127.0.0.1', port: proxy.port }
      await using connection = await openReplicationConnection(settings, never)
      const stream = await start(connection, await createSlot(connection))
      await database.run(
        `INSERT INTO item SELECT 2000 + i, repeat('y', i * i * 10) FROM generate_series(1, 60) AS i; DELETE FROM item WHERE id > 2000`,
      )
      await database.run(emitEnd)
      const messages = await collectMessages(stream)
      const sizes = messages.filter((message) => message.toString('latin1', 0, 1) === 'I').map(({ length }) => length)
      expect(sizes).toEqual(Array.from({ length: 60 }, (_, index) => 8 + 2 + 5 + 4 + 5 + (index + 1) ** 2 * 10 - 2))
      await stream.stop()
    })

    test('stops waiting, and lets go of the slot, when it is told to stop', async () => {
      const abort = new AbortController()
      const keeper = await open()
      const slot = `aborted_${server.major}`
      await keeper.createSlot({ name: slot, snapshot: 'nothing' })
      await using connection = await open(abort.signal)
      const stream = await start(connection, slot)
      const ended = failure((async () => { while (await stream.next()); })()) // prettier-ignore
      abort.abort()
      expect((await ended).code).toBe('CANCELLED')
      await waitUntil('the slot is free', async () => !(await isActive(slot)))
      await keeper.dropSlot(slot)
      await keeper.close()
    })

    test('closes the connection when the consumer leaves without a word', async () => {
      const keeper = await open()
      const slot = `left_${server.major}`
      await keeper.createSlot({ name: slot, snapshot: 'nothing' })
      {
        await using connection = await open()
        await using stream = await start(connection, slot)
        stream.requestKeepAlive()
        expect((await stream.next())?.next()).toBe(true)
      }
      await waitUntil('the slot is free', async () => !(await isActive(slot)))
      await keeper.dropSlot(slot)
      await keeper.close()
    })

    test('reports that the server ended the connection', async () => {
      await using connection = await open()
      const slot = await createSlot(connection)
      await using stream = await start(connection, slot)
      const ended = failure((async () => { while (await stream.next()); })()) // prettier-ignore
      await database.run(
        `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${slot}'`,
      )
      expect((await ended).code).toBe('POSTGRES_CONNECTION_LOST')
    })

    test('takes a server that says nothing at all for lost', async () => {
      await using proxy = await startMutableProxy(server)
      const settings = { ...settingsOf(database.connectionString), host: '127.0.0.1', port: proxy.port }
      await using connection = await openReplicationConnection(settings, never)
      const limits = { statusIntervalMs: 20, receiveTimeoutMs: 200 }
      await using stream = await start(connection, await createSlot(connection), limits)
      proxy.mute()
      const ended = await failure((async () => { while (await stream.next()); })()) // prettier-ignore
      expect(ended.code).toBe('POSTGRES_CONNECTION_LOST')
    })

    test('leaves a server that does not let go', async () => {
      await using proxy = await startMutableProxy(server)
      const settings = { ...settingsOf(database.connectionString), host: '127.0.0.1', port: proxy.port }
      await using connection = await openReplicationConnection(settings, never)
      const slot = await createSlot(connection)
      const stream = await start(connection, slot, { stopTimeoutMs: 50 })
      proxy.mute()
      await stream.stop()
      expect(await stream.next()).toBeUndefined()
      expect((await failure(connection.identifySystem())).code).toBe('POSTGRES_CONNECTION_LOST')
      await waitUntil('the slot is gone', async () => {
        return (await database.run(`SELECT FROM pg_replication_slots WHERE slot_name = '${slot}'`)).length === 0
      })
    })
  })
}
