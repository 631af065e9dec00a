import { EclusaError, arrivesAsChanges, fullRefreshCommand, streamKey } from '@eclusa/sdk'
import type { ChangeBatch, Column, CopiedAt, StreamName, TruncateChange } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { AppliedChanges, rawIdMaxOf } from '@eclusa/warehouse/load'
import type { DeletionMode, InspectedStream, LogPosition, StreamRecord } from '@eclusa/warehouse/load'
import { ChangeDelta } from '../changes/change-delta.ts'
import type { MadeRows } from './made-deletions.ts'
import { KeyedRows } from './keyed-rows.ts'
import { LoadingTable } from './loading-table.ts'
import { refuseNullKeys } from './null-key.ts'
import { TableWriter } from './table-writer.ts'
import type { AcceptedBatch } from './load.ts'
import type { BatchRows, WriterContext } from './table-writer.ts'

/*
 * Four ways for rows into a table:
 *
 *   loading  a refresh from its first row on goes into a table beside the target, over as many commits and runs as it
 *            takes; the commit that completes it puts that table in the target's place (or, when the mode is append,
 *            its rows into the target)
 *   direct   an incremental stream that appends writes to the target; each commit makes its rows visible
 *   delta    an incremental stream with keys writes to a temporary table, which each commit merges into the target
 *   changes  a replicated stream whose copy is whole writes what changed to a temporary table (see ChangeDelta), which each
 *            commit brings into the target, as it does with changes that come while the copy is still loading
 */
type Way = 'loading' | 'direct' | 'delta' | 'changes'

const rawId = duckdbDialect.quoteIdentifier('_airbyte_raw_id')

/** What becomes of a batch. */
export interface Appended {
  /** What a reader of the log should know. */
  readonly notes: readonly string[]
  /** Settles when the batch's memory is no longer needed. */
  readonly taken: Promise<void>
}

export interface StreamContext extends WriterContext {
  readonly deletionMode: DeletionMode
}

/** One stream of a session: what happens between its start and its completion, inside the session's transaction. */
export class StreamLoad {
  readonly #context: StreamContext
  readonly #inspected: InspectedStream
  readonly #index: number
  readonly #delta: RelationName
  readonly #rows: KeyedRows
  readonly #loading: LoadingTable
  /** How far the changes of the stream are applied. */
  readonly applied: AppliedChanges
  /** Changes on their way into the target, or into the table that is loading; undefined until there are any. */
  #changes: ChangeDelta | undefined
  #record: StreamRecord
  #way: Way = 'loading'
  #writer: TableWriter | undefined
  #columns: readonly Column[]
  #hasDeltaRows = false
  /** False while the table that is loading may have a key twice. */
  #isLoadedUnique = false
  #isCopied = false
  #copiedAt: CopiedAt | undefined
  #isCompleted = false

  /** @param applied the last change that earlier sessions brought into the warehouse */
  constructor(
    context: StreamContext,
    inspected: InspectedStream,
    { index, applied }: { readonly index: number; readonly applied: LogPosition | undefined },
  ) {
    this.#context = context
    this.#inspected = inspected
    this.#record = inspected.record
    this.#columns = inspected.configured.schema.columns
    this.#index = index
    this.#rows = new KeyedRows(context.session, inspected.configured)
    this.#loading = new LoadingTable(context, inspected)
    this.applied = new AppliedChanges(applied)
    this.#delta = temporaryTable(`delta_${index}`)
  }

  get stream(): StreamName {
    return this.#inspected.configured.stream
  }

  /** The generation that rows written now belong to. */
  get generationId(): number {
    return this.#way === 'loading' ? (this.#record.loadingGenerationId ?? 0) : this.#record.generationId
  }

  /** @returns what a reader of the log should know. */
  async start({ resumed }: { readonly resumed: boolean }): Promise<readonly string[]> {
    if (!resumed) return this.#startLoading()
    const notes = await this.#goOn()
    if (String(this.#record.mergeKey) !== String(this.#mergeKey)) await this.#save({ mergeKey: this.#mergeKey })
    return notes
  }

  async #goOn(): Promise<readonly string[]> {
    if (this.#record.loadingGenerationId !== undefined) return this.#resumeLoading()
    if (this.#inspected.columns === undefined) throw this.#nothingToResume()
    if (this.#isReplicated) return this.#startChanges()
    return this.#inspected.configured.destinationSyncMode === 'append_dedup' ? this.#startDelta() : this.#startDirect()
  }

  /** Takes back everything of the unfinished read, rows of earlier commits included. */
  async restart(): Promise<readonly string[]> {
    await this.discard()
    // Changes cannot be taken back, so the stream is copied anew.
    if (this.#way === 'loading' || this.#way === 'changes') return this.#startLoading()
    if (this.#way === 'direct') await this.#deleteUnfinishedRows()
    // Merged rows cannot be taken back, and need not: they are merged again, each over itself.
    else await this.#query(duckdbDialect.truncate(this.#delta))
    await this.#forgetCheckpoint()
    return this.#follow()
  }

  /** Batches must come one after the other, and the next may come before the last one is taken. */
  async append(
    rows: BatchRows,
    {
      changedColumns,
      changes,
      copiedAt,
      byteLength,
    }: Pick<AcceptedBatch, 'changedColumns' | 'changes' | 'copiedAt' | 'byteLength'>,
  ): Promise<Appended> {
    const notes = changedColumns === undefined ? [] : await this.#followNew(changedColumns)
    refuseNullKeys(this.#inspected.configured, this.#columns, rows.columns)
    if (changes !== undefined) {
      const names = this.#columns.map(({ name }) => name)
      return { notes, taken: (await this.#changeDelta().append(rows, { changes, byteLength }, names)).taken }
    }
    if (this.#way === 'changes') throw this.#misplaced('rows of a table copy came after it')
    if (copiedAt !== undefined) this.#changes?.noteInTable(copiedAt.position)
    this.#hasDeltaRows = true
    this.#isLoadedUnique = false
    return { notes, taken: this.#writer!.append(rows) }
  }

  /** What of a batch was not applied before; the rest is taken for applied from now on. */
  unapplied(batch: ChangeBatch): ChangeBatch {
    if (batch.changes !== undefined && !this.#isReplicated) {
      throw this.#misplaced('changes came for a stream that is not replicated')
    }
    return this.applied.unapplied(batch)
  }

  /** @returns what a reader of the log should know. */
  truncate(change: TruncateChange): readonly string[] {
    if (!this.applied.advance(change)) return []
    const { stream, destinationSyncMode, primaryKey } = this.#inspected.configured
    const isKeyed = primaryKey.length > 0 && primaryKey.every((column) => this.#writer!.isWritten(column))
    if (destinationSyncMode === 'append' && !isKeyed) {
      return [
        `Table ${streamKey(stream)} was truncated at its source: its history keeps the rows and does not show it, since no key tells which rows are current.`,
      ]
    }
    this.#changeDelta().truncate(change)
    return []
  }

  /** @param at where all of the copy stands in the log; undefined where it is of several moments. */
  copied(at: CopiedAt | undefined): void {
    this.#isCopied = true
    this.#copiedAt = at
  }

  complete(): void {
    this.#isCompleted = true
  }

  /** False when commits only add rows, or put a table in the place of another. */
  get mayMerge(): boolean {
    return this.#isReplicated || this.#inspected.configured.destinationSyncMode === 'append_dedup'
  }

  /** True when the next commit makes a whole load visible. */
  get isCompleting(): boolean {
    return this.#isCompleted || this.#isCopied
  }

  /** Brings the rows to where the commit makes them visible. @returns what a reader of the log should know. */
  async prepareCommit(made: MadeRows): Promise<readonly string[]> {
    await this.#writer?.flush()
    if (this.#way === 'delta' && this.#hasDeltaRows) await this.#rows.merge(this.#delta, this.#inspected.table)
    const notes = await this.#mergeChanges(made)
    this.#hasDeltaRows = false
    const isWhole = this.#isReplicated ? this.#isCopied : this.#isCompleted
    if (!isWhole && !this.#isCompleted) return notes
    const finishes = isWhole && this.#way === 'loading'
    const gapNotes = finishes ? await this.#finishLoading(made) : []
    await this.#save({ completedSequence: made.sequence })
    this.#isCompleted = this.#isCopied = false
    if (finishes && this.#isReplicated) await this.#goOnWithChanges()
    return [...notes, ...gapNotes]
  }

  /** Forgets rows that are not in the transaction yet. */
  async discard(): Promise<void> {
    await this.#writer?.discard()
    await this.#changes?.discard()
  }

  async #startLoading(): Promise<readonly string[]> {
    await this.#forgetCheckpoint()
    await this.#dropChanges()
    this.applied.forget()
    this.#way = 'loading'
    this.#writer = this.#loading.writer()
    const notes = await this.#loading.create(this.#columns)
    await this.#save({ loadingGenerationId: this.#record.generationId + 1, mergeKey: this.#mergeKey })
    return [...new Set([...notes, ...(await this.#follow())])]
  }

  #resumeLoading(): Promise<readonly string[]> {
    this.#way = 'loading'
    this.#writer = this.#loading.writer()
    return this.#follow()
  }

  async #startDirect(): Promise<readonly string[]> {
    const { configured, table } = this.#inspected
    this.#way = 'direct'
    this.#writer = new TableWriter(this.#context, { configured, authority: table })
    if (!this.#record.mayRepeatKeys) await this.#save({ mayRepeatKeys: true })
    return this.#follow()
  }

  async #startChanges(): Promise<readonly string[]> {
    const { configured, table } = this.#inspected
    const isHistory = configured.destinationSyncMode === 'append'
    this.#way = 'changes'
    this.#writer = new TableWriter(this.#context, { configured, authority: table })
    const notes = await this.#follow()
    if (isHistory && !this.#record.mayRepeatKeys) await this.#save({ mayRepeatKeys: true })
    if (!isHistory && this.#record.mayRepeatKeys) {
      await this.#mergeAppendedRows()
      if (this.#context.deletionMode === 'hard_delete') await this.#rows.removeDeleted(table)
    }
    return notes
  }

  /** The copy has become visible. */
  async #goOnWithChanges(): Promise<void> {
    await this.#dropChanges()
    await this.#startChanges()
  }

  #changeDelta(): ChangeDelta {
    const { configured, table, loadingTable } = this.#inspected
    const isLoading = this.#way === 'loading'
    this.#changes ??= new ChangeDelta(this.#context, {
      configured,
      table: isLoading ? loadingTable : table,
      delta: temporaryTable(`${isLoading ? 'loading_changes' : 'changes'}_${this.#index}`),
      columns: this.#writer!.columns,
      deletes: this.#deletes,
    })
    return this.#changes
  }

  /**
   * While the table is loading, a delete stays as a row until the copy is whole, so that no row of the copy that comes
   * later, and is older, takes its place.
   */
  get #deletes() {
    if (this.#inspected.configured.destinationSyncMode === 'append') return 'as_sent'
    if (this.#context.deletionMode === 'soft_delete') return 'filled'
    return this.#way === 'loading' ? 'as_sent' : 'removed'
  }

  async #mergeChanges(made: MadeRows): Promise<readonly string[]> {
    if (this.#changes === undefined) return []
    const { configured, loadingTable } = this.#inspected
    // Copies of several moments may have a row twice, and changes must meet one.
    if (this.#way === 'loading' && configured.destinationSyncMode === 'append_dedup' && !this.#isLoadedUnique) {
      await this.#rows.keepLast(loadingTable)
    }
    this.#isLoadedUnique = true
    return this.#changes.merge({ made, generationId: this.generationId })
  }

  async #dropChanges(): Promise<void> {
    await this.#changes?.drop()
    this.#changes = undefined
  }

  get #mergeKey(): readonly string[] | undefined {
    const { destinationSyncMode, primaryKey } = this.#inspected.configured
    return destinationSyncMode === 'append_dedup' ? primaryKey : undefined
  }

  get #isReplicated(): boolean {
    return arrivesAsChanges(this.#inspected.configured)
  }

  async #startDelta(): Promise<readonly string[]> {
    const { configured, table, columns } = this.#inspected
    this.#way = 'delta'
    this.#writer = new TableWriter(this.#context, { configured, authority: table, mirror: this.#delta })
    await this.#query(duckdbDialect.createTable(this.#delta, columns!, { temporary: true }))
    const notes = await this.#follow()
    if (this.#record.mayRepeatKeys) await this.#mergeAppendedRows()
    return notes
  }

  async #follow(): Promise<readonly string[]> {
    const notes = await this.#writer!.follow(this.#columns)
    await this.#changes?.follow(this.#writer!.columns)
    if (this.#inspected.configured.destinationSyncMode === 'append_dedup') this.#refuseMovedKey()
    return notes
  }

  /** A key that goes on in another column can no longer be compared with the rows that have it in the first one. */
  #refuseMovedKey(): void {
    const { stream, primaryKey } = this.#inspected.configured
    const moved = primaryKey.find((column) => !this.#writer!.isWritten(column))
    if (moved === undefined) return
    throw new EclusaError('SCHEMA_CHANGED', {
      message: `Key column "${moved}" of stream ${streamKey(stream)} has changed its type: its new values cannot be compared with those in the table.`,
      remedy: `Load the stream anew: ${fullRefreshCommand(stream)}`,
      details: { stream: streamKey(stream), column: moved },
    })
  }

  #followNew(columns: readonly Column[]): Promise<readonly string[]> {
    this.#columns = columns
    return this.#follow()
  }

  /** Before the mode was changed, each version of a row was appended, in the order in which they came to be. */
  async #mergeAppendedRows(): Promise<void> {
    await this.#rows.mergeAppended(this.#inspected.table)
    await this.#save({ mayRepeatKeys: false })
  }

  /** @returns what a reader of the log should know. */
  async #finishLoading(made: MadeRows): Promise<readonly string[]> {
    const { loadingTable, configured } = this.#inspected
    if (configured.destinationSyncMode === 'append_dedup') {
      await this.#rows.keepLast(loadingTable)
      const removesDeleted = this.#isReplicated && this.#context.deletionMode === 'hard_delete'
      if (removesDeleted) await this.#rows.removeDeleted(loadingTable)
    }
    const notes: string[] = []
    if (this.#loading.addsToTarget) {
      if (this.#isReplicated) notes.push(...(await this.#closeGap(made)))
      await this.#loading.joinTarget()
    } else await this.#loading.replaceTarget()
    const generationId = this.#record.loadingGenerationId!
    const mayRepeatKeys = configured.destinationSyncMode !== 'append_dedup'
    this.#record = { ...this.#record, generationId, loadingGenerationId: undefined, mayRepeatKeys }
    return notes
  }

  async #closeGap(made: MadeRows): Promise<readonly string[]> {
    const { generationId } = this
    return await this.#loading.closeGap(made, { writer: this.#writer!, at: this.#copiedAt, generationId })
  }

  async #deleteUnfinishedRows(): Promise<void> {
    const last = duckdbDialect.quoteLiteral(rawIdMaxOf(this.#record.completedSequence))
    const table = duckdbDialect.formatRelation(this.#inspected.table)
    await this.#query(`DELETE FROM ${table} WHERE ${rawId} > ${last}::UUID`)
  }

  /** What is empty now must not be taken for what the checkpoint says. */
  async #forgetCheckpoint(): Promise<void> {
    await this.#context.ledger.forgetCheckpoint(this.#inspected.configured.stream)
  }

  async #save(change: Partial<StreamRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change }
    await this.#context.ledger.saveStream(this.#record)
  }

  #query(sql: string) {
    return this.#context.session.query(sql)
  }

  #misplaced(what: string): EclusaError {
    const key = streamKey(this.#inspected.configured.stream)
    return new EclusaError('INTERNAL', { message: `Stream ${key}: ${what}.`, details: { stream: key } })
  }

  #nothingToResume(): EclusaError {
    const { configured } = this.#inspected
    return new EclusaError('INTERNAL', {
      message: `Stream ${streamKey(configured.stream)} was told to go on, and there is nothing of it in the warehouse.`,
      details: { stream: streamKey(configured.stream) },
    })
  }
}

function temporaryTable(name: string): RelationName {
  return { database: 'temp', schema: 'main', identifier: `_eclusa_${name}` }
}
