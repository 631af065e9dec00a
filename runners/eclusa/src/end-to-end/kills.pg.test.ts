/*
 * Runs are killed with SIGKILL while others write: the command at random moments, and a run of its own at each failpoint.
 * After each kill the server has been told no more than the warehouse holds; in the end every table is the source's, and
 * no change stands twice in a history. ECLUSA_KILLS says how many (`pnpm prove`: 200), twenty for each database.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { testServers } from '@eclusa/postgres-local/testing'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { EndToEnd, duckDbTexts, run } from '../testing/end-to-end.ts'
import { failpoints } from '../testing/killed-run.ts'
import type { KilledRun } from '../testing/killed-run.ts'
import { randomFrom } from '../testing/random-numbers.ts'
import type { Random } from '../testing/random-numbers.ts'
import { RandomWrites } from '../testing/random-writes.ts'
import type { RunSql } from '../testing/random-writes.ts'
import { expectReplicas, streamsOf } from '../testing/replica-check.ts'
import { cliEnvironment, mainFile } from '../testing/run-cli.ts'
import { createTestProject } from '../testing/test-project.ts'

const kills = Number(process.env['ECLUSA_KILLS'] ?? 20)
const seedFirst = Number(process.env['ECLUSA_TEST_SEED'] ?? 20_261_122)
const killsOfDatabase = 20
const isTold = process.env['ECLUSA_KILLS'] !== undefined

const servers = await testServers()
const rounds = Array.from({ length: Math.ceil(kills / killsOfDatabase) }, (_, index) => ({
  seed: seedFirst + index,
  server: servers.at((servers.length - 1 + index) % servers.length)!,
  kills: Math.min(killsOfDatabase, kills - index * killsOfDatabase),
}))

/** Small chunks, so that a copy has many moments to be killed at. */
const source = { replication_method: { method: 'CDC', heartbeat_interval_ms: 200 }, chunk_bytes: 65_536 } as const

/** A moment that does not come any more, such as the end of a copy, is not waited for. */
const momentMsMax = 3000

const killedRunFile = join(import.meta.dirname, '../testing/killed-run.ts')

/** Killed so long after its first line, unless it has ended by then. */
async function runKilled(
  words: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly afterMs: number },
): Promise<{ signal: NodeJS.Signals | null; code: number | null; stderr: string }> {
  const { cwd, env, afterMs } = options
  const child = spawn(process.execPath, words, { cwd, env: cliEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part))
  const exited = once(child, 'close')
  const spoke = once(child.stdout, 'data')
  child.stdout.resume()
  const controller = new AbortController()
  await Promise.race([spoke, exited])
  await Promise.race([exited, delay(afterMs, undefined, { signal: controller.signal })])
  controller.abort()
  child.kill('SIGKILL')
  const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null]
  return { signal, code, stderr }
}

/** What the server was told is durable is in the warehouse. */
async function expectNothingAhead(database: EndToEnd, file: string, context: object): Promise<void> {
  const positions = await duckDbTexts(
    file,
    `SELECT state ->> 'position' FROM _eclusa.checkpoints WHERE state ->> 'position' IS NOT NULL`,
  ).catch(() => [])
  const position = positions.at(0) ?? '0/0'
  const ahead = await database.sql(
    `SELECT confirmed_flush_lsn, '${position}' AS durable FROM pg_replication_slots
      WHERE slot_name LIKE 'eclusa%' AND database = current_database()
        AND '${position}' <> '0/0' AND confirmed_flush_lsn > '${position}'`,
  )
  expect({ ...context, ahead }).toEqual({ ...context, ahead: [] })
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

function killOf(random: Random, index: number): { follow: boolean; failpoint?: KilledRun['failpoint']; times: number } {
  const follow = random(2) === 0
  if (index % 2 === 1) return { follow, times: 0 }
  // The first kills are within table copies and see each failpoint of theirs once; later ones come as they come.
  const failpoint = failpoints.at((index / 2) % failpoints.length)!
  return { follow, failpoint, times: 1 + random(index < killsOfDatabase / 2 ? 1 : 3) }
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
    for (let index = 0; index < count; index++) {
      const { follow, failpoint, times } = killOf(random, index)
      const words =
        failpoint === undefined
          ? [mainFile, 'run', ...(follow ? ['--follow'] : []), '--log-format', 'json']
          : [killedRunFile]
      const killed = {
        connectionString: database.connectionString,
        source,
        path: file,
        streams: streamsOf(writes),
        follow,
        failpoint,
        times,
      }
      const startedAtMs = performance.now()
      const { signal, code, stderr } = await runKilled(words, {
        cwd: project.directory,
        env: { PGPASSWORD: decodeURIComponent(password), ECLUSA_TEST_KILL: JSON.stringify(killed) },
        afterMs: failpoint === undefined ? random(900) : momentMsMax,
      })
      const outcome = `${failpoint ?? 'random'}${follow ? ', following' : ''}: ${signal ?? code}`
      outcomes.push(outcome)
      if (isTold) process.stdout.write(`${outcome} after ${Math.round(performance.now() - startedAtMs)} ms\n`)
      const context = { seed, index, outcome, stderr }
      // Killed, or done before the moment came; but never failed.
      expect(context).toMatchObject({ stderr: '' })
      await expectNothingAhead(database, file, context)
    }
    stop.abort()
    await writing
    if (isTold) process.stdout.write('at rest\n')
    if (isTold) process.stdout.write(`${JSON.stringify({ seed, major: server.major, outcomes })}\n`)
    expect(outcomes.filter((outcome) => outcome.endsWith('SIGKILL')).length).toBeGreaterThan(count / 2)
    const last = database.pipeline(file, { source, streams: streamsOf(writes) })
    expect({ seed, ...(await run(last)) }).toMatchObject({ seed, status: 'succeeded' })
    if (isTold) process.stdout.write('compared next\n')
    await expectReplicas(writes, { source: database, file, seed })
    await database.dropSlots()
  },
)
