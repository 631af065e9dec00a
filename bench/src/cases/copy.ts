/* (a) The source's table copy into Arrow batches, which are given back at once. Arguments: url, schema, tables. */
import { byteBudget, streamKey } from '@eclusa/sdk'
import { resolveCatalog } from '@eclusa/pipeline'
import { postgres } from '@eclusa/source-postgres'
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
      message.batch.recycle?.(ownBuffers(message.batch.records.data.children))
    }
    return rows
  }),
)

interface ColumnData {
  readonly buffers: readonly (ArrayBufferView | undefined)[]
  readonly children: readonly ColumnData[]
}

/** What a destination gives back: every buffer of the batch, once. */
function ownBuffers(columns: readonly unknown[]): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>()
  const visit = ({ buffers, children }: ColumnData): void => {
    for (const view of Object.values(buffers))
      if (view !== undefined && view.byteLength > 0) found.add(view.buffer as ArrayBuffer)
    for (const child of children) visit(child)
  }
  for (const column of columns) visit(column as ColumnData)
  return [...found]
}
