/*
 * node bench/src/transform-overhead.ts: what running models costs beside their SQL, and whether threads run side by side.
 *
 * DuckDB: a project of trivial models is run, with one thread and with several; then every statement that the first has sent
 * is sent again, by itself, to an empty database; then only `create table as`, or `create view as`, of each model: A B C D
 * A B C D, medians. PostgreSQL (`--postgres`): models that sleep, with one thread and with several.
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
  .option('--threads <n>', 'how many several threads are', whole, 4)
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

interface Cost {
  readonly elapsedMs: number
  /** Of the whole process, DuckDB's threads included. */
  readonly cpuMs: number
  /** Of the thread that runs JavaScript. */
  readonly mainThreadCpuMs: number
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [startedAtMs, cpu, mainThreadCpu] = [performance.now(), process.cpuUsage(), process.threadCpuUsage()]
  await work()
  const elapsedMs = performance.now() - startedAtMs
  const total = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1000
  return {
    elapsedMs,
    cpuMs: total(process.cpuUsage(cpu)),
    mainThreadCpuMs: total(process.threadCpuUsage(mainThreadCpu)),
  }
}

async function run(folder: string, warehouse: Warehouse, threads: number): Promise<Cost> {
  const { type, database } = warehouse
  const target = { name: 'dev', type, database, schema: 'analytics', threads }
  const project = await loadProject({ directory: folder, dialect: dialectOf(warehouse), target, log })
  return await costOf(async () => {
    const { results } = await runProject(project, { warehouse, signal })
    const failed = results.find(({ status }) => status !== 'success')
    if (failed !== undefined) throw new Error(`${failed.uniqueId}: ${failed.message}`)
  })
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

async function replay(statements: readonly Statement[], warehouse: Warehouse): Promise<Cost> {
  await using connection = await warehouse.connect()
  return await costOf(async () => {
    for (const { sql, queryOptions } of statements) await connection.query(sql, queryOptions)
  })
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** The median of each figure by itself. */
function medianOf(costs: readonly Cost[]): Cost {
  return {
    elapsedMs: median(costs.map(({ elapsedMs }) => elapsedMs)),
    cpuMs: median(costs.map(({ cpuMs }) => cpuMs)),
    mainThreadCpuMs: median(costs.map(({ mainThreadCpuMs }) => mainThreadCpuMs)),
  }
}

async function measureDuckDb(): Promise<void> {
  const { models, rounds, materialized } = options
  const indices = Array.from({ length: models }, (_, index) => index)
  const folder = await writeProject(
    'trivial',
    indices.map((index) => `{{ config(materialized='${materialized}') }} select ${index} as id`),
  )
  const creating = [
    'create schema analytics',
    ...indices.map((index) => `create ${materialized} analytics.model_${index} as (select ${index} as id)`),
  ].map((sql) => ({ sql, queryOptions: { signal } }))
  const [ours, several, raw, only]: [Cost[], Cost[], Cost[], Cost[]] = [[], [], [], []]
  let statementCount = 0
  // The first round, in which code is parsed and compiled, is told by itself: it is what one run from a shell pays.
  for (let round = 0; round <= rounds; round += 1) {
    const statements: Statement[] = []
    await using built = await openDuckDb({ path: path.join(directory, `ours_${round}.duckdb`) })
    ours.push(await run(folder, recording(built, statements), 1))
    statementCount = statements.length
    await using builtBySeveral = await openDuckDb({ path: path.join(directory, `several_${round}.duckdb`) })
    several.push(await run(folder, builtBySeveral, options.threads))
    raw.push(await replayInto(`raw_${round}`, `ours_${round}.duckdb`, statements))
    only.push(await replayInto(`only_${round}`, `ours_${round}.duckdb`, creating))
  }
  tell(`the first ${models} models of the process, as ${materialized}`, ours[0]!)
  const [oursCost, rawCost] = [medianOf(ours.slice(1)), medianOf(raw.slice(1))]
  tell(`${models} models as ${materialized}`, oursCost)
  tell(`the same with ${options.threads} threads`, medianOf(several.slice(1)))
  tell(`the same ${statementCount} statements alone`, rawCost)
  tell(`only create ${materialized} as`, medianOf(only.slice(1)))
  const ratios = ours.map(({ elapsedMs }, round) => elapsedMs / raw[round]!.elapsedMs).slice(1)
  console.log(`ours : the same statements, median of the pairs: ${median(ratios).toFixed(2)}`)
}

/** Sends statements to a new file. Its database has the name that is in the statements of the run. */
async function replayInto(folder: string, file: string, statements: readonly Statement[]): Promise<Cost> {
  const place = path.join(directory, folder)
  await mkdir(place)
  await using warehouse = await openDuckDb({ path: path.join(place, file) })
  return await replay(statements, warehouse)
}

function tell(what: string, { elapsedMs, cpuMs, mainThreadCpuMs }: Cost): void {
  const perModel = [elapsedMs, cpuMs, mainThreadCpuMs].map((ms) => (ms / options.models).toFixed(2))
  const [wall, cpu, mainThread] = perModel
  console.log(
    `${what}: ${elapsedMs.toFixed(0)} ms; a model ${wall} ms, CPU ${cpu} ms, of it JavaScript's thread ${mainThread} ms`,
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
  const { elapsedMs: oneMs } = await run(folder, warehouse, 1)
  const { elapsedMs: manyMs } = await run(folder, warehouse, options.threads)
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
