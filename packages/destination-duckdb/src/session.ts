import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EclusaError, arrowBuffersOf, hasErrorCode, streamKey } from '@eclusa/sdk'
import type {
  AuthoredSession,
  ChangeBatch,
  Checkpoint,
  Column,
  Commit,
  ConfiguredStream,
  ConnectorContext,
  CopiedAt,
  StreamName,
  TruncateChange,
  Warehouse,
  WriteRequest,
} from '@eclusa/sdk'
import { acceptBatch } from './batch/accept-batch.ts'
import type { Accepted } from './batch/accept-batch.ts'
import { BatchWindow } from './batch/batch-window.ts'
import type { DuckDbConfig } from './config.ts'
import { openLoad } from './store/open-load.ts'
import type { OpenLoad } from './store/open-load.ts'
import type { Appended } from './store/stream-load.ts'

/**
 * Opens the database and finds out what it has of each stream.
 *
 * @throws DESTINATION_BUSY naming who holds the file; DUCKDB_… for a file that cannot be used; DESTINATION_TABLE_TAKEN,
 *   SCHEMA_CHANGED, COLUMN_NAME_COLLISION, DESTINATION_TABLE_CHANGED for one stream, named in `details.stream`
 */
export async function openSession(request: WriteRequest<DuckDbConfig>): Promise<AuthoredSession & AsyncDisposable> {
  const { config, signal, log } = request
  throwIfCancelled(signal)
  await mkdir(dirname(config.path), { recursive: true }).catch((cause: unknown) => {
    throw directoryError(config.path, cause)
  })
  try {
    const opened = await openLoad(request)
    for (const note of opened.notes) log.warn(note)
    return new DuckDbDestinationSession(request, opened)
  } catch (error) {
    throw busyIfLocked(error)
  }
}

class DuckDbDestinationSession implements AuthoredSession {
  readonly checkpoints: readonly Checkpoint[]
  readonly missing: readonly StreamName[]
  readonly damaged: readonly StreamName[]
  readonly #request: WriteRequest<DuckDbConfig>
  readonly #opened: OpenLoad
  readonly #window: BatchWindow
  readonly #streams: ReadonlyMap<string, ConfiguredStream>
  /** The columns that the load knows of each stream. */
  readonly #columns: Map<string, readonly Column[]>
  readonly #told = new Set<string>()
  #lastAppended: Promise<unknown> = Promise.resolve()
  /** What went wrong with an accepted batch; thrown by the next call. */
  #failure: unknown
  #isClosed = false

  constructor(request: WriteRequest<DuckDbConfig>, opened: OpenLoad) {
    const { streams } = request.catalog
    this.checkpoints = opened.load.checkpoints
    this.missing = opened.load.missing
    this.damaged = opened.load.damaged
    this.#request = request
    this.#opened = opened
    this.#window = new BatchWindow(request.bytesMax)
    this.#streams = new Map(streams.map((stream) => [streamKey(stream.stream), stream]))
    this.#columns = new Map(streams.map(({ stream, schema }) => [streamKey(stream), schema.columns]))
  }

  async startStream(stream: StreamName, { resumed }: { readonly resumed: boolean }): Promise<void> {
    await this.#drain()
    this.#tell(await this.#attempt(() => this.#opened.load.startStream(stream, { resumed })))
  }

  async restartStream(stream: StreamName): Promise<void> {
    await this.#drain()
    this.#tell(await this.#attempt(() => this.#opened.load.restartStream(stream)))
  }

  /** Resolves when there was room for the batch; what goes wrong with it is thrown by the next call. */
  async write(batch: ChangeBatch): Promise<void> {
    await this.#window.enter(batch.byteLength)
    const accepted = this.#acceptOrLeave(batch)
    if (accepted === undefined) return
    // Not awaited: the window bounds how many are under way, and `#failure` keeps what becomes of them.
    void this.#seeThrough(batch, accepted)
  }

  async copiedStream(stream: StreamName, at?: CopiedAt): Promise<void> {
    await this.#drain()
    this.#opened.load.copiedStream(stream, at)
  }

  async truncateStream(stream: StreamName, change: TruncateChange): Promise<void> {
    await this.#drain()
    this.#tell(await this.#attempt(() => this.#opened.load.truncateStream(stream, change)))
  }

  async completeStream(stream: StreamName): Promise<void> {
    await this.#drain()
    this.#opened.load.completeStream(stream)
  }

  async commit(checkpoints: readonly Checkpoint[]): Promise<Commit> {
    await this.#drain()
    const { commit, notes } = await this.#attempt(() => this.#opened.load.commit(checkpoints))
    this.#tell(notes)
    this.#tell((commit.unrepresentable ?? []).map(({ stream }) => unheldNote(stream)))
    return commit
  }

  async openWarehouse({ signal }: ConnectorContext): Promise<Warehouse> {
    return await this.#opened.lend(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#opened[Symbol.asyncDispose]()
  }

  /** Batches queue for the load one after the other, and need not wait until DuckDB has taken those before them. */
  #appendInOrder({ batch }: Accepted): Promise<Appended> {
    const appended = this.#lastAppended.then(() => this.#opened.load.append(batch))
    this.#lastAppended = appended.catch(() => {})
    return appended
  }

  async #seeThrough(batch: ChangeBatch, accepted: Accepted): Promise<void> {
    try {
      const { notes, taken } = await this.#appendInOrder(accepted)
      await taken
      this.#tell(notes)
      batch.recycle?.(accepted.buffers)
    } catch (error) {
      this.#failure ??= this.#opened.explain(error)
    } finally {
      this.#window.leave(batch.byteLength)
    }
  }

  /** @returns undefined when all of it was applied before. */
  #acceptOrLeave(batch: ChangeBatch): Accepted | undefined {
    const key = streamKey(batch.stream)
    try {
      this.#throwFailure()
      const unapplied = this.#opened.load.unapplied(batch)
      if (unapplied !== batch && unapplied.records.numRows === 0) {
        this.#window.leave(batch.byteLength)
        batch.recycle?.(arrowBuffersOf(batch.records.data.children))
        return undefined
      }
      return acceptBatch(unapplied, {
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

  async #attempt<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      throw this.#opened.explain(error)
    }
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
