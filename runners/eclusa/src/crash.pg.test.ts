/*
 * A run is killed with SIGKILL at fifty seeded random moments and run again each time, while the source changes in
 * between. The run that ends the interrupted sync leaves every table as the source's was at one moment: a refresh that
 * was complete before the last change is not read again (docs/decisions/0003). The next one leaves it as it is now.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { createSales } from '@eclusa/example-sales'
import { testServer } from '@eclusa/postgres-local/testing'
import { Client } from 'pg'
import { expect, it } from 'vitest'
import { duckdbMultisets, postgresMultisets, tablesOf } from './testing/row-multiset.ts'
import { cliEnvironment } from './testing/run-cli.ts'
import { createTestProject } from './testing/test-project.ts'

const kills = 50
const seed = Number(process.env['ECLUSA_TEST_SEED'] ?? 20_261_122)

/** A small generator with a printed seed: the same kills in every run (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Copies of the first hundred orders under new keys, changed now. */
const newOrders = `
insert into sales.orders
select (jsonb_populate_record(null::sales.orders, to_jsonb(o) || jsonb_build_object(
  'order_id', m.last + row_number() over (), 'order_number', 'N' || (m.last + row_number() over ()), 'updated_at', clock_timestamp()))).*
from (select * from sales.orders order by order_id limit 100) as o, (select max(order_id) as last from sales.orders) as m`

const main = join(import.meta.dirname, 'main.ts')

/** Starts a run and kills it `afterMs` after its first event. @returns whether it was still alive then. */
async function runAndKill(directory: string, password: string, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [main, 'run', '--no-steps', '--log-format', 'json'], {
    cwd: directory,
    env: cliEnvironment({ PGPASSWORD: password }),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(child, 'exit')
  const lines = createInterface(child.stdout)
  await Promise.race([once(lines, 'line'), exited])
  const controller = new AbortController()
  const ended = await Promise.race([exited.then(() => true), delay(afterMs, false, { signal: controller.signal })])
  controller.abort()
  child.kill('SIGKILL')
  await exited
  return !ended
}

it(
  `leaves every table equal to the source after ${kills} kills at random moments (seed ${seed})`,
  { timeout: 600_000 },
  async () => {
    const random = randomFrom(seed)
    const server = await testServer()
    await using database = await server.createDatabase()
    const client = new Client(database.connectionString)
    // A failing test drops the database under the open session; the failure is what to tell.
    client.on('error', () => undefined)
    await client.connect()
    await createSales(client, { scale: 0.01 })
    await using project = await createTestProject({
      server,
      database: database.name,
      // Small chunks and commits, so that there are many moments to be killed at.
      source: { schemas: ['sales'], chunk_bytes: 262_144 },
      streams: [
        'sales.*',
        { name: 'sales.orders', sync_mode: 'incremental', cursor: 'updated_at', destination_sync_mode: 'append' },
      ],
      limits: { commit_bytes: '64KiB' },
    })

    const tables = await tablesOf(client, 'sales')
    const customers = Object.fromEntries(Object.entries(tables).filter(([name]) => name === 'sales.customers'))
    const versions = [await postgresMultisets(client, customers)]
    let alive = 0
    for (let kill = 1; kill <= kills; kill += 1) {
      if (await runAndKill(project.directory, server.password, random() * 700)) alive += 1
      // Customers, products and prices change between runs; orders only grow, as an append-only stream has to.
      if (kill % 10 === 0) {
        await client.query('update sales.customers set loyalty_level = loyalty_level + 1 where customer_id % 7 = $1', [
          kill / 10,
        ])
        versions.push(await postgresMultisets(client, customers))
      }
      if (kill % 10 === 5) await client.query(newOrders)
    }
    expect(alive).toBeGreaterThan(kills / 2)

    const wanted = await postgresMultisets(client, tables)
    await client.end()
    expect(Object.keys(wanted).length).toBeGreaterThan(10)
    const warehouse = join(project.directory, 'warehouse.duckdb')
    const run = async () => {
      const { code, stderr } = await project.cli(['run', '--no-steps'])
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      return await duckdbMultisets(warehouse, tables)
    }

    const { 'sales.customers': found, ...others } = await run()
    expect(versions).toContainEqual({ 'sales.customers': found })
    expect({ ...others, 'sales.customers': wanted['sales.customers'] }).toEqual(wanted)
    expect(await run()).toEqual(wanted)
  },
)
