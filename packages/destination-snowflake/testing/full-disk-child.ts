import { randomBytes } from 'node:crypto'
import { EclusaError } from '@eclusa/sdk'
import { batchOf, configured } from '@eclusa/warehouse/testing/load'
import { snowflake } from '../src/index.ts'

// Loads rows that do not compress until there are so many, or nothing more can be written; then prints what came of it.

const [settings = '{}', total = '0'] = process.argv.slice(2)
const of = configured({
  destinationSyncMode: 'append',
  syncMode: 'incremental',
  columns: { id: 'int32', note: 'bytes' },
})
const nothing = () => {}
const rowsOf = (first: number) =>
  Array.from({ length: 500 }, (_, index): unknown[] => [first + index, randomBytes(1000)])

try {
  await using session = await snowflake(JSON.parse(settings) as Parameters<typeof snowflake>[0]).open({
    catalog: { streams: [of] },
    pipeline: 'full disk',
    runId: 'run',
    bytesMax: 10_000_000,
    signal: new AbortController().signal,
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  })
  const state = session.checkpoints[0]?.state
  let next = Number(state?.['next'] ?? 0)
  await session.startStream(of.stream, { resumed: state !== undefined })
  for (let batches = 1; next < Number(total); batches += 1) {
    // Each commit has a batch more than the one before, and so a larger file.
    for (let batch = 0; batch < batches && next < Number(total); batch += 1, next += 500) {
      await session.write(batchOf(rowsOf(next), of))
    }
    await session.commit([{ stream: of.stream, state: { next } }])
  }
  await session.completeStream(of.stream)
  await session.commit([{ stream: of.stream, state: { next } }])
  process.stdout.write('complete\n')
} catch (error) {
  process.stdout.write(`${EclusaError.isInstance(error) ? error.code : String(error)}\n`)
}
