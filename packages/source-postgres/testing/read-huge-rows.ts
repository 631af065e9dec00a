import { configure, SourceRun } from './source-run.ts'

/*
 * A process of its own that reads a stream as a destination would, whose batches are gone when the next one is asked
 * for. Prints by how many bytes its memory grew at most while reading. What nobody holds any more is collected between
 * batches (`--expose-gc`): when the collector would come by itself says nothing of what is held.
 */

const [connectionString = '', key = '', syncMode = ''] = process.argv.slice(2)
const bytesMax = 8 * 1024 * 1024

const run = new SourceRun({
  connection_string: connectionString,
  cursor_guard: 'none',
  readers: 1,
  queries: { huge_query: { sql: 'SELECT * FROM huge' } },
})
const { streams } = await run.catalog({ [key]: {} })
const stream = streams.at(0)!
const isIncremental = syncMode === 'incremental'
const checkpoint = {
  stream: stream.stream,
  state: { version: 1, phase: 'incremental', guard: 'cursor', column: 'id', value: '0' },
}
const catalog = { streams: [isIncremental ? configure(stream, { syncMode, cursorColumn: 'id' }) : stream] }

const before = process.resourceUsage().maxRSS
let rows = 0
for await (const message of run.read(catalog, isIncremental ? [checkpoint] : [], { bytesMax })) {
  if (message.type !== 'batch') continue
  rows += message.batch.records.numRows
  const columns = message.batch.records.data.children
  const buffers = columns
    .flatMap(({ values, valueOffsets }) => [values, valueOffsets])
    .filter((part) => part?.byteLength)
  message.batch.recycle?.([...new Set(buffers.map(({ buffer }) => buffer))])
  globalThis.gc?.()
}
process.stdout.write(JSON.stringify({ rows, bytesGrown: (process.resourceUsage().maxRSS - before) * 1024 }))
