import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { testServer } from '@eclusa/postgres-local/testing'
import type { TestDatabase, TestServer } from '@eclusa/postgres-local/testing'
import pg from 'pg'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { exitCodes } from '../exit-code.ts'
import { runCaptured } from '../testing/captured-host.ts'
import { cliEnvironment, mainFile } from '../testing/run-cli.ts'
import { createTestProject } from '../testing/test-project.ts'
import type { TestProject } from '../testing/test-project.ts'

let server: TestServer
let database: TestDatabase
let client: pg.Client
let project: TestProject

beforeAll(async () => {
  server = await testServer()
})

beforeEach(async () => {
  database = await server.createDatabase()
  client = new pg.Client({ connectionString: database.connectionString })
  client.on('error', () => {})
  await client.connect()
  await client.query(`
    CREATE TABLE orders (id int PRIMARY KEY, note text);
    INSERT INTO orders VALUES (1, 'one'), (2, 'two');
    CREATE TABLE customers (id int PRIMARY KEY);
    CREATE VIEW big AS SELECT id FROM orders WHERE id > 1;
  `)
  project = await createTestProject({
    server,
    database: database.name,
    source: { replication_method: { method: 'CDC', heartbeat_interval_ms: 500 } },
    steps: [{ transform: { project: './dbt' } }],
    files: {
      'dbt/dbt_project.yml': 'name: test\nversion: "1.0"\nprofile: test\n',
      'dbt/models/notes.sql': "{{ config(materialized='table') }}\nselect count(*) as notes from public.orders\n",
    },
  })
})

afterEach(async () => {
  await client.query(
    'SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active_pid IS NOT NULL AND database = current_database()',
  )
  await client.query(
    'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()',
  )
  await client.end()
  await project[Symbol.asyncDispose]()
  await database.drop()
})

interface TestEvent {
  readonly type: string
  readonly [key: string]: unknown
}

/** `eclusa run --follow` in a process of its own, and the events that it prints. */
class Follower {
  readonly child: ChildProcess
  readonly seen: TestEvent[] = []
  readonly #wakers = new Set<() => void>()
  #rest = ''
  #hasEnded = false

  constructor(words: readonly string[] = []) {
    this.child = spawn(process.execPath, [mainFile, 'run', '--follow', '--log-format', 'json', ...words], {
      cwd: project.directory,
      env: cliEnvironment({ PGPASSWORD: server.password }),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.child.stdout!.setEncoding('utf8').on('data', (part: string) => this.#take(part))
    this.child.once('close', () => {
      this.#hasEnded = true
      this.#wake()
    })
  }

  /** Waits until a condition holds for an event that is seen, or was. @throws when the process ends before */
  async until(what: string, holds: (event: TestEvent) => boolean): Promise<TestEvent> {
    for (;;) {
      const found = this.seen.find(holds)
      if (found !== undefined) return found
      if (this.#hasEnded) throw new Error(`ended before ${what}: ${JSON.stringify(this.seen.slice(-3))}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wakers.add(resolve)
      await promise
    }
  }

  async caughtUp(): Promise<void> {
    await this.until('it had caught up', ({ type }) => type === 'caught_up')
  }

  /** Rows committed so far. */
  get rows(): number {
    return this.seen.reduce((sum, event) => sum + (event.type === 'committed' ? Number(event['rows']) : 0), 0)
  }

  count(type: string): number {
    return this.seen.filter((event) => event.type === type).length
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    const closed = once(this.child, 'close')
    this.child.kill(signal)
    const [code] = (await closed) as [number | null]
    return code
  }

  #take(part: string): void {
    const lines = (this.#rest + part).split('\n')
    this.#rest = lines.pop()!
    for (const line of lines) this.seen.push(JSON.parse(line) as TestEvent)
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#wakers) wake()
    this.#wakers.clear()
  }
}

/** The command in this process, which takes a tenth of the time of one of its own. */
async function cli(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { outcome, stdout, stderr } = await runCaptured(words, {
    directory: project.directory,
    env: { PGPASSWORD: server.password },
  })
  return { code: exitCodes[outcome].code, stdout, stderr }
}

async function ask(sql: string): Promise<string[]> {
  const { code, stdout, stderr } = await cli('query', '--format', 'csv', sql)
  expect([code, stderr]).toEqual([0, ''])
  return stdout.trimEnd().split('\n').slice(1)
}

describe('eclusa run --follow', () => {
  test('brings changes into the warehouse, which others can ask meanwhile, and ends with 0 when it is stopped', async () => {
    const follower = new Follower(['--steps-every', '100ms'])
    await follower.caughtUp()
    const socket = join(project.directory, 'warehouse.duckdb.sock')
    expect(existsSync(socket)).toBe(true)
    await client.query(
      `INSERT INTO orders VALUES (3, 'three'); UPDATE orders SET note = 'zwei' WHERE id = 2; DELETE FROM orders WHERE id = 1`,
    )
    await follower.until('the change', (event) => event.type === 'committed' && Number(event['rows']) === 3)
    expect(await ask('SELECT id, note FROM public.orders ORDER BY id')).toEqual(['2,zwei', '3,three'])

    const refused = await cli('query', 'DELETE FROM public.orders')
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('WAREHOUSE_READ_ONLY')])

    const status = await cli('status', '--json')
    expect(status).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(status.stdout)).toMatchObject({
      pipeline: 'test',
      isFollowed: true,
      follow: { pid: follower.child.pid, hasCaughtUp: true },
      replication: { isActive: true },
      streams: [
        { stream: 'public.big', mode: 'full_refresh' },
        { stream: 'public.customers', mode: 'replicated', phase: 'replicating' },
        { stream: 'public.orders', mode: 'replicated', phase: 'replicating', table: 'public.orders' },
      ],
    })

    const second = await cli('run')
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('DESTINATION_BUSY')])
    expect(await follower.stop()).toBe(0)
    expect(existsSync(socket)).toBe(false)
    expect(follower.seen.at(-1)).toMatchObject({ type: 'run_completed', status: 'succeeded' })
    expect(await ask('FROM public.big')).toHaveLength(1)
  })

  test('runs the steps when it has caught up, and again after rows', async () => {
    const follower = new Follower(['--steps-every', '50ms'])
    await follower.until('a step', ({ type }) => type === 'step_completed')
    expect(await ask('FROM analytics.notes')).toEqual(['2'])
    const before = follower.rows
    await client.query(`INSERT INTO orders VALUES (3, 'three')`)
    await follower.until('the change', () => follower.rows > before)
    // A round that began after the rows were there has ended when more have ended than had begun by then.
    const begun = follower.count('step_started')
    await follower.until('a round', () => follower.count('step_completed') > begun)
    expect(await ask('FROM analytics.notes')).toEqual(['3'])
    expect(await follower.stop('SIGTERM')).toBe(0)
  })

  test('goes on where it was killed', async () => {
    const first = new Follower(['--no-steps'])
    await first.caughtUp()
    await client.query(`INSERT INTO orders VALUES (3, 'three')`)
    await first.until('the change', (event) => event.type === 'committed' && Number(event['rows']) === 1)
    await first.stop('SIGKILL')
    await client.query(`INSERT INTO orders VALUES (4, 'four')`)
    const { code, stdout } = await cli('run', '--no-steps')
    expect([code, stdout]).toEqual([0, expect.stringContaining('succeeded')])
    expect(await ask('SELECT id FROM public.orders ORDER BY id')).toEqual(['1', '2', '3', '4'])
  })
})

describe('eclusa run, with nothing new', () => {
  test('says so, and takes well under a second for it', async () => {
    await cli('run', '--no-steps')
    // A second of a machine of one's own: other tests take their share of this one, now and then all of it.
    const [load = 0] = loadavg()
    const tookMsMax = 1000 * Math.max(1, load / availableParallelism())
    const tookMs: number[] = []
    while (tookMs.length < 20 && (tookMs.at(-1) ?? Infinity) >= tookMsMax) {
      const { code, stdout } = await cli('run', '--no-steps', '--select', 'public.orders', '--log-format', 'json')
      const last = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as { rows: number; durationMs: number }
      expect([code, last.rows]).toEqual([0, 0])
      tookMs.push(last.durationMs)
    }
    expect((await cli('run', '--no-steps', '--select', 'public.orders')).stdout).toContain('nothing new')
    expect(tookMs.at(-1)).toBeLessThan(tookMsMax)
  })
})

describe('eclusa resync', () => {
  test('has a stream copied anew by the next run, and leaves the others their place', async () => {
    await cli('run', '--no-steps')
    const marked = await cli('resync', 'public.orders')
    expect([marked.code, marked.stdout]).toEqual([0, expect.stringContaining('public.orders')])
    const { stdout } = await cli('status', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      isFollowed: false,
      streams: [{}, { phase: 'replicating' }, { stream: 'public.orders', phase: 'new' }],
    })
    const { code } = await cli('run', '--no-steps')
    expect([code, await ask('SELECT id FROM public.orders ORDER BY id')]).toEqual([0, ['1', '2']])
    const unknown = await cli('resync', 'public.nothing')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('STREAM_SELECTION_INVALID')])
  })

  test('of everything repairs a slot that was dropped', async () => {
    await cli('run', '--no-steps')
    await client.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()',
    )
    await client.query(`INSERT INTO orders VALUES (3, 'three')`)
    const broken = await cli('run', '--no-steps')
    expect(broken.code).not.toBe(0)
    expect(broken.stderr).toContain('eclusa resync')
    const repaired = await cli('resync', '--now')
    expect(repaired.code).not.toBe(1)
    expect(await ask('SELECT id FROM public.orders ORDER BY id')).toEqual(['1', '2', '3'])
  })
})

describe('eclusa backfill', () => {
  test('fills a column in all rows, by the next run or at once, and not while somebody follows', async () => {
    await cli('run', '--no-steps')
    await client.query(`ALTER TABLE orders ADD vat int DEFAULT 19; INSERT INTO orders VALUES (3, 'three', 7)`)
    const met = await cli('run', '--no-steps')
    expect(met.stdout + met.stderr).toContain('eclusa backfill public.orders vat')
    const asked = await cli('backfill', 'public.orders', 'vat')
    expect([asked.code, asked.stdout]).toEqual([0, expect.stringContaining('"vat" will be filled by the next run')])
    const follower = new Follower(['--no-steps'])
    await follower.caughtUp()
    const busy = await cli('backfill', 'public.orders', 'vat')
    expect([busy.code, busy.stderr]).toEqual([1, expect.stringContaining('DESTINATION_BUSY')])
    expect(await follower.stop()).toBe(0)
    expect(await ask('SELECT vat FROM public.orders ORDER BY id')).toEqual(['19', '19', '7'])
    const now = await cli('backfill', 'public.orders', 'note', '--now')
    expect([now.code, await ask('SELECT note FROM public.orders ORDER BY id')]).toEqual([0, ['one', 'two', 'three']])
  })
})

describe('eclusa slots', () => {
  test('lists them, and drops one that is not in use, when it is told to', async () => {
    await cli('run', '--no-steps')
    const { stdout } = await cli('slots', '--log-format', 'json')
    const slots = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; owner: string; isActive: boolean })
    const own = slots.find(({ owner }) => owner === 'own')!
    expect(own).toMatchObject({ type: 'slot', isActive: false })
    const unasked = await cli('slots', 'drop', own.name)
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')])
    const unknown = await cli('slots', 'drop', `${own.name}x`, '--yes')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining(`"${own.name}"`)])
    const dropped = await cli('slots', 'drop', own.name, '--yes')
    expect([dropped.code, dropped.stdout]).toEqual([0, `Slot ${own.name} is dropped.\n`])
    const { rows } = await client.query('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1', [own.name])
    expect(rows).toEqual([])
  })

  test('keeps one that is in use, or that another program made, unless it is forced to', async () => {
    const other = `other_${database.name}`.slice(0, 60)
    await client.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [other])
    const foreign = await cli('slots', 'drop', other, '--yes')
    expect([foreign.code, foreign.stderr]).toEqual([2, expect.stringContaining('not made by eclusa')])
    const forced = await cli('slots', 'drop', other, '--yes', '--force')
    expect(forced.code).toBe(0)
    const follower = new Follower(['--no-steps'])
    await follower.caughtUp()
    const { rows } = await client.query(
      'SELECT slot_name FROM pg_replication_slots WHERE active AND database = current_database()',
    )
    const used = await cli('slots', 'drop', String(rows[0].slot_name), '--yes')
    expect([used.code, used.stderr]).toEqual([2, expect.stringContaining('in use')])
    expect(await follower.stop()).toBe(0)
  })
})
