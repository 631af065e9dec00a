/* (a) The source's table copy into Arrow batches, which are given back at once. Arguments: url, schema, tables. */
import { byteBudget, streamKey } from '@eclusa/sdk'
import { resolveCatalog } from '@eclusa/pipeline'
import { postgres } from '@eclusa/source-postgres'
import { giveBack } from '../batch-buffers.ts'
import { sourceConfig } from '../connection-config.ts'
import { measure, report } from '../measurement.ts'

const [url, schema, ...tables] = process.argv.slice(2) as [string, string, ...string[]]
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const context = { signal: new AbortController().signal, log: silent }
const source = postgres(sourceConfig(url, [schema]))
const discovered = await source.discover(context)
const selections = tables.map((table) => ({ name: streamKey({ namespace: schema, name: table }) }))
const catalog = resolveCatalog({ discovered, selections, defaults: {}, destinationSyncModes: ['overwrite'] })

report(
  await measure(async () => {
    let rows = 0
    const budget = byteBudget({ bytesMax: 48 * 1024 * 1024, readers: 1 })
    for await (const message of source.read({ catalog, checkpoints: [], budget, ...context })) {
      if (message.type !== 'batch') continue
      rows += message.batch.records.numRows
      giveBack(message.batch)
    }
    return rows
  }),
)
