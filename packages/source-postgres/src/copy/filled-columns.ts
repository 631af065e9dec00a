import { changeOperation } from '@eclusa/sdk'
import type { ChangeBatch, CopiedAt } from '@eclusa/sdk'
import type { ReadRun } from '../read-run.ts'
import type { SourceStream } from '../source-stream.ts'
import type { CopyChunk } from './copy-chunk.ts'
import { readParts } from './copy-part.ts'
import type { CopyPart } from './copy-part.ts'
import { CopyProgress } from './copy-progress.ts'
import type { RowFilters } from './row-filter.ts'
import { copyWave } from './wave.ts'

/** Columns that are to be read in all rows of a stream whose changes come from the log. */
export interface ColumnsToFill {
  readonly stream: SourceStream
  /** Names of columns of the stream, none of its key. */
  readonly columns: readonly string[]
  readonly rowFilters: RowFilters
  /** Where the run's snapshot stands. */
  readonly at: CopiedAt
}

/**
 * Reads the columns in the run's snapshot, as updates at its place in the log that leave all other columns unchanged.
 * `null` stands where a commit may, after each wave of chunks.
 */
export async function* readFilledColumns(
  run: ReadRun,
  { stream, columns, rowFilters, at }: ColumnsToFill,
): AsyncGenerator<ChangeBatch | null, void, undefined> {
  if (columns.length === 0) return
  const { config, snapshot, facts } = run
  const filled = new Set([...stream.configured.primaryKey, ...columns])
  const parts = await readParts(run.coordinator, stream, { config, rowFilters })
  const progress = new CopyProgress({ stream: { ...stream, read: filled }, parts, snapshot, identity: facts.identity })
  const contested = new Set<CopyPart>()
  for (const wave of wavesOf(progress.plan(config.chunk_bytes), config.chunk_bytes * run.readersMax)) {
    const readers = await run.readers(Math.min(run.readersMax, wave.length))
    const tasks = wave.map((chunk) => ({ progress, chunk }))
    for await (const batch of copyWave(tasks, { readers, contested, stop: run.stop })) {
      yield asUpdates(batch, { filled, at })
    }
    yield null
  }
}

function wavesOf(chunks: readonly CopyChunk[], bytesMax: number): CopyChunk[][] {
  const waves: CopyChunk[][] = []
  let bytes = Infinity
  for (const chunk of chunks) {
    if (bytes >= bytesMax) waves.push([])
    bytes = (bytes >= bytesMax ? 0 : bytes) + chunk.bytesEstimated
    waves.at(-1)!.push(chunk)
  }
  return waves
}

/** @param filled columns whose values the batch has */
export function asUpdates(
  batch: ChangeBatch,
  { filled, at }: { readonly filled: ReadonlySet<string>; readonly at: CopiedAt },
): ChangeBatch {
  const rows = batch.records.numRows
  const all = new Uint8Array((rows + 7) >> 3).fill(0xff)
  if (rows % 8 !== 0) all[all.length - 1] = (1 << (rows % 8)) - 1
  return {
    ...batch,
    changes: {
      operations: new Uint8Array(rows).fill(changeOperation.update),
      positions: new BigInt64Array(rows).fill(at.position),
      // Before every change that is committed at this position.
      orders: new Int32Array(rows).fill(-1),
      committedAtUs: new BigInt64Array(rows).fill(at.atUs),
      unchanged: batch.schema.columns.map(({ name }) => (filled.has(name) ? undefined : all)),
    },
  }
}
