import { testServers } from '@eclusa/postgres-local/testing'
import { EclusaError } from '@eclusa/sdk'
import { afterEach, beforeEach, describe, expect, onTestFailed, test } from 'vitest'
import { ChangeRun, positionOf } from '../../testing/change-run.ts'
import { createSourceDatabase, waitUntil } from '../../testing/database.ts'
import type { SourceDatabase } from '../../testing/database.ts'
import { startMutableProxy } from '../../testing/mutable-proxy.ts'
import { settingsOf } from '../../testing/pgoutput-capture.ts'
import { RandomWorkload, randomNumbers } from '../../testing/random-workload.ts'
import { Replica } from '../../testing/replica.ts'
import { openSession } from '../connection/session.ts'

const transactions = 40

/** Told when the test fails, whatever fails; ECLUSA_TEST_SEED repeats it. */
function drawnSeed(): number {
  const seed = Number(process.env['ECLUSA_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  onTestFailed(() => void process.stderr.write(`The seed was ${seed}.\n`))
  return seed
}

/** Small enough that transactions of the workload are streamed before they end. */
const walsenderSql = `SET logical_decoding_work_mem = '64kB'`

for (const server of await testServers()) {
  describe(`PostgreSQL ${server.major}`, () => {
    let database: SourceDatabase
    let slots = 0
    beforeEach(async () => {
      database = await createSourceDatabase(server)
    })
    afterEach(async () => {
      await database[Symbol.asyncDispose]()
    })

    const newSlot = () => `changes_${server.major}_${slots++}`

    async function setUp(workload: RandomWorkload) {
      await database.run(workload.setUpSql())
      return await ChangeRun.create(database, newSlot(), [...workload.keys.keys()])
    }

    async function differences(replica: Replica, workload: RandomWorkload): Promise<unknown[]> {
      const tables = await workload.rows(database.session)
      return [...tables].flatMap(([key, { columns, rows }]) => {
        const found = replica.rows(key, columns)
        const missing = rows.filter((row) => !found.includes(row))
        const wrong = found.filter((row) => !rows.includes(row))
        const isSame = missing.length === 0 && wrong.length === 0
        return isSame ? [] : [{ seed: workload.seed, key, columns, missing, wrong }]
      })
    }

    test.each([{ hasTextTypes: false }, { hasTextTypes: true }])(
      'what a random workload made can be told from its changes, from wherever they are read on: %o',
      async ({ hasTextTypes }) => {
        const seed = drawnSeed()
        const workload = new RandomWorkload({ seed, hasTextTypes })
        await using run = await setUp(workload)
        await using aside = await database.open()
        await workload.run(database.session, aside, transactions)
        const until = await run.position()

        const replica = new Replica(workload.keys)
        const checkpoints = [{ position: run.from, replica: replica.copy() }]
        for await (const message of run.read({ until, walsenderSql, flushIntervalMs: 0 })) {
          replica.apply(message)
          if (message.type !== 'checkpoint') continue
          checkpoints.push({ position: positionOf(message.checkpoints), replica: replica.copy() })
        }
        expect(await differences(replica, workload)).toEqual([])

        const random = randomNumbers(seed)
        for (let times = 0; times < 3; times++) {
          const { position, replica: before } = checkpoints.at(random(checkpoints.length))!
          const resumed = before.copy()
          const isStreamed = times % 2 === 0
          const options = isStreamed
            ? { walsenderSql }
            : { replication: { streaming: 'off', isBinary: false } as const }
          for await (const message of run.read({ from: position, until, bytesMax: 64 * 1024, ...options })) {
            resumed.apply(message)
          }
          expect(await differences(resumed, workload)).toEqual([])
        }
      },
    )

    test('a connection that is lost while following loses and repeats nothing', async () => {
      const seed = drawnSeed()
      const workload = new RandomWorkload({ seed })
      await using run = await setUp(workload)
      await using aside = await database.open()
      await using killer = await database.open()
      const random = randomNumbers(seed)
      const stop = new AbortController()
      const replica = new Replica(workload.keys)
      let connections = 0
      let last = run.from
      const reading = (async () => {
        const options = { walsenderSql, stopSignal: stop.signal, bytesMax: 64 * 1024, onConnect: () => connections++ }
        for await (const message of run.read(options)) {
          replica.apply(message)
          if (message.type === 'checkpoint') last = positionOf(message.checkpoints)
          if (random(12) === 0 && !stop.signal.aborted) {
            const kill = `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${run.slot}' AND active`
            await killer.run(kill)
          }
        }
      })()
      await workload.run(database.session, aside, transactions)
      const until = await run.position()
      await waitUntil('all has been read', async () => await Promise.resolve(last >= until))
      stop.abort()
      await reading
      expect(connections).toBeGreaterThan(1)
      expect(await differences(replica, workload)).toEqual([])
    })

    test('what cannot even begin fails at once; what was lost is tried again until it succeeds, with a warning each time', async () => {
      await database.run('CREATE SCHEMA tried; CREATE TABLE tried.item (id int PRIMARY KEY)')
      await using run = await ChangeRun.create(database, newSlot(), ['tried.item'])
      const lost = new EclusaError('POSTGRES_CONNECTION_LOST', { message: 'Nobody is there.' })
      let connections = 0
      const failing = async () => {
        const onConnect = () => {
          connections++
          throw lost
        }
        for await (const _ of run.read({ onConnect }));
      }
      await expect(failing()).rejects.toBe(lost)
      expect(connections).toBe(1)

      const stop = new AbortController()
      const rows: number[] = []
      connections = 0
      const onConnect = () => {
        connections++
        if (connections > 1 && connections < 4) throw lost
      }
      const reading = (async () => {
        for await (const message of run.read({ onConnect, stopSignal: stop.signal })) {
          if (message.type === 'batch') rows.push(message.batch.records.numRows)
        }
      })()
      const hasCome = (count: number) => async () => await Promise.resolve(rows.length >= count)
      // Before that it has not begun, whoever has the slot.
      await database.run('INSERT INTO tried.item VALUES (0)')
      await waitUntil('the first row has come', hasCome(1))
      await database.run(
        `SELECT pg_terminate_backend(${(await run.activePid()) ?? ''}); INSERT INTO tried.item VALUES (1)`,
      )
      await waitUntil('the second row has come', hasCome(2))
      stop.abort()
      await reading
      expect(connections).toBe(4)
      expect(run.log.warnings).toEqual(Array.from({ length: 3 }, () => 'Replication was interrupted; it goes on soon.'))
    })

    test('a session that does not answer any more is given up, and reading goes on on other connections', async () => {
      await database.run('CREATE SCHEMA silent; CREATE TABLE silent.item (id int PRIMARY KEY)')
      await using run = await ChangeRun.create(database, newSlot(), ['silent.item'])
      await using proxy = await startMutableProxy(server)
      const url = new URL(database.connectionString)
      url.port = String(proxy.port)
      const stop = new AbortController()
      let [sessions, rows, connections] = [0, 0, 0]
      const reading = (async () => {
        const options = {
          stopSignal: stop.signal,
          heartbeatIntervalMs: 10,
          answerTimeoutMs: 500,
          onConnect: () => connections++,
          openSession: async () => {
            const session = await openSession(settingsOf(url.href), new AbortController().signal)
            sessions++
            return session
          },
        }
        for await (const message of run.read(options))
          if (message.type === 'batch') rows += message.batch.records.numRows
      })()
      // The walsender comes by another way, and is heard all the time.
      await database.run('INSERT INTO silent.item VALUES (1)')
      await waitUntil('a row and a heartbeat have come', async () => await Promise.resolve(rows === 1 && sessions > 0))
      const before = { sessions, connections }
      proxy.mute()
      await waitUntil('there is another session', async () => await Promise.resolve(sessions > before.sessions))
      await database.run('INSERT INTO silent.item VALUES (2)')
      await waitUntil('the second row has come', async () => await Promise.resolve(rows === 2))
      stop.abort()
      await reading
      expect(connections).toBeGreaterThan(before.connections)
      expect(run.log.warnings).toContain('Replication was interrupted; it goes on soon.')
    })
  })
}
