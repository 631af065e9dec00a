/*
 * (h) How long after its transaction a row can be queried in DuckDB, while pgbench inserts at a steady rate. The row holds
 * the time at which its transaction began. Arguments: url, schema, file, transactions per second, seconds.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { duckdb } from '@eclusa/destination-duckdb'
import { definePipeline } from '@eclusa/pipeline'
import { postgres } from '@eclusa/source-postgres'
import { replicatedConfig } from '../connection-config.ts'
import { report } from '../measurement.ts'

const [url, schema, file, rate, seconds] = process.argv.slice(2) as [string, string, string, string, string]
const names = { slot: `bench_${schema}`, publication: `bench_${schema}` }
const pollIntervalMs = 5
const script = `${file}.pgbench`
await writeFile(script, `INSERT INTO ${schema}.live (sent_at) VALUES (clock_timestamp());\n`)

const latenciesMs: number[] = []
const writer = { isDone: false }

/** Asks for rows that came to be visible since the last look; each counts with the time at which it was first seen. */
async function watch(query: (sql: string) => Promise<readonly (readonly unknown[])[]>): Promise<void> {
  let last = ((await query(`SELECT coalesce(max(id), 0) FROM ${schema}.live`))[0]?.[0] ?? 0n) as bigint
  for (let idle = 0; !writer.isDone || idle < 200;) {
    const rows = await query(`SELECT id, epoch_us(sent_at) FROM ${schema}.live WHERE id > ${last} ORDER BY id`)
    const nowUs = Date.now() * 1000
    for (const [id, sentAtUs] of rows) {
      latenciesMs.push((nowUs - Number(sentAtUs)) / 1000)
      last = id as bigint
    }
    idle = rows.length === 0 ? idle + 1 : 0
    await wait(pollIntervalMs)
  }
}

async function write(): Promise<void> {
  const args = ['-n', '-f', script, '-R', rate, '-c', '4', '-T', seconds, url]
  const child = spawn('pgbench', args, { stdio: 'ignore' })
  const [code] = (await once(child, 'close')) as [number]
  writer.isDone = true
  if (code !== 0) throw new Error(`pgbench ended with ${code}`)
}

const caughtUp = Promise.withResolvers<void>()
const run = definePipeline({
  source: postgres(replicatedConfig(url, schema, names)),
  destination: duckdb({ path: file }),
  streams: [`${schema}.*`],
}).run({
  follow: true,
  async whileOpen(open) {
    const warehouse = await open.openWarehouse()
    const connection = await warehouse.connect()
    const watchAll = async () => {
      await caughtUp.promise
      const watched = watch(async (sql) => (await connection.query(sql)).rows)
      await write()
      await watched
      run.stop()
    }
    const watching = watchAll()
    return {
      async [Symbol.asyncDispose]() {
        await watching
        await warehouse[Symbol.asyncDispose]()
      },
    }
  },
})
const cpu = process.cpuUsage()
const startedAtMs = performance.now()
for await (const event of run) if (event.type === 'caught_up') caughtUp.resolve()
const { status, error } = await run.result
if (status !== 'succeeded') throw error ?? new Error(`the run ended as ${status}`)
const { user, system } = process.cpuUsage(cpu)
const sorted = latenciesMs.toSorted((left, right) => left - right)
const quantile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(0)
process.stderr.write(
  `${rate} transactions/s for ${seconds} s: ${sorted.length} rows, ms from transaction to queryable: p50 ${quantile(0.5)}, p90 ${quantile(0.9)}, p99 ${quantile(0.99)}, max ${quantile(1)}\n`,
)
report({
  rows: sorted.length,
  wallMs: performance.now() - startedAtMs,
  cpuMs: (user + system) / 1000,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
})
