import type { ChangeBatch, Log } from '@eclusa/sdk'
import { batchOf, changesOf, configured, replicated, unchanged } from '@eclusa/warehouse/testing/load'
import type { Change } from '@eclusa/warehouse/testing/load'
import { snowflake } from '../src/index.ts'

// Loads rows 0, 1, 2, … with a commit every few batches, until it is killed or has loaded all. The checkpoint tells how many
// rows it covers; so table and checkpoint must always agree. As changes, the rows come with others that are gone again,
// leave out what they had before, and those of the last commit come twice.

const [configText = '{}', pipeline = '', mode = 'append', total = '0'] = process.argv.slice(2)
const rowsPerBatch = 50
const batchesPerCommit = 2
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

const modes = {
  overwrite: configured(),
  append_dedup: configured({ destinationSyncMode: 'append_dedup', syncMode: 'incremental' }),
  changes: replicated(),
}
const of = modes[mode as keyof typeof modes]

await using session = await snowflake(JSON.parse(configText) as Parameters<typeof snowflake>[0]).open({
  catalog: { streams: [of] },
  pipeline,
  runId: `run-${process.pid}`,
  bytesMax: 10_000_000,
  signal: new AbortController().signal,
  log: silent,
})
const state = session.checkpoints[0]?.state
let next = Number(state?.['next'] ?? 0)
await session.startStream(of.stream, { resumed: state !== undefined })
if (mode === 'changes') {
  if (state === undefined) await session.copiedStream(of.stream)
  next = Math.max(0, next - rowsPerBatch * batchesPerCommit)
}
process.stdout.write('ready\n')

while (next < Number(total)) {
  for (let batch = 0; batch < batchesPerCommit; batch++) {
    await session.write(mode === 'changes' ? changesFrom(next) : rowsFrom(next))
    next += rowsPerBatch
  }
  await session.commit([{ stream: of.stream, state: { next } }])
  process.stdout.write(`committed ${next}\n`)
}
await session.completeStream(of.stream)
await session.commit([{ stream: of.stream, state: { next, isComplete: true } }])
process.stdout.write('complete\n')

function rowsFrom(first: number): ChangeBatch {
  const rows = Array.from({ length: rowsPerBatch }, (_, index) => [first + index, `note of row ${first + index}`])
  // Each key comes twice where only its last row is to stay.
  if (mode === 'append_dedup') rows.unshift(...rows.map(([id]): [number, string] => [id as number, 'overwritten']))
  return batchOf(rows, of)
}

function changesFrom(first: number): ChangeBatch {
  const position = BigInt(first + 1)
  const changes = Array.from({ length: rowsPerBatch }, (_, index): Change[] => {
    const id = first + index
    const before = id - rowsPerBatch * batchesPerCommit
    return [
      { operation: 'insert', row: [id, `note of row ${id}`], position },
      { operation: 'insert', row: [-1 - id, 'gone soon'], position },
      ...(before < 0 ? [] : [{ operation: 'update', row: [before, unchanged], position } as const]),
      { operation: 'delete', row: [-1 - id], position },
    ]
  })
  return changesOf(changes.flat(), of)
}
