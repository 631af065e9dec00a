import type { ChangeBatch } from '@eclusa/sdk'
import { mergeProducers } from './merge-batches.ts'
import type { CopyChunk } from './copy-chunk.ts'
import type { CopyProgress } from './copy-progress.ts'
import type { PartReader } from './part-reader.ts'

/** A chunk to copy, and the copy it belongs to. */
export interface CopyTask {
  readonly progress: CopyProgress
  readonly chunk: CopyChunk
}

export interface WaveOptions {
  readonly readers: readonly PartReader[]
  /** Makes the readers' waits fail, when the wave is to end early. */
  readonly stop: () => void
}

/**
 * Copies the chunks of one wave, as many at once as there are readers, and yields their batches as they come. When it
 * ends, every chunk is complete and counted: only then does a checkpoint cover all that was yielded.
 */
export async function* copyWave(
  tasks: readonly CopyTask[],
  { readers, stop }: WaveOptions,
): AsyncGenerator<ChangeBatch, void, undefined> {
  const queue = [...tasks]
  const workers = readers.slice(0, tasks.length).map((reader) => copyTasks(reader, queue))
  yield* mergeProducers(workers, stop)
}

async function* copyTasks(reader: PartReader, queue: CopyTask[]): AsyncGenerator<ChangeBatch, void, undefined> {
  for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
    const { progress, chunk } = task
    await reader.open(progress.stream, chunk.part)
    let rows = 0
    for await (const batch of reader.readChunk(progress.stream, chunk)) {
      rows += batch.records.numRows
      yield batch
    }
    const recentXids = await reader.readRecentXids(progress.stream, chunk)
    progress.markDone(chunk, { rows, recentXids })
    if (chunk.pageEnd === null) await reader.release()
  }
}
