import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EclusaError, hasErrorCode, streamKey } from '@eclusa/sdk'
import type {
  ChangeBatch,
  Checkpoint,
  Column,
  Commit,
  ConfiguredStream,
  DestinationSession,
  StreamName,
  WriteRequest,
} from '@eclusa/sdk'
import { claimDuckDbFile } from '@eclusa/warehouse'
import type { DuckDbConfig } from './config.ts'
import type { DatabaseThread } from './thread/call-handler.ts'
import { BatchWindow } from './thread/batch-window.ts'
import type { OpenAnswer, WorkerOptions } from './thread/message.ts'
import { packBatch } from './thread/pack-batch.ts'
import type { PackedBatch } from './thread/pack-batch.ts'
import { WorkerThread } from './thread/worker-thread.ts'

/**
 * Opens the database in a thread of its own and finds out what it has of each stream.
 *
 * @throws DESTINATION_BUSY naming who holds the file; DUCKDB_… for a file that cannot be used; DESTINATION_TABLE_TAKEN,
 *   SCHEMA_CHANGED, COLUMN_NAME_COLLISION, DESTINATION_TABLE_CHANGED for one stream, named in `details.stream`
 */
export async function openSession(
  request: WriteRequest<DuckDbConfig>,
  startThread: () => DatabaseThread = () => new WorkerThread(),
): Promise<DestinationSession> {
  const { config, signal, log } = request
  throwIfCancelled(signal)
  await mkdir(dirname(config.path), { recursive: true }).catch((cause: unknown) => {
    throw directoryError(config.path, cause)
  })
  const claim = claimOrBusy(config.path)
  const thread = startThread()
  const interrupt = () => thread.interrupt()
  signal.addEventListener('abort', interrupt)
  const close = async () => {
    signal.removeEventListener('abort', interrupt)
    try {
      await thread.close()
    } finally {
      claim.release()
    }
  }
  try {
    const opened = await thread.call({ call: 'open', options: workerOptions(request) })
    for (const note of opened.notes) log.warn(note)
    return new DuckDbDestinationSession(request, thread, opened, close)
  } catch (error) {
    await close()
    throw busyIfLocked(error)
  }
}

function workerOptions({ config, catalog, pipeline, runId }: WriteRequest<DuckDbConfig>): WorkerOptions {
  return {
    path: config.path,
    threads: config.threads,
    memoryLimit: config.memory_limit,
    temporaryDirectory: config.temp_directory,
    schemaOverride: config.schema,
    appendMethod: config.append_method,
    pipeline,
    runId,
    streams: catalog.streams,
  }
}

class DuckDbDestinationSession implements DestinationSession {
  readonly checkpoints: readonly Checkpoint[]
  readonly missing: readonly StreamName[]
  readonly #request: WriteRequest<DuckDbConfig>
  readonly #thread: DatabaseThread
  readonly #close: () => Promise<void>
  readonly #window: BatchWindow
  readonly #streams: ReadonlyMap<string, ConfiguredStream>
  /** The columns that the thread knows of each stream. */
  readonly #columns: Map<string, readonly Column[]>
  readonly #told = new Set<string>()
  /** What went wrong with an accepted batch; thrown by the next call. */
  #failure: unknown
  #isClosed = false

  constructor(
    request: WriteRequest<DuckDbConfig>,
    thread: DatabaseThread,
    opened: OpenAnswer,
    close: () => Promise<void>,
  ) {
    const { streams } = request.catalog
    this.checkpoints = opened.checkpoints
    this.missing = opened.missing
    this.#request = request
    this.#thread = thread
    this.#close = close
    this.#window = new BatchWindow(request.bytesMax)
    this.#streams = new Map(streams.map((stream) => [streamKey(stream.stream), stream]))
    this.#columns = new Map(streams.map(({ stream, schema }) => [streamKey(stream), schema.columns]))
  }

  async startStream(stream: StreamName, { resumed }: { readonly resumed: boolean }): Promise<void> {
    await this.#drain()
    this.#tell(await this.#thread.call({ call: 'start', stream, resumed }))
  }

  async restartStream(stream: StreamName): Promise<void> {
    await this.#drain()
    this.#tell(await this.#thread.call({ call: 'restart', stream }))
  }

  /** Resolves when the batch is on its way to DuckDB; what goes wrong there is thrown by the next call. */
  async write(batch: ChangeBatch): Promise<void> {
    await this.#window.enter(batch.byteLength)
    const packed = this.#packOrLeave(batch)
    // Not awaited: the window bounds how many are under way, and `#failure` keeps what becomes of them.
    void this.#deliver(batch, packed)
  }

  async completeStream(stream: StreamName): Promise<void> {
    await this.#drain()
    await this.#thread.call({ call: 'complete', stream })
  }

  async commit(checkpoints: readonly Checkpoint[]): Promise<Commit> {
    await this.#drain()
    const commit = await this.#thread.call({ call: 'commit', checkpoints })
    this.#tell((commit.unrepresentable ?? []).map(({ stream }) => unheldNote(stream)))
    return commit
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#close()
  }

  async #deliver(batch: ChangeBatch, { batch: accepted, buffers, transfer }: PackedBatch): Promise<void> {
    try {
      const answer = await this.#thread.call({ call: 'append', batch: accepted, buffers }, transfer)
      this.#tell(answer.notes)
      if (answer.buffers.length > 0) batch.recycle?.(answer.buffers)
    } catch (error) {
      this.#failure ??= error
    } finally {
      this.#window.leave(batch.byteLength)
    }
  }

  #packOrLeave(batch: ChangeBatch): PackedBatch {
    const key = streamKey(batch.stream)
    try {
      this.#throwFailure()
      return packBatch(batch, {
        configured: this.#streams.get(key)!,
        runId: this.#request.runId,
        changedColumns: this.#changedColumns(key, batch.schema.columns),
        nowMs: Date.now(),
      })
    } catch (error) {
      this.#window.leave(batch.byteLength)
      throw error
    }
  }

  #changedColumns(key: string, columns: readonly Column[]): readonly Column[] | undefined {
    const known = this.#columns.get(key)
    this.#columns.set(key, columns)
    return known === columns || JSON.stringify(known) === JSON.stringify(columns) ? undefined : columns
  }

  /** Calls other than `write` begin when no batch is under way, so that a failure is thrown by the call after it. */
  async #drain(): Promise<void> {
    await this.#window.empty()
    this.#throwFailure()
  }

  #throwFailure(): void {
    throwIfCancelled(this.#request.signal)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Each note once in a session. */
  #tell(notes: readonly string[]): void {
    for (const note of notes) {
      if (!this.#told.has(note)) this.#request.log.warn(note)
      this.#told.add(note)
    }
  }
}

/** How many they are is counted by the run. */
function unheldNote(stream: StreamName): string {
  return `DuckDB cannot hold some values of stream ${streamKey(stream)}: they are NULL, their text is in _airbyte_meta.`
}

function throwIfCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return
  throw new EclusaError('CANCELLED', { message: 'Loading into DuckDB was cancelled.', cause: signal.reason })
}

function claimOrBusy(path: string): ReturnType<typeof claimDuckDbFile> {
  try {
    return claimDuckDbFile(path)
  } catch (error) {
    throw busyIfLocked(error)
  }
}

/** A locked file means a second writer, whatever kind of program it is. */
export function busyIfLocked(error: unknown): unknown {
  if (!hasErrorCode(error, 'DUCKDB_LOCKED')) return error
  const { message, remedy, details } = error
  return new EclusaError('DESTINATION_BUSY', { message, remedy, details, cause: error })
}

function directoryError(path: string, cause: unknown): EclusaError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EclusaError('DUCKDB_UNWRITABLE', {
    message: `The directory of the DuckDB file ${path} cannot be created: ${reason}`,
    details: { path },
    cause,
  })
}
