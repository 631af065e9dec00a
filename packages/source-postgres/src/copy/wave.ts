import { hasErrorCode } from '@eclusa/sdk'
import type { ChangeBatch } from '@eclusa/sdk'
import type { CopyChunk } from './copy-chunk.ts'
import type { CopyPart } from './copy-part.ts'
import type { CopyProgress } from './copy-progress.ts'
import { mergeProducers } from './merge-batches.ts'
import type { PartReader } from './part-reader.ts'
import { placeInLog } from './replicated-copy.ts'

/** A chunk to copy, and the copy it belongs to. */
export interface CopyTask {
  readonly progress: CopyProgress
  readonly chunk: CopyChunk
}

export interface WaveOptions {
  readonly readers: readonly PartReader[]
  /** Parts that only the first reader could lock; kept from wave to wave. */
  readonly contested: Set<CopyPart>
  /** Makes the readers' waits fail, when the wave is to end early. */
  readonly stop: () => void
}

/**
 * Copies the chunks of one wave, as many at once as there are readers, and yields their batches as they come. When it
 * ends, every chunk is complete and counted: only then does a checkpoint cover all that was yielded. Parts of which
 * more chunks follow stay locked.
 */
export async function* copyWave(
  tasks: readonly CopyTask[],
  { readers, contested, stop }: WaveOptions,
): AsyncGenerator<ChangeBatch, void, undefined> {
  const queue = [...tasks]
  const leftOver: CopyTask[] = []
  const opener = new PartOpener(readers, contested)
  const workers = readers.slice(0, tasks.length).map((reader) => work(reader, { queue, leftOver, opener }))
  yield* mergeProducers(workers, stop)
  for (const task of leftOver) {
    const holder = readers.find((reader) => reader.hasOpen(task.chunk.part)) ?? readers[0]!
    await holder.open(task.progress.stream, task.chunk.part)
    yield* copyChunk(holder, task)
  }
  const ended = new Set(tasks.filter(({ chunk }) => chunk.pageEnd === null).map(({ chunk }) => chunk.part))
  for (const reader of readers) await reader.releaseOneOf(ended)
}

interface Work {
  readonly queue: CopyTask[]
  /** Tasks whose part could be locked by no more than the reader that already had it. */
  readonly leftOver: CopyTask[]
  readonly opener: PartOpener
}

async function* work(
  reader: PartReader,
  { queue, leftOver, opener }: Work,
): AsyncGenerator<ChangeBatch, void, undefined> {
  for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
    if (await opener.open(reader, task)) yield* copyChunk(reader, task)
    else leftOver.push(task)
  }
}

async function* copyChunk(
  reader: PartReader,
  { progress, chunk }: CopyTask,
): AsyncGenerator<ChangeBatch, void, undefined> {
  let rows = 0
  for await (const batch of reader.readChunk(progress.stream, chunk)) {
    rows += batch.records.numRows
    yield progress.replication === undefined ? batch : placeInLog(batch, progress.replication)
  }
  const recentXids = await reader.readRecentXids(progress.stream, chunk)
  progress.markDone(chunk, { rows, recentXids })
}

/** How long a reader waits for a lock that another reader of the run already has. */
const companionLockTimeoutMs = 500

/**
 * Opens parts for several readers. Where an ALTER TABLE waits for the first reader's lock, the second would wait behind
 * it, the wave for the second, and the first for the wave: so whoever is not the first waits only for a moment.
 */
class PartOpener {
  readonly #readers: readonly PartReader[]
  readonly #contested: Set<CopyPart>
  readonly #opening = new Map<number, Promise<void>>()

  constructor(readers: readonly PartReader[], contested: Set<CopyPart>) {
    this.#readers = readers
    this.#contested = contested
  }

  /** False when another reader has the part open and this one cannot have it too. */
  async open(reader: PartReader, { progress: { stream }, chunk: { part } }: CopyTask): Promise<boolean> {
    const isFirst = !this.#opening.has(part.oid) && !this.#readers.some((other) => other.hasOpen(part))
    if (isFirst || reader.hasOpen(part) || part.oid === 0) {
      const opened = reader.open(stream, part)
      if (isFirst) this.#opening.set(part.oid, opened)
      await opened
      return true
    }
    // Should the first one fail, the wave fails with it.
    await this.#opening.get(part.oid)
    if (this.#contested.has(part)) return false
    try {
      await reader.open(stream, part, { lockTimeoutMs: companionLockTimeoutMs })
      return true
    } catch (error) {
      if (!hasErrorCode(error, 'POSTGRES_LOCK_TIMEOUT')) throw error
      this.#contested.add(part)
      return false
    }
  }
}
