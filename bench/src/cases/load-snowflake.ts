/*
 * (l) The destination alone: batches that are in memory, through files and a stage, into a table of an endpoint that runs in
 * another process. Arguments: settings of the destination as JSON, rows, rows of a commit.
 */
import { snowflake } from '@eclusa/destination-snowflake'
import { resolveCatalog } from '@eclusa/pipeline'
import { madeBatches, madeStream, repeated } from '../made-batches.ts'
import { measure, report } from '../measurement.ts'

const [settings, rows, commitRows] = process.argv.slice(2) as [string, string, string]
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const batches = madeBatches()
const catalog = resolveCatalog({
  discovered: { streams: [madeStream] },
  selections: [{ name: 'made' }],
  defaults: {},
  destinationSyncModes: ['overwrite'],
})
const { stream } = catalog.streams[0]!
await using session = await snowflake(JSON.parse(settings) as Parameters<typeof snowflake>[0]).open({
  catalog,
  pipeline: `bench ${process.pid}`,
  runId: 'bench',
  bytesMax: 24 * 1024 * 1024,
  signal: new AbortController().signal,
  log: silent,
})
await session.startStream(stream, { resumed: false })
// The encoder is compiled when it is used first.
await session.write(batches[0]!)
await session.commit([{ stream, state: {} }])

report(
  await measure(async () => {
    let written = 0
    let waiting = 0
    for (const batch of repeated(batches, Number(rows))) {
      await session.write(batch)
      written += batch.records.numRows
      waiting += batch.records.numRows
      if (waiting < Number(commitRows)) continue
      await session.commit([{ stream, state: { written } }])
      waiting = 0
    }
    await session.completeStream(stream)
    await session.commit([{ stream, state: { written } }])
    return written
  }),
)
