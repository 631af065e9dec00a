/*
 * node bench/src/transform-overhead.ts: what running models costs beside their SQL, and whether threads run side by side.
 *
 * DuckDB: a project of trivial models is run, and then every statement that it sent is sent again, by itself, to an empty
 * database: A B A B, medians. PostgreSQL (`--postgres`): models that sleep, with one thread and with several.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLog } from '@eclusa/sdk'
import type { QueryOptions, Warehouse, WarehouseConnection } from '@eclusa/sdk'
import { loadProject, runProject } from '@eclusa/transform'
import { dialectOf, openDuckDb, openPostgres } from '@eclusa/warehouse'
import { Command } from 'commander'

interface OverheadOptions {
  readonly models: number
  readonly rounds: number
  readonly materialized: string
  readonly postgres?: string
  readonly sleepMs: number
  readonly threads: number
}

const whole = (text: string) => Number.parseInt(text, 10)
const options = new Command('transform-overhead')
  .option('--models <n>', 'trivial models', whole, 100)
  .option('--rounds <n>', 'pairs; the median counts', whole, 7)
  .option('--materialized <kind>', 'table or view', 'table')
  .option('--postgres <url>', 'a server, to run sleeping models on')
  .option('--sleep-ms <n>', 'how long each of 8 sleeping models takes', whole, 250)
  .option('--threads <n>', 'threads of the sleeping models', whole, 4)
  .parse()
  .opts<OverheadOptions>()

const directory = await mkdtemp(path.join(tmpdir(), 'eclusa-overhead-'))
const { signal } = new AbortController()
const log = createLog({ level: 'error', write: () => {} })

async function writeProject(name: string, models: readonly string[]): Promise<string> {
  const folder = path.join(directory, name)
  await mkdir(path.join(folder, 'models'), { recursive: true })
  await writeFile(path.join(folder, 'dbt_project.yml'), `name: ${name}\n`)
  for (const [index, sql] of models.entries()) await writeFile(path.join(folder, `models/model_${index}.sql`), sql)
  return folder
}

async function run(folder: string, warehouse: Warehouse, threads: number): Promise<number> {
  const { type, database } = warehouse
  const target = { name: 'dev', type, database, schema: 'analytics', threads }
  const project = await loadProject({ directory: folder, dialect: dialectOf(warehouse), target, log })
  const startedAtMs = performance.now()
  const { results } = await runProject(project, { warehouse, signal })
  const elapsedMs = performance.now() - startedAtMs
  const failed = results.find(({ status }) => status !== 'success')
  if (failed !== undefined) throw new Error(`${failed.uniqueId}: ${failed.message}`)
  return elapsedMs
}

interface Statement {
  readonly sql: string
  readonly queryOptions: QueryOptions
}

/** The same warehouse, noting every statement. */
function recording(warehouse: Warehouse, statements: Statement[]): Warehouse {
  const connect = async (): Promise<WarehouseConnection> => {
    const connection = await warehouse.connect()
    return {
      query: async (sql, queryOptions) => {
        statements.push({ sql, queryOptions: { ...queryOptions } })
        return await connection.query(sql, queryOptions)
      },
      [Symbol.asyncDispose]: async () => await connection[Symbol.asyncDispose](),
    }
  }
  const { type, database } = warehouse
  return { type, database, connect, [Symbol.asyncDispose]: async () => await warehouse[Symbol.asyncDispose]() }
}

async function replay(statements: readonly Statement[], warehouse: Warehouse): Promise<number> {
  await using connection = await warehouse.connect()
  const startedAtMs = performance.now()
  for (const { sql, queryOptions } of statements) await connection.query(sql, queryOptions)
  return performance.now() - startedAtMs
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

async function measureDuckDb(): Promise<void> {
  const { models, rounds, materialized } = options
  const sql = (_: unknown, index: number) => `{{ config(materialized='${materialized}') }} select ${index} as id`
  const folder = await writeProject('trivial', Array.from({ length: models }, sql))
  const [ours, raw]: [number[], number[]] = [[], []]
  // The first round warms both up and does not count.
  for (let round = 0; round <= rounds; round += 1) {
    const statements: Statement[] = []
    await using built = await openDuckDb({ path: path.join(directory, `ours_${round}.duckdb`) })
    const elapsedMs = await run(folder, recording(built, statements), 1)
    // Both databases have one name, which is in the statements.
    const place = path.join(directory, `raw_${round}`)
    await mkdir(place)
    await using replayed = await openDuckDb({ path: path.join(place, `ours_${round}.duckdb`) })
    const rawMs = await replay(statements, replayed)
    if (round > 0) ours.push(elapsedMs)
    if (round > 0) raw.push(rawMs)
  }
  const [oursMs, rawMs] = [median(ours), median(raw)]
  const perModel = (ms: number) => `${(ms / models).toFixed(2)} ms a model`
  console.log(`${models} models as ${materialized}, DuckDB: ${oursMs.toFixed(0)} ms (${perModel(oursMs)})`)
  console.log(
    `the same statements alone: ${rawMs.toFixed(0)} ms (${perModel(rawMs)}), ratio ${(oursMs / rawMs).toFixed(2)}`,
  )
}

async function measurePostgres(url: string): Promise<void> {
  const { hostname: host, port, username: user, password, pathname } = new URL(url)
  const database = pathname.slice(1) || 'postgres'
  await using warehouse = await openPostgres({ host, port: Number(port), user, password, database })
  const sleeps = Array.from({ length: 8 }, () => `select pg_sleep(${options.sleepMs / 1000})::text as slept`)
  const folder = await writeProject(
    'sleeping',
    sleeps.map((sql) => `{{ config(materialized='table') }} ${sql}`),
  )
  const oneMs = await run(folder, warehouse, 1)
  const manyMs = await run(folder, warehouse, options.threads)
  console.log(
    `8 models that sleep ${options.sleepMs} ms, PostgreSQL: ${oneMs.toFixed(0)} ms with one thread, ${manyMs.toFixed(0)} ms with ${options.threads}`,
  )
}

try {
  await measureDuckDb()
  if (options.postgres !== undefined) await measurePostgres(options.postgres)
} finally {
  await rm(directory, { recursive: true })
}
