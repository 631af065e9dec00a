import { randomBytes } from 'node:crypto'
import { EclusaError } from '@eclusa/sdk'
import { duckdb } from '../src/index.ts'
import { batchOf, configured } from '@eclusa/warehouse/testing/load'
import { DuckDbFixture } from './duckdb-fixture.ts'

// Loads rows that do not compress until there are so many, or nothing more can be written; then prints what came of it.

const [path = '', total = '0'] = process.argv.slice(2)
const of = configured({
  destinationSyncMode: 'append',
  syncMode: 'incremental',
  columns: { id: 'int32', note: 'bytes' },
})

try {
  await using session = await duckdb({ path, threads: 2 }).open({
    catalog: { streams: [of] },
    pipeline: 'sales',
    runId: 'run',
    bytesMax: 10_000_000,
    signal: new AbortController().signal,
    log: DuckDbFixture.silentLog,
  })
  const state = session.checkpoints[0]?.state
  let next = Number(state?.['next'] ?? 0)
  await session.startStream(of.stream, { resumed: state !== undefined })
  while (next < Number(total)) {
    await session.write(
      batchOf(
        Array.from({ length: 1000 }, (_, index) => [next + index, randomBytes(1000)]),
        of,
      ),
    )
    next += 1000
    await session.commit([{ stream: of.stream, state: { next } }])
  }
  await session.completeStream(of.stream)
  await session.commit([{ stream: of.stream, state: { next } }])
  process.stdout.write('complete\n')
} catch (error) {
  process.stdout.write(`${EclusaError.isInstance(error) ? error.code : String(error)}\n`)
}
