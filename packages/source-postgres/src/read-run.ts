import { EclusaError, byteBudget } from '@eclusa/sdk'
import type { ByteBudget, Log } from '@eclusa/sdk'
import { createBufferPool } from './codec/buffer-pool.ts'
import type { BufferPool } from './codec/buffer-pool.ts'
import { readerCount } from './config.ts'
import type { PostgresConfig } from './config.ts'
import { connectionSettings } from './connection/connection-settings.ts'
import { readServerFacts } from './connection/server-facts.ts'
import type { ServerFacts } from './connection/server-facts.ts'
import { openSession } from './connection/session.ts'
import type { Session } from './connection/session.ts'
import { exportSnapshot } from './copy/exported-snapshot.ts'
import type { ExportedSnapshot } from './copy/exported-snapshot.ts'
import { PartReader } from './copy/part-reader.ts'
import type { SourceStream } from './source-stream.ts'

/** How an incremental stream finds what is new. */
export type Guard = PostgresConfig['cursor_guard']

export interface ReadRunOptions {
  readonly config: PostgresConfig
  readonly budget: ByteBudget
  readonly signal: AbortSignal
  readonly log: Log
  /** Id of a snapshot to read in. Default: a snapshot of its own. */
  readonly snapshotId?: string
}

/**
 * The connections of one run and the snapshot that all of them read. The coordinator keeps the snapshot alive and looks
 * at catalogs; readers are opened when they are first needed. On a standby, which cannot share a snapshot safely, the
 * coordinator is the one reader. Disposing closes all, whatever they are doing.
 */
export class ReadRun implements AsyncDisposable {
  readonly config: PostgresConfig
  readonly log: Log
  readonly coordinator: Session
  readonly facts: ServerFacts
  readonly snapshot: ExportedSnapshot
  /** Each reader's share of the budget. */
  readonly budget: ByteBudget
  readonly pool: BufferPool
  readonly signal: AbortSignal
  readonly username: string
  readonly readersMax: number
  readonly #controller: AbortController
  readonly #readers: PartReader[] = []

  private constructor(
    options: ReadRunOptions,
    opened: {
      coordinator: Session
      facts: ServerFacts
      snapshot: ExportedSnapshot
      controller: AbortController
      signal: AbortSignal
    },
  ) {
    this.config = options.config
    this.log = options.log
    this.coordinator = opened.coordinator
    this.facts = opened.facts
    this.snapshot = opened.snapshot
    this.readersMax = opened.facts.isStandby ? 1 : readerCount(options.config)
    this.budget = shareOf(options.budget, this.readersMax)
    this.pool = createBufferPool({ bytesMax: options.budget.bytesMax })
    this.signal = opened.signal
    this.username = connectionSettings(options.config).username
    this.#controller = opened.controller
  }

  /**
   * Connects, and takes the snapshot.
   *
   * @throws POSTGRES_VERSION_UNSUPPORTED, and whatever connecting throws.
   */
  static async open(options: ReadRunOptions): Promise<ReadRun> {
    const controller = new AbortController()
    const signal = AbortSignal.any([options.signal, controller.signal])
    const coordinator = await openSession(connectionSettings(options.config), signal)
    try {
      const facts = await readServerFacts(coordinator)
      const { config, snapshotId } = options
      const snapshot = await exportSnapshot(coordinator, {
        config,
        isStandby: facts.isStandby,
        ...(snapshotId !== undefined && { snapshotId }),
      })
      return new ReadRun(options, { coordinator, facts, snapshot, controller, signal })
    } catch (error) {
      await coordinator.close()
      throw error
    }
  }

  /** So many readers, opened as needed; always the same ones. */
  async readers(count: number): Promise<readonly PartReader[]> {
    while (this.#readers.length < count) {
      const session = this.facts.isStandby
        ? this.coordinator
        : await openSession(connectionSettings(this.config), this.signal)
      const { config, username, snapshot, budget, pool, signal } = this
      this.#readers.push(new PartReader(session, { config, username, snapshot, budget, pool, signal }))
    }
    return this.#readers.slice(0, count)
  }

  guardOf(stream: SourceStream): Guard {
    return guardOf(stream, this.config)
  }

  /** Makes every wait of every connection fail, and closes the connections. */
  readonly stop = (): void => {
    this.#controller.abort(new EclusaError('CANCELLED', { message: 'Reading from PostgreSQL was ended early.' }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sessions = new Set([...this.#readers.map(({ session }) => session), this.coordinator])
    await Promise.all([...sessions].map(async (session) => await session.close()))
  }
}

/** What keeps rows that are committed late from being missed: views, foreign tables and queries have no xmin. */
export function guardOf({ relation }: Pick<SourceStream, 'relation'>, { cursor_guard: guard }: PostgresConfig): Guard {
  const hasTransactionIds = relation?.kind === 'table' || relation?.kind === 'partitioned_table'
  return guard === 'xmin' && !hasTransactionIds ? 'lookback' : guard
}

/** Divides the bytes among the readers; a batch is never larger than the run's budget permits. */
function shareOf(budget: ByteBudget, readers: number): ByteBudget {
  const { batchBytesMax } = byteBudget({ bytesMax: budget.bytesMax, readers })
  return {
    bytesMax: Math.floor(budget.bytesMax / readers),
    batchBytesMax: Math.min(budget.batchBytesMax, batchBytesMax),
    batchRowsMax: budget.batchRowsMax,
  }
}
