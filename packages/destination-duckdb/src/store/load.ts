import bindings from '@duckdb/node-bindings'
import { DuckDBTimestampTZValue } from '@duckdb/node-api'
import { EclusaError, streamKey } from '@eclusa/sdk'
import type {
  ChangeBatch,
  Checkpoint,
  Column,
  Commit,
  ConfiguredStream,
  CopiedAt,
  RowChanges,
  StreamName,
  TruncateChange,
  UnheldValues,
} from '@eclusa/sdk'
import type { DuckDbSession } from '@eclusa/warehouse'
import { metaText, rawIdSalt } from '@eclusa/warehouse/load'
import type { CommitRecord, DeletionMode, MetadataColumnName, RawIdSalt } from '@eclusa/warehouse/load'
import { changeSlots, copiedSlots } from '../changes/change-slots.ts'
import type { ColumnData } from '../chunk/column-data.ts'
import type { SlotValues } from '../chunk/chunk-writer.ts'
import type { InsertionContext } from '../chunk/table-insertion.ts'
import type { LoadLimits } from '../chunk/load-limits.ts'
import { rawIdColumn } from '../table/raw-id.ts'
import { metaColumn } from '../table/row-meta.ts'
import { Ledger } from './ledger.ts'
import { MadeRows } from './made-deletions.ts'
import { StreamLoad } from './stream-load.ts'
import type { Appended } from './stream-load.ts'
import { inspectDuckdb } from './duckdb-inspection.ts'

export interface LoadOptions {
  readonly pipeline: string
  readonly runId: string
  readonly streams: readonly ConfiguredStream[]
  readonly schemaOverride: string | undefined
  readonly deletionMode: DeletionMode
}

/** A batch without Arrow's objects, as it comes from the thread that accepted it. */
export interface AcceptedBatch {
  readonly stream: StreamName
  /** The stream's columns, when they are not those of the batch before. */
  readonly changedColumns: readonly Column[] | undefined
  readonly rowCount: number
  readonly byteLength: number
  readonly columns: readonly ColumnData[]
  readonly extractedAtUs: bigint
  /** Texts of `_airbyte_meta` of the rows in which a value could not be held. */
  readonly changedMeta: ReadonlyMap<number, string>
  /** Values that DuckDB could not hold, beside those that the source had marked. */
  readonly unrepresentableCount: number
  /** As in the batch. */
  readonly changes: RowChanges | undefined
  readonly copiedAt: CopiedAt | undefined
}

const smallCommitRows = 100_000

interface LoadParts {
  readonly session: DuckDbSession
  readonly ledger: Ledger
  readonly limits: LoadLimits
}

interface StreamEntry {
  readonly load: StreamLoad
  readonly salt: RawIdSalt
  /** Of the commit that comes next: rows, and values that DuckDB could not hold. */
  rows: number
  unheld: number
}

/**
 * A session's work on the warehouse: everything since the last commit is one transaction of one connection.
 * Calls are made one at a time. After a call has failed, only `discard` may follow.
 */
export class Load {
  readonly checkpoints: readonly Checkpoint[]
  /** Streams of which there is nothing, or nothing any more. */
  readonly missing: readonly StreamName[]
  /** Streams whose checkpoint cannot be read. */
  readonly damaged: readonly StreamName[]
  /** What should be told at the start. */
  readonly warnings: readonly string[]
  readonly #session: DuckDbSession
  readonly #ledger: Ledger
  readonly #limits: LoadLimits
  readonly #options: LoadOptions
  readonly #streams: ReadonlyMap<string, StreamEntry>
  readonly #unchangedMeta: string
  #sequence: number
  #isInTransaction = false
  #rows = 0
  #bytes = 0

  /** @throws as `inspectStreams`; the ledger is made where there is none. */
  static async open(inserting: InsertionContext, options: LoadOptions): Promise<Load> {
    const { session, limits } = inserting
    const ledger = new Ledger(session, options.pipeline)
    if (!(await ledger.exists())) {
      await session.query('BEGIN')
      await ledger.create()
      await session.query('COMMIT')
    }
    await ledger.upgrade()
    const inspected = await inspectDuckdb(session, ledger, options)
    const missing = inspected.filter((one) => !one.isCheckpointValid).map(({ configured }) => configured.stream)
    const invalid = new Set(missing.map(streamKey))
    const stored = await ledger.checkpoints()
    const isUsable = (stream: StreamName) => !invalid.has(streamKey(stream))
    const context = { ...inserting, ledger, deletionMode: options.deletionMode }
    const applied = await ledger.applied()
    const streams = inspected.map((one, index): [string, StreamEntry] => [
      streamKey(one.configured.stream),
      {
        load: new StreamLoad(context, one, { index, applied: applied.get(streamKey(one.configured.stream)) }),
        salt: rawIdSalt([options.pipeline, one.table.schema, one.table.identifier, options.runId]),
        rows: 0,
        unheld: 0,
      },
    ])
    return new Load({ session, ledger, limits }, options, {
      checkpoints: stored.checkpoints.filter(({ stream }) => isUsable(stream)),
      missing,
      damaged: stored.damaged.filter(isUsable),
      warnings: inspected.flatMap(({ warnings }) => warnings),
      streams: new Map(streams),
      sequence: await ledger.lastSequence(),
    })
  }

  private constructor(
    { session, ledger, limits }: LoadParts,
    options: LoadOptions,
    found: {
      checkpoints: readonly Checkpoint[]
      missing: readonly StreamName[]
      damaged: readonly StreamName[]
      warnings: readonly string[]
      streams: ReadonlyMap<string, StreamEntry>
      sequence: number
    },
  ) {
    this.#session = session
    this.#ledger = ledger
    this.#limits = limits
    this.#options = options
    this.checkpoints = found.checkpoints
    this.missing = found.missing
    this.damaged = found.damaged
    this.warnings = found.warnings
    this.#streams = found.streams
    this.#sequence = found.sequence
    this.#unchangedMeta = metaText(options.runId, [])
  }

  async startStream(stream: StreamName, options: { readonly resumed: boolean }): Promise<readonly string[]> {
    this.#limits.watchFromNow()
    // The first start after a change of mode looks for rows of one key.
    await this.#limits.beginMerging()
    await this.#begin()
    return this.#entryOf(stream).load.start(options)
  }

  async restartStream(stream: StreamName): Promise<readonly string[]> {
    await this.#begin()
    return this.#entryOf(stream).load.restart()
  }

  copiedStream(stream: StreamName, at: CopiedAt | undefined): void {
    this.#entryOf(stream).load.copied(at)
  }

  async truncateStream(stream: StreamName, change: TruncateChange): Promise<readonly string[]> {
    await this.#begin()
    return this.#entryOf(stream).load.truncate(change)
  }

  /** What of a batch was not applied before. Batches of a stream must come one after the other. */
  unapplied(batch: ChangeBatch): ChangeBatch {
    return this.#entryOf(batch.stream).load.unapplied(batch)
  }

  completeStream(stream: StreamName): void {
    this.#entryOf(stream).load.complete()
  }

  /** As an exception, the next batch may be appended as soon as this has resolved, before the rows are taken. */
  async append(batch: AcceptedBatch): Promise<Appended> {
    await this.#begin()
    this.#limits.expectBatch(batch.byteLength)
    const entry = this.#entryOf(batch.stream)
    const rows = { rowCount: batch.rowCount, columns: batch.columns, metadata: this.#metadataOf(batch, entry) }
    const appended = await entry.load.append(rows, batch)
    entry.rows += batch.rowCount
    this.#rows += batch.rowCount
    this.#bytes += batch.byteLength
    entry.unheld += batch.unrepresentableCount
    return appended
  }

  /** @returns also what a reader of the log should know. */
  async commit(checkpoints: readonly Checkpoint[]): Promise<{ commit: Commit; notes: readonly string[] }> {
    const startedAtMs = performance.now()
    await this.#begin()
    const { pipeline, runId } = this.#options
    const sequence = this.#sequence + 1
    const loads = [...this.#streams.values()].map(({ load }) => load)
    const unrepresentable = this.#unheldValues()
    const isCompleting = loads.some((load) => load.isCompleting)
    // It makes DuckDB give memory back, for which loads that merge nothing would wait.
    if (loads.some((load) => load.mayMerge)) await this.#limits.beginMerging()
    const notes: string[] = []
    for (const { load, salt } of this.#streams.values()) {
      const made = new MadeRows({ salt, sequence, first: this.#rows, meta: this.#unchangedMeta })
      notes.push(...(await load.prepareCommit(made)))
    }
    await this.#ledger.saveCheckpoints(checkpoints, { runId, sequence })
    await this.#ledger.saveCommit({
      pipeline,
      sequence,
      runId,
      rows: this.#rows,
      bytes: this.#bytes,
      unrepresentable: unrepresentable.reduce((sum, { values }) => sum + values, 0),
      streams: this.#streamsOfCommit(),
    })
    await this.#ledger.pruneCommits(sequence)
    // A small one, of which there are many while a run follows, writes little, and leaves the limits as they are.
    if (this.#rows > smallCommitRows || isCompleting) await this.#limits.lift()
    await this.#session.query('COMMIT')
    this.#isInTransaction = false
    this.#limits.lower()
    const commit = {
      sequence,
      rows: this.#rows,
      bytes: this.#bytes,
      unrepresentable,
      durationMs: performance.now() - startedAtMs,
    }
    this.#beginCounting(sequence)
    return { commit, notes }
  }

  /** Takes back what was not committed. */
  async discard(): Promise<void> {
    for (const { load } of this.#streams.values()) await load.discard()
    if (!this.#isInTransaction) return
    this.#isInTransaction = false
    await this.#session.query('ROLLBACK')
  }

  async #begin(): Promise<void> {
    if (this.#isInTransaction) return
    await this.#session.query('BEGIN')
    this.#isInTransaction = true
  }

  #beginCounting(sequence: number): void {
    this.#sequence = sequence
    this.#rows = 0
    this.#bytes = 0
    for (const entry of this.#streams.values()) Object.assign(entry, { rows: 0, unheld: 0 })
  }

  #streamsOfCommit(): CommitRecord['streams'] {
    return [...this.#streams.values()].flatMap(({ load, rows }) => {
      const hasAdvanced = load.applied.takesNote()
      return rows === 0 && !hasAdvanced ? [] : [{ stream: load.stream, rows, applied: load.applied.last }]
    })
  }

  #unheldValues(): UnheldValues[] {
    const entries = [...this.#streams.values()]
    return entries.flatMap(({ load: { stream }, unheld }) => (unheld === 0 ? [] : [{ stream, values: unheld }]))
  }

  #metadataOf(batch: AcceptedBatch, { load, salt }: StreamEntry): Partial<Record<MetadataColumnName, SlotValues>> {
    const { rowCount, extractedAtUs, changedMeta } = batch
    const generationId = BigInt(load.generationId)
    const unchanged = this.#unchangedMeta
    const rawIds = rawIdColumn(salt, { sequence: this.#sequence + 1, first: this.#rows, count: rowCount })
    return {
      ...(batch.changes === undefined ? {} : changeSlots(batch.changes)),
      ...(batch.copiedAt === undefined ? {} : copiedSlots(batch.copiedAt)),
      _airbyte_raw_id: { kind: 'rows', column: rawIds },
      _airbyte_extracted_at: {
        kind: 'constant',
        value: new DuckDBTimestampTZValue(extractedAtUs),
        native: bindings.create_timestamp_tz({ micros: extractedAtUs }),
      },
      _airbyte_meta:
        changedMeta.size === 0
          ? { kind: 'constant', value: unchanged, native: bindings.create_varchar(unchanged) }
          : { kind: 'rows', column: metaColumn(rowCount, unchanged, changedMeta) },
      _airbyte_generation_id: { kind: 'constant', value: generationId, native: bindings.create_int64(generationId) },
    }
  }

  #entryOf(stream: StreamName): StreamEntry {
    const entry = this.#streams.get(streamKey(stream))
    if (entry !== undefined) return entry
    throw new EclusaError('INTERNAL', { message: `Stream ${streamKey(stream)} is not in the session's catalog.` })
  }
}
