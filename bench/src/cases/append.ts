/*
 * (c) The destination alone: batches that are in memory already, into an empty table of a DuckDB file, and the commit.
 * Arguments: url, schema, file, table.
 */
import { rm } from 'node:fs/promises'
import { duckdb } from '@eclusa/destination-duckdb'
import { resolveCatalog } from '@eclusa/pipeline'
import { byteBudget } from '@eclusa/sdk'
import type { ChangeBatch } from '@eclusa/sdk'
import { postgres } from '@eclusa/source-postgres'
import { sourceConfig } from '../connection-config.ts'
import { measure, report } from '../measurement.ts'

const [url, schema, file, table] = process.argv.slice(2) as [string, string, string, string]
for (const name of [file, `${file}.wal`]) await rm(name, { force: true })
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const context = { signal: new AbortController().signal, log: silent }
const source = postgres(sourceConfig(url, [schema]))
const discovered = await source.discover(context)
const catalog = resolveCatalog({
  discovered,
  selections: [{ name: `${schema}.${table}` }],
  defaults: {},
  destinationSyncModes: ['overwrite'],
})
const batches: ChangeBatch[] = []
for await (const message of source.read({
  catalog,
  checkpoints: [],
  budget: byteBudget({ bytesMax: 48 * 1024 * 1024, readers: 1 }),
  ...context,
})) {
  if (message.type === 'batch') batches.push(message.batch)
}
const [stream] = catalog.streams
await using session = await duckdb({ path: file }).open({
  catalog,
  pipeline: 'bench',
  runId: 'bench',
  bytesMax: 48 * 1024 * 1024,
  ...context,
})
await session.startStream(stream!.stream, { resumed: false })
report(
  await measure(async () => {
    let rows = 0
    for (const batch of batches) {
      rows += batch.records.numRows
      await session.write(batch)
    }
    await session.completeStream(stream!.stream)
    await session.commit([{ stream: stream!.stream, state: {} }])
    return rows
  }),
)
