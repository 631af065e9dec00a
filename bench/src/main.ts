/*
 * pnpm bench: what the parts reach, as ratios to what this machine can do at most, in one run.
 * See docs/reference/benchmarks.md for how to read it and for the figures that were measured.
 */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import path from 'node:path'
import { Command } from 'commander'
import { openBenchDatabase } from './bench-database.ts'
import type { BenchDatabase, BenchTables } from './bench-database.ts'
import { makeBacklog } from './slot-backlog.ts'
import { compare } from './comparison.ts'
import type { Comparison, Pair } from './comparison.ts'
import { reportTable } from './report-table.ts'
import { runCase } from './run-case.ts'
import { measureParsing } from './transform-parse.ts'

interface BenchOptions {
  readonly rows: number
  readonly rounds: number
  readonly salesScale: number
  readonly changes: number
  readonly only?: readonly string[]
  readonly binaries?: string
  readonly json?: string
  readonly dbt?: string
  readonly transformCommand: string
}

const sourceCommand = path.resolve(import.meta.dirname, '../../runners/transform/src/main.ts')
const whole = (text: string) => Number.parseInt(text, 10)
const command = new Command('bench')
  .description('Measures ratios to what this machine can do at most, A B A B, in processes of their own.')
  .option('--rows <n>', 'rows of the wide table', whole, 1_000_000)
  .option('--rounds <n>', 'pairs per measurement; the median counts', whole, 5)
  .option('--sales-scale <n>', 'scale of the sales tables (1 = 1 M orders, 4 M items)', Number.parseFloat, 0.1)
  .option('--changes <n>', 'changes that wait in a replication slot', whole, 2_000_000)
  .option('--only <names...>', 'copy, pipeline, append, sales, changes; parse, which needs no PostgreSQL')
  .option('--dbt <file>', 'the dbt executable to compare parsing with', process.env['ECLUSA_BENCH_DBT'])
  .option('--transform-command <file>', 'our command: an installed or a packed one starts faster', sourceCommand)
  .option('--binaries <dir>', 'folder with the postgres and initdb to use instead of those from npm')
  .option('--json <file>', 'also write the figures there')
  .parse()
const options = command.opts<BenchOptions>()

const directory = await mkdtemp(path.join(tmpdir(), 'eclusa-bench-'))
const limit = spawnSync('psql', ['--version']).status === 0 ? 'limit-psql' : 'limit-frames'
const wanted = (name: string) => options.only === undefined || options.only.includes(name)

async function pairs(
  first: () => ReturnType<typeof runCase>,
  second: () => ReturnType<typeof runCase>,
): Promise<Pair[]> {
  const found: Pair[] = []
  for (let round = 0; round < options.rounds; round += 1) {
    found.push({ limit: await first(), measured: await second() })
    process.stderr.write('.')
  }
  process.stderr.write('\n')
  return found
}

const runAt =
  (postmasterPid: number) =>
  async (name: string, ...args: readonly string[]) =>
    await runCase(name, args, postmasterPid)

async function againstCopy(
  name: string,
  goal: string,
  { url, postmasterPid }: BenchDatabase,
  tables: BenchTables,
  kind: 'copy' | 'pipeline' | 'query-stream',
): Promise<Comparison> {
  process.stderr.write(`${name} `)
  const run = runAt(postmasterPid)
  const qualified = tables.tables.map((table) => `${tables.schema}.${table}`)
  const file = path.join(directory, `${kind}.duckdb`)
  const args = {
    copy: [url, tables.schema, ...tables.tables],
    pipeline: [url, tables.schema, file, ...tables.tables],
    'query-stream': [url, ...qualified],
  }[kind]
  return compare({
    name,
    goal,
    bytes: tables.bytes,
    pairs: await pairs(
      () => run(limit, url, ...qualified),
      () => run(kind, ...args),
    ),
  })
}

async function append({ url, postmasterPid, wide }: BenchDatabase): Promise<Comparison> {
  process.stderr.write('(c) append ')
  const run = runAt(postmasterPid)
  const file = path.join(directory, 'append.duckdb')
  await run('append', url, wide.schema, file, 'wide')
  const measured = await pairs(
    () => run('insert-select', file, `${wide.schema}.wide`, path.join(directory, 'copied.duckdb')),
    () => run('append', url, wide.schema, path.join(directory, 'appended.duckdb'), 'wide'),
  )
  return compare({
    name: '(c) DuckDB append : its own INSERT..SELECT',
    goal: '>= 0.90',
    bytes: wide.bytes,
    pairs: measured,
  })
}

async function overQueryStream({ url, postmasterPid, wide }: BenchDatabase): Promise<Comparison> {
  process.stderr.write('(d) query stream ')
  const run = runAt(postmasterPid)
  const measured = await pairs(
    () => run('query-stream', url, `${wide.schema}.wide`),
    () => run('copy', url, wide.schema, 'wide'),
  )
  return compare({ name: '(d) table copy : pg-query-stream objects', goal: '>= 4', bytes: wide.bytes, pairs: measured })
}

async function changes({ url, postmasterPid }: BenchDatabase): Promise<Comparison> {
  process.stderr.write('(f) changes ')
  const run = runAt(postmasterPid)
  const backlog = await makeBacklog(url, path.join(directory, 'checkpoints.json'), options.changes)
  const { slot, publication, end, file } = backlog
  const measured = await pairs(
    () => run('limit-recvlogical', url, slot, publication, end, String(backlog.changes)),
    () => run('changes', url, file),
  )
  return compare({
    name: '(f) backlog of changes -> batches : pg_recvlogical > /dev/null',
    goal: '>= 0.92',
    bytes: backlog.bytes,
    pairs: measured,
  })
}

const machine = `${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}; Node ${process.versions.node}`

async function measureParts(): Promise<void> {
  await using database = await openBenchDatabase(options)
  const comparisons: Comparison[] = []
  if (wanted('copy'))
    comparisons.push(
      await againstCopy('(a) table copy -> batches : COPY > /dev/null', '>= 0.85', database, database.wide, 'copy'),
    )
  if (wanted('pipeline'))
    comparisons.push(
      await againstCopy(
        '(b) PostgreSQL -> DuckDB file : COPY > /dev/null',
        '>= 0.50',
        database,
        database.wide,
        'pipeline',
      ),
    )
  if (wanted('append')) comparisons.push(await append(database))
  if (wanted('copy')) comparisons.push(await overQueryStream(database))
  if (wanted('sales')) {
    comparisons.push(await againstCopy('(a) sales: orders, order_items', '', database, database.sales, 'copy'))
    comparisons.push(await againstCopy('(b) sales: orders, order_items', '', database, database.sales, 'pipeline'))
  }
  if (wanted('changes')) {
    if (spawnSync('pg_recvlogical', ['--version']).status === 0) comparisons.push(await changes(database))
    else process.stderr.write('(f) changes: left out, there is no pg_recvlogical in the path\n')
  }
  const server = `PostgreSQL ${database.version}; limit: ${limit === 'limit-psql' ? 'psql COPY BINARY > /dev/null' : 'our frame walker'}`
  const shape = `wide: ${database.wide.rows} rows, ${(database.wide.bytes / 1e6).toFixed(0)} MB; sales: ${database.sales.rows} rows, ${(database.sales.bytes / 1e6).toFixed(0)} MB; rounds: ${options.rounds}`
  console.log(`${machine}; ${server}\n${shape}\n\n${reportTable(comparisons)}`)
  if (options.json !== undefined) {
    const figures = { machine: `${machine}; ${server}`, shape, options, comparisons }
    await writeFile(options.json, `${JSON.stringify(figures, undefined, 2)}\n`)
  }
}

async function measureParse(): Promise<void> {
  const { rounds, dbt, transformCommand } = options
  if (dbt === undefined) process.stderr.write('parse: there is no dbt to compare with (--dbt, ECLUSA_BENCH_DBT)\n')
  const file = path.resolve(transformCommand)
  const table = await measureParsing({ directory, rounds, command: file, ...(dbt === undefined ? {} : { dbt }) })
  console.log(`${machine}; ${file === sourceCommand ? 'from source' : 'an installed command'}\n\n${table}`)
}

const databaseCases = ['copy', 'pipeline', 'append', 'sales', 'changes']
try {
  if (databaseCases.some(wanted)) await measureParts()
  if (wanted('parse')) await measureParse()
} finally {
  await rm(directory, { recursive: true, force: true })
}
