/*
 * Runs are killed with SIGKILL while others write: a run of its own at each failpoint, and the command at random moments.
 * After each kill the server has been told no more than the warehouse holds; in the end every table is the source's, and
 * no change stands twice in a history. ECLUSA_KILLS says how many (`pnpm prove`: 200), so many for each database.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { testServers } from '@eclusa/postgres-local/testing'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { EndToEnd, duckDbTexts, run } from '../testing/end-to-end.ts'
import { failpoints, lastWords } from '../testing/killed-run.ts'
import type { Failpoint } from '../testing/killed-run.ts'
import { randomFrom } from '../testing/random-numbers.ts'
import type { Random } from '../testing/random-numbers.ts'
import { RandomWrites } from '../testing/random-writes.ts'
import type { RunSql } from '../testing/random-writes.ts'
import { expectReplicas, streamsOf } from '../testing/replica-check.ts'
import { cliEnvironment, mainFile } from '../testing/run-cli.ts'
import { createTestProject } from '../testing/test-project.ts'

const killsOfDatabase = 20
const kills = Number(process.env['ECLUSA_KILLS'] ?? killsOfDatabase)
const seedFirst = Number(process.env['ECLUSA_TEST_SEED'] ?? 20_261_122)
const isTold = process.env['ECLUSA_KILLS'] !== undefined

const servers = await testServers()
const rounds = Array.from({ length: Math.ceil(kills / killsOfDatabase) }, (_, index) => ({
  seed: seedFirst + index,
  server: servers.at((servers.length - 1 + index) % servers.length)!,
  kills: Math.min(killsOfDatabase, kills - index * killsOfDatabase),
}))

/** Small chunks, so that a copy has many moments to be killed at. */
const source = { replication_method: { method: 'CDC', heartbeat_interval_ms: 200 }, chunk_bytes: 65_536 } as const

/** A moment that does not come any more, such as the end of a copy, is not waited for longer than that. */
const laterMomentMsMax = 3000
/** The first moments all come, however busy the machine is. */
const firstMomentMsMax = 60_000

const killedRunFile = join(import.meta.dirname, '../testing/killed-run.ts')

/** Killed so long after its first line, unless it has ended by then. */
async function runKilled(
  words: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly afterMs: number },
): Promise<{ signal: NodeJS.Signals | null; code: number | null; stdout: string; stderr: string }> {
  const { cwd, env, afterMs } = options
  const child = spawn(process.execPath, words, { cwd, env: cliEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part))
  child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part))
  const exited = once(child, 'close')
  const spoke = once(child.stdout, 'data')
  const controller = new AbortController()
  await Promise.race([spoke, exited])
  await Promise.race([exited, delay(afterMs, undefined, { signal: controller.signal })])
  controller.abort()
  child.kill('SIGKILL')
  const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null]
  return { signal, code, stdout, stderr }
}

/** What the server was told is durable is in the warehouse. */
async function expectNothingAhead(database: EndToEnd, file: string, context: object): Promise<void> {
  const [durable] = existsSync(file) ? await duckDbTexts(file, await positionSql(file)) : []
  const told = await database.sql(
    `SELECT confirmed_flush_lsn FROM pg_replication_slots
      WHERE slot_name LIKE 'eclusa%' AND database = current_database() AND confirmed_flush_lsn > $1`,
    [durable ?? 'FFFFFFFF/FFFFFFFF'],
  )
  expect({ ...context, durable, told }).toEqual({ ...context, durable, told: [] })
}

/** No checkpoint has a position before the first one was committed, and no table holds one before that. */
async function positionSql(file: string): Promise<string> {
  const tables = await duckDbTexts(file, `SELECT table_name FROM duckdb_tables() WHERE table_name = 'checkpoints'`)
  const position = `SELECT state ->> 'position' FROM _eclusa.checkpoints WHERE state ->> 'position' IS NOT NULL`
  return tables.length > 0 ? position : 'SELECT 1 WHERE false'
}

async function connect({ connectionString }: EndToEnd): Promise<{ client: Client; sql: RunSql }> {
  const client = new Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  return { client, sql: async (text) => await client.query(text) }
}

/** Writes on and on, in two sessions, until it is told to stop. */
async function keepWriting(writes: RandomWrites, database: EndToEnd, signal: AbortSignal): Promise<void> {
  const [main, aside] = [await connect(database), await connect(database)]
  while (!signal.aborted) {
    await writes.run(main.sql, aside.sql, 1)
    await delay(20)
  }
  await writes.closeAside(aside.sql)
  for (const { client } of [main, aside]) await client.end()
}

interface Kill {
  readonly follow: boolean
  /** Undefined: the command, at a random moment. */
  readonly failpoint?: Failpoint
  readonly times: number
  readonly withinCommitMs: number
  readonly isFirst: boolean
}

/** Each failpoint once, those of a table copy while it goes on; then moments as they come. */
function* killsFrom(random: Random, count: number): Generator<Kill> {
  for (let index = 0; index < count; index++) {
    const kill = { follow: random(2) === 0, withinCommitMs: random(9) }
    const isFirst = index < failpoints.length
    if (isFirst) yield { ...kill, failpoint: failpoints.at(index)!, times: 1, isFirst }
    else if (random(3) > 0) yield { ...kill, times: 0, isFirst }
    else yield { ...kill, failpoint: failpoints.at(random(failpoints.length))!, times: 1 + random(3), isFirst }
  }
}

test.each(rounds)(
  'what is killed loses and repeats nothing, $kills times (seed $seed, PostgreSQL $server.major)',
  { timeout: 600_000 },
  async ({ seed, server, kills: count }) => {
    const random = randomFrom(seed)
    const writes = new RandomWrites({ seed, altersWithin: true })
    await using database = await EndToEnd.open(server)
    await database.sql(`${writes.setUpSql()}; ${writes.firstRowsSql()}`)
    const { pathname, password } = new URL(database.connectionString)
    await using project = await createTestProject({
      server,
      database: pathname.slice(1),
      source,
      streams: streamsOf(writes).map(({ name, destinationSyncMode }) => ({
        name,
        ...(destinationSyncMode !== undefined && { destination_sync_mode: destinationSyncMode }),
      })),
      limits: { commit_bytes: '64KiB' },
    })
    const file = join(project.directory, 'warehouse.duckdb')
    const stop = new AbortController()
    const writing = keepWriting(writes, database, stop.signal)
    // A test that fails drops the database under the writers; the failure is what to tell.
    writing.catch(() => {})
    const outcomes: string[] = []
    for (const kill of killsFrom(random, count)) {
      const { failpoint, follow, isFirst } = kill
      const words =
        failpoint === undefined
          ? [mainFile, 'run', ...(follow ? ['--follow'] : []), '--log-format', 'json']
          : [killedRunFile]
      const { connectionString } = database
      const killed = { ...kill, connectionString, source, path: file, streams: streamsOf(writes) }
      const momentMsMax = isFirst ? firstMomentMsMax : laterMomentMsMax
      const startedAtMs = performance.now()
      const { signal, code, stdout, stderr } = await runKilled(words, {
        cwd: project.directory,
        env: { PGPASSWORD: decodeURIComponent(password), ECLUSA_TEST_KILL: JSON.stringify(killed) },
        afterMs: failpoint === undefined ? random(900) : momentMsMax,
      })
      const isAtFailpoint = failpoint !== undefined && stdout.endsWith(lastWords(failpoint))
      const outcome = `${failpoint ?? 'random'}${follow ? ', following' : ''}: ${isAtFailpoint ? 'died' : (signal ?? code)}`
      outcomes.push(outcome)
      if (isTold) process.stdout.write(`${outcome} after ${Math.round(performance.now() - startedAtMs)} ms\n`)
      const context = { seed, outcomes, stderr }
      // Killed, or done before the moment came; but never failed.
      expect(context).toMatchObject({ stderr: '' })
      expect({ ...context, isAtFailpoint }).toMatchObject({ isAtFailpoint: isFirst || isAtFailpoint })
      await expectNothingAhead(database, file, context)
    }
    stop.abort()
    await writing
    expect(outcomes.filter((outcome) => /SIGKILL|died/u.test(outcome)).length).toBeGreaterThan(count / 2)
    const last = database.pipeline(file, { source, streams: streamsOf(writes) })
    expect({ seed, ...(await run(last)) }).toMatchObject({ seed, status: 'succeeded' })
    await expectReplicas(writes, { source: database, file, seed })
    await database.dropSlots()
  },
)
