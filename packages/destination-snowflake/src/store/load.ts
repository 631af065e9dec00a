import { EclusaError, streamKey } from '@eclusa/sdk'
import type {
  ChangeBatch,
  Checkpoint,
  Commit,
  ConfiguredStream,
  CopiedAt,
  Log,
  StreamName,
  TruncateChange,
  UnheldValues,
} from '@eclusa/sdk'
import type { RelationName } from '@eclusa/warehouse'
import { metaText, rawIdSalt, rawIdText } from '@eclusa/warehouse/load'
import type { CommitRecord, RawIdSalt } from '@eclusa/warehouse/load'
import type { SnowflakeSettings } from '../config.ts'
import type { StageWriter } from '../staging/stage-writer.ts'
import { snowflakeRules } from '../table/snowflake-rules.ts'
import { inspectSnowflake, columnsIn } from './inspection.ts'
import { releaseLease, renewLease, renewalMs, takeLease } from './lease.ts'
import type { HeldLease } from './lease.ts'
import { Ledger, ledgerSchemaName } from './ledger.ts'
import { MadeRows } from './made-deletions.ts'
import type { SessionLink } from './session-link.ts'
import { StreamLoad } from './stream-load.ts'
import type { StreamContext, StreamOutcome } from './stream-load.ts'
import { finishSwap } from './swap.ts'

export interface LoadOptions {
  readonly settings: SnowflakeSettings
  readonly pipeline: string
  readonly runId: string
  readonly streams: readonly ConfiguredStream[]
  readonly log: Log
}

interface StreamEntry {
  readonly load: StreamLoad
  readonly salt: RawIdSalt
  /** Of the commit that comes next: rows, and values that Snowflake could not hold. */
  rows: number
  unheld: number
}

interface Found {
  readonly link: SessionLink
  readonly ledger: Ledger
  readonly writer: StageWriter
  readonly lease: HeldLease
  readonly checkpoints: readonly Checkpoint[]
  readonly missing: readonly StreamName[]
  readonly damaged: readonly StreamName[]
  readonly warnings: readonly string[]
  readonly streams: (held: () => { ledger: Ledger; lease: HeldLease }) => ReadonlyMap<string, StreamEntry>
}

/**
 * A session's work on the warehouse. Rows wait in files; what a commit makes of them is one transaction. Calls are made one
 * at a time. After a call has failed, only disposing may follow.
 */
export class Load implements AsyncDisposable {
  readonly checkpoints: readonly Checkpoint[]
  /** Streams of which there is nothing, or nothing any more. */
  readonly missing: readonly StreamName[]
  /** Streams whose checkpoint cannot be read. */
  readonly damaged: readonly StreamName[]
  /** What should be told at the start. */
  readonly warnings: readonly string[]
  readonly #options: LoadOptions
  readonly #link: SessionLink
  readonly #ledger: Ledger
  readonly #writer: StageWriter
  readonly #streams: ReadonlyMap<string, StreamEntry>
  readonly #renewal: NodeJS.Timeout
  #lease: HeldLease
  #renewedAtMs = performance.now()
  #rows = 0
  #bytes = 0

  /** @throws DESTINATION_BUSY, and as `inspectStreams`; the ledger is made where there is none. */
  static async open(
    link: SessionLink,
    openWriter: (ledger: Ledger) => Promise<StageWriter>,
    options: LoadOptions,
  ): Promise<Load> {
    const { settings, pipeline, runId } = options
    const rules = snowflakeRules(settings.identifiers)
    const { database } = settings.login
    const ledger = new Ledger(link.query, { database, pipeline, rules })
    if (!(await ledger.exists())) await ledger.create()
    const lease = await takeLease(link.query, ledger, { pipeline, runId, sessionId: link.sessionId })
    try {
      const columnsOf = columnsIn(link.query)
      const swapping = { query: link.query, ledger, rules, columnsOf }
      const records = (await ledger.streams()).filter(({ swapGenerationId }) => swapGenerationId !== undefined)
      for (const record of records) await link.attempt((query) => finishSwap(query, swapping, record))
      const inspected = await inspectSnowflake(link.query, ledger, { ...options, settings })
      const missing = inspected.filter((one) => !one.isCheckpointValid).map(({ configured }) => configured.stream)
      const invalid = new Set(missing.map(streamKey))
      const isUsable = (stream: StreamName) => !invalid.has(streamKey(stream))
      const stored = await ledger.checkpoints()
      const applied = await ledger.applied()
      const writer = await openWriter(ledger)
      const temporary = (identifier: string): RelationName => ({ database, schema: ledgerSchemaName, identifier })
      const { deletionMode, retentionDays } = settings
      const streams: Found['streams'] = (held) => {
        const context: StreamContext = { ...swapping, link, held, writer, deletionMode, retentionDays, temporary }
        const entries = inspected.map((one, index): [string, StreamEntry] => {
          const key = streamKey(one.configured.stream)
          const salt = rawIdSalt([pipeline, one.table.schema, one.table.identifier, runId])
          return [
            key,
            { load: new StreamLoad(context, one, { index, applied: applied.get(key) }), salt, rows: 0, unheld: 0 },
          ]
        })
        return new Map(entries)
      }
      return new Load(options, {
        link,
        ledger,
        writer,
        lease,
        missing,
        checkpoints: stored.checkpoints.filter(({ stream }) => isUsable(stream)),
        damaged: stored.damaged.filter(isUsable),
        warnings: inspected.flatMap(({ warnings }) => warnings),
        streams,
      })
    } catch (error) {
      await releaseLease(link.lastly, ledger, lease).catch(() => {})
      throw error
    }
  }

  private constructor(options: LoadOptions, found: Found) {
    this.#options = options
    this.#link = found.link
    this.#ledger = found.ledger
    this.#writer = found.writer
    this.#lease = found.lease
    this.checkpoints = found.checkpoints
    this.missing = found.missing
    this.damaged = found.damaged
    this.warnings = found.warnings
    this.#streams = found.streams(() => ({ ledger: this.#ledger, lease: this.#lease }))
    this.#renewal = setInterval(() => void this.#renew(), renewalMs).unref()
    this.#beginCounting()
  }

  async startStream(stream: StreamName, options: { readonly resumed: boolean }): Promise<readonly string[]> {
    return await this.#entryOf(stream).load.start(options)
  }

  async restartStream(stream: StreamName): Promise<readonly string[]> {
    return await this.#entryOf(stream).load.restart()
  }

  copiedStream(stream: StreamName, at: CopiedAt | undefined): void {
    this.#entryOf(stream).load.copied(at)
  }

  truncateStream(stream: StreamName, change: TruncateChange): readonly string[] {
    return this.#entryOf(stream).load.truncate(change)
  }

  completeStream(stream: StreamName): void {
    this.#entryOf(stream).load.complete()
  }

  /** @returns what a reader of the log should know. */
  async append(batch: ChangeBatch): Promise<readonly string[]> {
    const entry = this.#entryOf(batch.stream)
    const unapplied = entry.load.unapplied(batch)
    const rowCount = unapplied.records.numRows
    if (unapplied !== batch && rowCount === 0) return []
    const { notes, unheld } = await entry.load.append(unapplied, {
      runId: this.#options.runId,
      rawIds: { prefix: rawIdText(entry.salt, this.#lease.sequence + 1), first: this.#rows },
      nowMs: Date.now(),
      valueBytesMax: this.#options.settings.valueBytesMax,
    })
    entry.rows += rowCount
    entry.unheld += unheld
    this.#rows += rowCount
    this.#bytes += batch.byteLength
    return notes
  }

  /** @returns also what a reader of the log should know. */
  async commit(checkpoints: readonly Checkpoint[]): Promise<{ commit: Commit; notes: readonly string[] }> {
    const startedAtMs = performance.now()
    const sequence = this.#lease.sequence + 1
    const sealed = await this.#writer.seal()
    const unrepresentable = this.#unheldValues()
    const committed = this.#recordOf(sequence, unrepresentable)
    const outcomes = await this.#link.commit(
      { ledger: this.#ledger, lease: this.#lease },
      () => this.#prepare(),
      async (query, ledger) => {
        const done = new Map<StreamLoad, StreamOutcome>()
        for (const { load, salt } of this.#streams.values()) {
          const made = new MadeRows({ salt, sequence, first: this.#rows, meta: metaText(this.#options.runId, []) })
          done.set(load, await load.run(query, ledger, { sealed, made }))
        }
        const changed = [...done].filter(([load, outcome]) => load.isChangedBy(outcome))
        await ledger.saveStreams(changed.map(([, { record }]) => record))
        await ledger.saveCheckpoints(checkpoints, { runId: this.#options.runId, sequence })
        await ledger.saveCommit(committed)
        await ledger.pruneCommits(sequence)
        return done
      },
    )
    this.#lease = { ...this.#lease, sequence }
    this.#renewedAtMs = performance.now()
    const notes: string[] = []
    for (const [load, outcome] of outcomes) notes.push(...outcome.notes, ...(await load.committed(outcome)))
    await this.#writer.release([...sealed.values()].flat())
    const durationMs = performance.now() - startedAtMs
    const commit = { sequence, rows: this.#rows, bytes: this.#bytes, unrepresentable, durationMs }
    this.#beginCounting()
    return { commit, notes }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewal)
    try {
      await this.#writer[Symbol.asyncDispose]()
    } finally {
      await releaseLease(this.#link.lastly, this.#ledger, this.#lease).catch(() => {})
    }
  }

  async #prepare(): Promise<void> {
    for (const { load } of this.#streams.values()) await load.prepare()
  }

  /** While nothing is committed for long. Where it fails, the next commit tells why, and it alone opens another session. */
  async #renew(): Promise<void> {
    if (performance.now() - this.#renewedAtMs < renewalMs) return
    this.#renewedAtMs = performance.now()
    await renewLease(this.#link.lastly, this.#ledger, this.#lease).catch(() => {})
  }

  #beginCounting(): void {
    this.#rows = 0
    this.#bytes = 0
    for (const entry of this.#streams.values()) Object.assign(entry, { rows: 0, unheld: 0 })
    this.#writer.begin({ epoch: this.#lease.epoch, sequence: this.#lease.sequence + 1 })
  }

  #recordOf(sequence: number, unrepresentable: readonly UnheldValues[]): CommitRecord {
    const { pipeline, runId } = this.#options
    return {
      pipeline,
      sequence,
      runId,
      rows: this.#rows,
      bytes: this.#bytes,
      unrepresentable: unrepresentable.reduce((sum, { values }) => sum + values, 0),
      streams: [...this.#streams.values()].flatMap(({ load, rows }) =>
        rows === 0 && !load.hasAdvanced ? [] : [{ stream: load.stream, rows, applied: load.applied.last }],
      ),
    }
  }

  #unheldValues(): UnheldValues[] {
    const entries = [...this.#streams.values()]
    return entries.flatMap(({ load: { stream }, unheld }) => (unheld === 0 ? [] : [{ stream, values: unheld }]))
  }

  #entryOf(stream: StreamName): StreamEntry {
    const entry = this.#streams.get(streamKey(stream))
    if (entry !== undefined) return entry
    throw new EclusaError('INTERNAL', { message: `Stream ${streamKey(stream)} is not in the session's catalog.` })
  }
}
