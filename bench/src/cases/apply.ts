/*
 * (e) Changes alone: a backlog that is in memory already, brought into tables of a DuckDB file. How long its commits take is
 * printed to the error output. Arguments: file, rows per table, commits, changes per commit, tables, tables per commit; with
 * --soft, deletes are soft.
 */
import { rm } from 'node:fs/promises'
import { duckdb } from '@eclusa/destination-duckdb'
import { sharedState } from '@eclusa/sdk'
import { backlog, copyOf, replicatedTable } from '../change-backlog.ts'
import { spreadOf } from '../comparison.ts'
import { measure, report } from '../measurement.ts'

const isSoft = process.argv.includes('--soft')
const [file = '', ...numbers] = process.argv.slice(2).filter((argument) => argument !== '--soft')
const [rows = 100_000, commits = 15, changesPerCommit = 32_000, tableCount = 10, tablesPerCommit = 10] =
  numbers.map(Number)
for (const name of [file, `${file}.wal`]) await rm(name, { force: true })
const tables = Array.from({ length: tableCount }, (_, index) => replicatedTable(index))
await using session = await duckdb({ path: file, cdc_deletion_mode: isSoft ? 'soft_delete' : 'hard_delete' }).open({
  catalog: { streams: tables },
  pipeline: 'bench',
  runId: 'bench',
  bytesMax: 48 * 1024 * 1024,
  signal: new AbortController().signal,
  log: { debug() {}, info() {}, warn() {}, error() {} },
})
for (const table of tables) {
  await session.startStream(table.stream, { resumed: false })
  for (const batch of copyOf(table, rows)) await session.write(batch)
  await session.copiedStream(table.stream)
}
await session.commit([])
const batches = [...backlog(tables, { rows, commits, changesPerCommit, tablesPerCommit })]
const commitMs: number[] = []
report(
  await measure(async () => {
    let changes = 0
    for (const [index, ofCommit] of batches.entries()) {
      const startedAtMs = performance.now()
      for (const batch of ofCommit) {
        changes += batch.records.numRows
        await session.write(batch)
      }
      await session.commit([{ stream: sharedState, state: { position: String(index) } }])
      commitMs.push(performance.now() - startedAtMs)
    }
    return changes
  }),
)
const { min, median, max } = spreadOf(commitMs)
const p99 = commitMs.toSorted((left, right) => left - right)[Math.ceil(commitMs.length * 0.99) - 1]!
process.stderr.write(
  `ms from the first batch to durable: min ${min.toFixed(1)}, median ${median.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)}\n`,
)
