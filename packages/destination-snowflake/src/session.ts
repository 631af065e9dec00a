import { EclusaError, arrowBuffersOf, streamKey } from '@eclusa/sdk'
import type {
  AuthoredSession,
  ChangeBatch,
  Checkpoint,
  Commit,
  ConnectorContext,
  CopiedAt,
  StreamName,
  TruncateChange,
  Warehouse,
  WriteRequest,
} from '@eclusa/sdk'
import type { SnowflakeWarehouse } from '@eclusa/warehouse'
import { accountError } from './account-error.ts'
import { settingsOf } from './config.ts'
import type { SnowflakeConfig, SnowflakeSettings } from './config.ts'
import { openAccount } from './open-account.ts'
import { openStageWriter } from './staging/stage-writer.ts'
import { Load } from './store/load.ts'
import type { Ledger } from './store/ledger.ts'
import { SessionLink } from './store/session-link.ts'

/**
 * Takes the pipeline and finds out what the database has of each stream.
 *
 * @throws DESTINATION_BUSY naming who has the pipeline; SNOWFLAKE_…, WAREHOUSE_…, STAGING_… for what cannot be used;
 *   DESTINATION_TABLE_TAKEN, SCHEMA_CHANGED, COLUMN_NAME_COLLISION, DESTINATION_TABLE_CHANGED for one stream, named in
 *   `details.stream`
 */
export async function openSession(request: WriteRequest<SnowflakeConfig>): Promise<AuthoredSession & AsyncDisposable> {
  const { config, signal, log, pipeline, runId, catalog } = request
  throwIfCancelled(signal)
  const settings = settingsOf(config)
  // Not the run's signal: who was cancelled still has to take back what is open, and to give the pipeline back.
  const warehouse = await openAccount(settings, { signal: new AbortController().signal, forWhat: pipeline })
  const connect = () => warehouse.connect()
  try {
    const link = await SessionLink.open({ connect, signal })
    const openWriter = (ledger: Ledger) =>
      openStageWriter({
        connect,
        stage: ledger.stage,
        pipeline,
        directory: settings.stagingDirectory,
        fileBytesTarget: settings.fileBytesTarget,
        uploadsMax: settings.uploadsMax,
        openBytesMax: Math.max(1, Math.floor(request.bytesMax / 2)),
        signal,
        log,
      })
    const load = await Load.open(link, openWriter, { settings, pipeline, runId, streams: catalog.streams, log })
    for (const note of load.warnings) log.warn(note)
    return new SnowflakeSession(request, { settings, warehouse, load })
  } catch (error) {
    await warehouse[Symbol.asyncDispose]()
    throw accountError(error, settings.login)
  }
}

class SnowflakeSession implements AuthoredSession {
  readonly checkpoints: readonly Checkpoint[]
  readonly missing: readonly StreamName[]
  readonly damaged: readonly StreamName[]
  readonly #request: WriteRequest<SnowflakeConfig>
  readonly #settings: SnowflakeSettings
  readonly #warehouse: SnowflakeWarehouse
  readonly #load: Load
  readonly #told = new Set<string>()
  #isClosed = false

  constructor(
    request: WriteRequest<SnowflakeConfig>,
    opened: { settings: SnowflakeSettings; warehouse: SnowflakeWarehouse; load: Load },
  ) {
    this.#request = request
    this.#settings = opened.settings
    this.#warehouse = opened.warehouse
    this.#load = opened.load
    this.checkpoints = opened.load.checkpoints
    this.missing = opened.load.missing
    this.damaged = opened.load.damaged
  }

  async startStream(stream: StreamName, options: { readonly resumed: boolean }): Promise<void> {
    throwIfCancelled(this.#request.signal)
    this.#tell(await this.#explained(this.#load.startStream(stream, options)))
  }

  async restartStream(stream: StreamName): Promise<void> {
    throwIfCancelled(this.#request.signal)
    this.#tell(await this.#explained(this.#load.restartStream(stream)))
  }

  /** Resolves when the rows are encoded: the batch's memory is free then, and files go to the stage meanwhile. */
  async write(batch: ChangeBatch): Promise<void> {
    throwIfCancelled(this.#request.signal)
    this.#tell(await this.#explained(this.#load.append(batch)))
    batch.recycle?.(arrowBuffersOf(batch.records.data.children))
  }

  async copiedStream(stream: StreamName, at?: CopiedAt): Promise<void> {
    this.#load.copiedStream(stream, at)
    return await Promise.resolve()
  }

  async truncateStream(stream: StreamName, change: TruncateChange): Promise<void> {
    this.#tell(this.#load.truncateStream(stream, change))
    return await Promise.resolve()
  }

  async completeStream(stream: StreamName): Promise<void> {
    this.#load.completeStream(stream)
    return await Promise.resolve()
  }

  async commit(checkpoints: readonly Checkpoint[]): Promise<Commit> {
    throwIfCancelled(this.#request.signal)
    const { commit, notes } = await this.#explained(this.#load.commit(checkpoints))
    this.#tell(notes)
    this.#tell((commit.unrepresentable ?? []).map(({ stream }) => unheldNote(stream)))
    return commit
  }

  async openWarehouse({ signal }: ConnectorContext): Promise<Warehouse> {
    return await openAccount(this.#settings, { signal, forWhat: this.#request.pipeline, isExamined: false })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      await this.#load[Symbol.asyncDispose]()
    } finally {
      await this.#warehouse[Symbol.asyncDispose]()
    }
  }

  /** What the account refuses, with the GRANT or ALTER that mends it. */
  #explained<Result>(work: Promise<Result>): Promise<Result> {
    return work.catch((error: unknown) => {
      throw accountError(error, this.#settings.login)
    })
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
  return `Snowflake cannot hold some values of stream ${streamKey(stream)}: they are NULL, their text is in _airbyte_meta.`
}

function throwIfCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return
  throw new EclusaError('CANCELLED', { message: 'Loading into Snowflake was cancelled.', cause: signal.reason })
}
