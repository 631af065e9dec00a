/*
 * node bench/src/snowflake.ts [rows [rounds]]: what loading into Snowflake costs on our side: (k) batches into Parquet files,
 * against parquet-wasm alone on the same batches, and (l) the destination from batches to the commit, into snowflake-local in
 * a process of its own, whose time is told apart. Nothing is said of Snowflake's own time.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startSnowflakeLocal } from '@eclusa/snowflake-local'
import { openSnowflake } from '@eclusa/warehouse'
import { spreadOf } from './comparison.ts'
import type { Measurement } from './measurement.ts'
import { runCase } from './run-case.ts'

const [rows = '1000000', rounds = '5'] = process.argv.slice(2)
const commitRows = '500000'
const directory = await mkdtemp(path.join(tmpdir(), 'eclusa-bench-'))
// This process is the endpoint.
await using server = await startSnowflakeLocal({ users: [{ name: 'BENCH', password: 'p' }] })
const where = { account: server.account, host: server.host, port: server.port, protocol: 'http' } as const
const settings = {
  ...where,
  username: 'BENCH',
  credentials: { auth_type: 'password', password: 'p' },
  warehouse: 'LOADING',
  database: 'BENCH',
  schema: 'MADE',
  staging_directory: directory,
}

async function prepare(): Promise<void> {
  const authentication = { method: 'password', password: 'p' } as const
  await using warehouse = await openSnowflake({ ...where, database: 'BENCH', user: 'BENCH', authentication })
  await using session = await warehouse.connect()
  await session.query('CREATE DATABASE bench')
  await session.query('CREATE WAREHOUSE loading')
}

async function dropTables(): Promise<void> {
  const authentication = { method: 'password', password: 'p' } as const
  await using warehouse = await openSnowflake({ ...where, database: 'BENCH', user: 'BENCH', authentication })
  await using session = await warehouse.connect()
  await session.query('DROP SCHEMA IF EXISTS bench.made CASCADE')
}

interface Round {
  readonly wasm: Measurement
  readonly ours: Measurement
  readonly load: Measurement
  readonly endpointCpuMs: number
}

async function oneRound(): Promise<Round> {
  const wasm = await runCase('encode-parquet', ['wasm', directory, rows], process.pid)
  const ours = await runCase('encode-parquet', ['ours', directory, rows], process.pid)
  const before = process.cpuUsage()
  const load = await runCase('load-snowflake', [JSON.stringify(settings), rows, commitRows], process.pid)
  const { user, system } = process.cpuUsage(before)
  await dropTables()
  process.stderr.write('.')
  return { wasm, ours, load, endpointCpuMs: (user + system) / 1000 }
}

function shown(values: readonly number[], digits = 2): string {
  const { min, median, max } = spreadOf(values)
  return `**${median.toFixed(digits)}** (${min.toFixed(digits)} … ${max.toFixed(digits)})`
}

try {
  await prepare()
  const found: Round[] = []
  for (let round = 0; round < Number(rounds); round += 1) found.push(await oneRound())
  process.stderr.write('\n')
  const of = (pick: (round: Round) => number, digits?: number) => shown(found.map(pick), digits)
  const lines = [
    ['(k) Parquet: parquet-wasm alone : ours, wall', of(({ wasm, ours }) => wasm.wallMs / ours.wallMs), '>= 0.90'],
    ['(k) the same, processor time', of(({ wasm, ours }) => wasm.cpuMs / ours.cpuMs), ''],
    [
      '(l) processor time of the mover : of parquet-wasm alone',
      of(({ wasm, load }) => load.cpuMs / wasm.cpuMs),
      '<= 1.30',
    ],
    ['(l) processor time of the mover, us/row', of(({ load }) => (load.cpuMs * 1000) / load.rows), ''],
    ['(l) k rows/s, the endpoint beside it on the same cores', of(({ load }) => load.rows / load.wallMs, 0), ''],
    ['(l) peak RSS of the mover, MB', of(({ load }) => load.peakRssBytes / 1e6, 0), '<= 500'],
    [
      'the endpoint, us/row (no figure of Snowflake)',
      of(({ endpointCpuMs, load }) => (endpointCpuMs * 1000) / load.rows),
      '',
    ],
  ]
  console.log(
    `${rows} rows of ten columns, commits of ${commitRows} rows, ${rounds} rounds; Node ${process.versions.node}\n`,
  )
  console.log(
    [
      '| measured | median (min … max) | goal |',
      '|---|---|---|',
      ...lines.map((line) => `| ${line.join(' | ')} |`),
    ].join('\n'),
  )
} finally {
  await rm(directory, { recursive: true, force: true })
}
