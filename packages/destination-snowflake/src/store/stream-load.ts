import { EclusaError, arrivesAsChanges, fullRefreshCommand, streamKey } from '@eclusa/sdk'
import type { ChangeBatch, Column, CopiedAt, StreamName, TruncateChange } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { AppliedChanges, nullKey, rawIdMaxOf } from '@eclusa/warehouse/load'
import type { DeletionMode, InspectedStream, LogPosition } from '@eclusa/warehouse/load'
import { acceptBatch } from '../accept/accept-batch.ts'
import type { AcceptOptions, AcceptedRows } from '../accept/accept-batch.ts'
import { applyChanges, isResolved, isStraight } from '../changes/apply-changes.ts'
import { ChangeDelta } from '../changes/change-delta.ts'
import { keyRangeOf } from '../changes/key-range.ts'
import { markName, operationName, quote, rowName, unfoundName } from '../changes/merge.ts'
import { keyedMerge } from '../changes/merge-sql.ts'
import type { Merge } from '../changes/merge.ts'
import type { CopiedColumn } from '../staging/copy-into.ts'
import type { StagedFile, StageWriter } from '../staging/stage-writer.ts'
import { copyFiles } from './copy-files.ts'
import { KeyedRows } from './keyed-rows.ts'
import { LoadingTable } from './loading-table.ts'
import type { MadeRows } from './made-deletions.ts'
import type { Ledger, LoadedStream, Query } from './ledger.ts'
import type { Held, SessionLink } from './session-link.ts'
import { finishSwap } from './swap.ts'
import { TableColumns } from './table-columns.ts'
import type { LoadContext } from './table-columns.ts'

/*
 * Four ways for rows into a table:
 *
 *   loading  a refresh from its first row on goes into a table beside the target, over as many commits and runs as it
 *            takes; the commit that completes it has that table take the target's place (or, when the mode is append, puts
 *            its rows into the target)
 *   direct   an incremental stream that appends is copied into the target
 *   delta    an incremental stream with keys is copied into a temporary table, which each commit merges into the target
 *   changes  a replicated stream whose copy is whole: what changed goes into a temporary table, which each commit brings into
 *            the target, as it does with changes that come while the copy is still loading
 *
 * Until the commit, rows are in files alone. What changes tables in ways that a transaction cannot take back is done before
 * it, and does no harm without it: a column that nothing is in yet, a table that nobody knows.
 */
type Way = 'loading' | 'direct' | 'delta' | 'changes'

export interface StreamContext extends LoadContext {
  readonly link: SessionLink
  readonly held: () => Held
  readonly writer: StageWriter
  readonly deletionMode: DeletionMode
  /** Of Time Travel in tables that are made; undefined: that of their schema. */
  readonly retentionDays: number | undefined
  /** Place of temporary tables of the session. */
  readonly temporary: (identifier: string) => RelationName
}

/** Files whose columns go into the same columns of the table. */
interface Part {
  readonly target: string
  readonly copied: readonly CopiedColumn[]
}

/** What a commit has done with a stream, to be kept in mind once it is durable. */
export interface StreamOutcome {
  readonly notes: readonly string[]
  readonly record: LoadedStream
  readonly isFinished: boolean
}

export type RowOptions = Pick<AcceptOptions, 'runId' | 'rawIds' | 'nowMs' | 'valueBytesMax'>

/** One stream of a session. */
export class StreamLoad {
  readonly #context: StreamContext
  readonly #inspected: InspectedStream
  readonly #index: number
  readonly #rows: KeyedRows
  readonly #loading: LoadingTable
  readonly #delta: ChangeDelta
  /** How far the changes of the stream are applied. */
  readonly applied: AppliedChanges
  #record: LoadedStream
  /** The record, or that the checkpoint is forgotten, is to be written with the next commit. */
  #isDirty = false
  #forgetsCheckpoint = false
  #mergesAppended = false
  #deletesUnfinished = false
  #way: Way = 'loading'
  #writer: TableColumns | undefined
  #columns: readonly Column[]
  #rowParts: Part[] = []
  #changeParts: Part[] = []
  #partCount = 0
  /** False while the table that is loading may have a key twice. */
  #isLoadedUnique = false
  #isCopied = false
  #copiedAt: CopiedAt | undefined
  #isCompleted = false

  constructor(
    context: StreamContext,
    inspected: InspectedStream,
    { index, applied }: { readonly index: number; readonly applied: LogPosition | undefined },
  ) {
    this.#context = context
    this.#inspected = inspected
    this.#index = index
    this.#record = { ...inspected.record, swapGenerationId: undefined }
    this.#columns = inspected.configured.schema.columns
    this.#rows = new KeyedRows(context.rules, inspected.configured)
    this.#loading = new LoadingTable(context, inspected, context.retentionDays)
    this.#delta = new ChangeDelta(context.rules.fold)
    this.applied = new AppliedChanges(applied)
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
    if (String(this.#record.mergeKey) !== String(this.#mergeKey)) this.#note({ mergeKey: this.#mergeKey })
    return notes
  }

  /** Takes back everything of the unfinished read, rows of earlier commits included. */
  async restart(): Promise<readonly string[]> {
    await this.#discardRows()
    // Changes cannot be taken back, so the stream is copied anew.
    if (this.#way === 'loading' || this.#way === 'changes') return this.#startLoading()
    // Merged rows cannot be taken back, and need not: they are merged again, each over itself.
    this.#deletesUnfinished ||= this.#way === 'direct'
    this.#forgetsCheckpoint = true
    return this.#follow()
  }

  /** Batches must come one after the other. @returns what a reader of the log should know. */
  async append(batch: ChangeBatch, options: RowOptions): Promise<{ notes: readonly string[]; unheld: number }> {
    const notes = batch.schema.columns === this.#columns ? [] : await this.#followNew(batch.schema.columns)
    this.#refuseNullKeys(batch)
    const { configured } = this.#inspected
    const accepting = { ...options, configured, generationId: this.generationId }
    const { changes } = batch
    if (changes === undefined && this.#way === 'changes') throw this.#misplaced('rows of a table copy came after it')
    if (changes === undefined) {
      this.#isLoadedUnique = false
      return { notes, unheld: await this.#stage(this.#rowPart(), acceptBatch(batch, accepting)) }
    }
    const part = this.#changePart()
    const merged = this.#delta.add(
      changes,
      this.#columns.map(({ name }) => name),
    )
    return { notes, unheld: await this.#stage(part, acceptBatch(batch, { ...accepting, merged })) }
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
    this.#delta.truncate(change)
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

  /** True when changes were applied that no commit has noted. */
  get hasAdvanced(): boolean {
    return this.applied.takesNote()
  }

  /** Makes the temporary tables that the commit needs. */
  async prepare(): Promise<void> {
    const { link } = this.#context
    const hasDelta = !this.#delta.isEmpty
    if (!hasDelta && !(this.#way === 'delta' && this.#rowParts.length > 0)) return
    await link.temporaryTable(this.#staging, [...this.#tableColumns(), ...this.#changeColumns()].join(', '))
    if (!hasDelta || !isResolved(this.#delta, this.#deletes)) return
    const own = [operationName, unfoundName].map(numberColumn)
    await link.temporaryTable(this.#resolved, [...this.#tableColumns(), ...own].join(', '))
  }

  /** Brings the rows to where the commit makes them visible, in its transaction. May be run again from its beginning. */
  async run(
    query: Query,
    ledger: Ledger,
    { sealed, made }: { sealed: ReadonlyMap<string, readonly StagedFile[]>; made: MadeRows },
  ): Promise<StreamOutcome> {
    await this.#runPending(query, ledger)
    await this.#loadRows(query, sealed)
    const notes = await this.#loadChanges(query, sealed, made)
    const isWhole = this.#isReplicated ? this.#isCopied : this.#isCompleted
    const isFinished = isWhole && this.#way === 'loading'
    const gapNotes = isFinished ? await this.#finishLoading(query, ledger, made) : []
    const isComplete = isWhole || this.#isCompleted
    const base = isComplete ? { ...this.#pendingRecord, completedSequence: made.sequence } : this.#pendingRecord
    const record = isFinished ? this.#finishedRecord(base) : base
    return { notes: [...notes, ...gapNotes], record, isFinished }
  }

  /** True when the record is to be written with the commit. */
  isChangedBy({ record }: StreamOutcome): boolean {
    return this.#isDirty || record !== this.#record
  }

  /** The commit is durable. @returns what a reader of the log should know. */
  async committed({ record, isFinished }: StreamOutcome): Promise<readonly string[]> {
    this.#record = record
    this.#isDirty = this.#forgetsCheckpoint = this.#mergesAppended = this.#deletesUnfinished = false
    if (!this.#delta.isEmpty || isFinished) this.#isLoadedUnique = true
    this.#clear()
    this.#isCompleted = this.#isCopied = false
    if (!isFinished) return []
    const { link } = this.#context
    if (record.swapGenerationId !== undefined) {
      await link.attempt((query) => finishSwap(query, this.#context, record))
      this.#record = { ...record, swapGenerationId: undefined }
    } else await this.#context.query(snowflakeDialect.dropRelation(this.#inspected.loadingTable, 'table'))
    return this.#isReplicated ? await this.#startChanges() : []
  }

  get #staging(): RelationName {
    return this.#context.temporary(`_ECLUSA_CHANGES_${this.#index}`)
  }

  get #resolved(): RelationName {
    return this.#context.temporary(`_ECLUSA_RESOLVED_${this.#index}`)
  }

  #tableColumns(): string[] {
    return this.#writer!.columns.map(({ name, sqlType }) => `${snowflakeDialect.quoteIdentifier(name)} ${sqlType}`)
  }

  #changeColumns(): string[] {
    return [operationName, rowName, ...this.#marks].map(numberColumn)
  }

  get #marks(): string[] {
    return Array.from({ length: this.#delta.wordCount }, (_, word) => markName(word))
  }

  async #goOn(): Promise<readonly string[]> {
    if (this.#record.loadingGenerationId !== undefined) return this.#resumeLoading()
    if (this.#inspected.columns === undefined) throw this.#nothingToResume()
    if (this.#isReplicated) return this.#startChanges()
    return this.#inspected.configured.destinationSyncMode === 'append_dedup' ? this.#startDelta() : this.#startDirect()
  }

  async #startLoading(): Promise<readonly string[]> {
    const { link, held } = this.#context
    await this.#discardRows()
    // Also where there is nothing to take back: who has lost the pipeline must not touch the table.
    await link.transaction(held(), async (_, ledger) => {
      await ledger.forgetLoading(this.stream)
      if (this.#record.loadingGenerationId !== undefined) await ledger.forgetCheckpoints([this.stream])
    })
    this.#forgetsCheckpoint = true
    this.applied.forget()
    this.#way = 'loading'
    this.#writer = this.#loading.columns()
    const notes = await this.#loading.create(this.#columns)
    this.#note({ loadingGenerationId: this.#record.generationId + 1, mergeKey: this.#mergeKey })
    return [...new Set([...notes, ...(await this.#follow())])]
  }

  #resumeLoading(): Promise<readonly string[]> {
    this.#way = 'loading'
    this.#writer = this.#loading.columns()
    return this.#follow()
  }

  #startDirect(): Promise<readonly string[]> {
    this.#way = 'direct'
    this.#writer = this.#targetColumns()
    if (!this.#record.mayRepeatKeys) this.#note({ mayRepeatKeys: true })
    return this.#follow()
  }

  #startDelta(): Promise<readonly string[]> {
    this.#way = 'delta'
    this.#writer = this.#targetColumns()
    this.#mergesAppended = this.#record.mayRepeatKeys
    return this.#follow()
  }

  #startChanges(): Promise<readonly string[]> {
    const isHistory = this.#inspected.configured.destinationSyncMode === 'append'
    this.#way = 'changes'
    this.#writer = this.#targetColumns()
    if (isHistory && !this.#record.mayRepeatKeys) this.#note({ mayRepeatKeys: true })
    this.#mergesAppended = !isHistory && this.#record.mayRepeatKeys
    return this.#follow()
  }

  #targetColumns(): TableColumns {
    const { configured, table } = this.#inspected
    return new TableColumns(this.#context, { configured, authority: table })
  }

  /**
   * While the table is loading, a delete stays as a row until the copy is whole, so that no row of the copy that comes
   * later, and is older, takes its place.
   */
  get #deletes(): Merge['deletes'] {
    if (this.#inspected.configured.destinationSyncMode === 'append') return 'as_sent'
    if (this.#context.deletionMode === 'soft_delete') return 'filled'
    return this.#way === 'loading' ? 'as_sent' : 'removed'
  }

  async #runPending(query: Query, ledger: Ledger): Promise<void> {
    const { table } = this.#inspected
    if (this.#forgetsCheckpoint) await ledger.forgetCheckpoints([this.stream])
    if (this.#mergesAppended) {
      // Before the mode was changed, each version of a row was appended, in the order in which they came to be.
      await this.#rows.mergeAppended(query, table)
      if (this.#isReplicated && this.#context.deletionMode === 'hard_delete')
        await this.#rows.removeDeleted(query, table)
    }
    if (!this.#deletesUnfinished) return
    const last = snowflakeDialect.quoteLiteral(rawIdMaxOf(this.#record.completedSequence))
    await query(`DELETE FROM ${snowflakeDialect.formatRelation(table)} WHERE ${this.#rawId} > ${last}`)
  }

  async #loadRows(query: Query, sealed: ReadonlyMap<string, readonly StagedFile[]>): Promise<void> {
    const { table, loadingTable, configured } = this.#inspected
    if (this.#way !== 'delta') {
      await this.#copy(query, this.#rowParts, sealed, this.#way === 'loading' ? loadingTable : table)
      return
    }
    if (!(await this.#copy(query, this.#rowParts, sealed, this.#staging))) return
    const { columns } = this.#writer!
    const key = configured.primaryKey.map(this.#context.rules.nameOf)
    const staging = snowflakeDialect.formatRelation(this.#staging)
    const merge = {
      table: snowflakeDialect.formatRelation(table),
      staging,
      key,
      columns: columns.map(({ name, of }) => ({ name, of, mark: undefined })),
      keyRange: await keyRangeOf(query, { staging, key, columns }),
    }
    await query(keyedMerge(merge, this.#rows.order('d')))
    await query(`DELETE FROM ${staging}`)
  }

  async #loadChanges(
    query: Query,
    sealed: ReadonlyMap<string, readonly StagedFile[]>,
    made: MadeRows,
  ): Promise<readonly string[]> {
    if (this.#delta.isEmpty) return []
    const { configured, table, loadingTable } = this.#inspected
    const target = this.#way === 'loading' ? loadingTable : table
    if (isStraight(this.#delta, configured)) {
      await this.#copy(query, this.#changeParts, sealed, target)
      return []
    }
    // Copies of several moments may have a row twice, and changes must meet one.
    if (this.#way === 'loading' && configured.destinationSyncMode === 'append_dedup' && !this.#isLoadedUnique) {
      await this.#rows.keepLast(query, loadingTable)
    }
    const own = [operationName, rowName, ...this.#marks].map((name) => ({
      name,
      value: `$1:${quote(name)}::NUMBER(10,0)`,
    }))
    const parts = this.#changeParts.map(({ target: files, copied }) => ({ target: files, copied: [...copied, ...own] }))
    await this.#copy(query, parts, sealed, this.#staging)
    const options = {
      rules: this.#context.rules,
      configured,
      table: target,
      staging: snowflakeDialect.formatRelation(this.#staging),
      resolved: snowflakeDialect.formatRelation(this.#resolved),
      columns: this.#writer!.columns,
      deletes: this.#deletes,
      generationId: this.generationId,
    }
    return await applyChanges(query, this.#delta, options, made)
  }

  /** @returns false when there was nothing. */
  async #copy(
    query: Query,
    parts: readonly Part[],
    sealed: ReadonlyMap<string, readonly StagedFile[]>,
    table: RelationName,
  ): Promise<boolean> {
    let isAny = false
    for (const { target, copied } of parts) {
      const files = sealed.get(target) ?? []
      if (files.length === 0) continue
      isAny = true
      await copyFiles(query, { table, columns: copied, stage: this.#context.ledger.stage, files, stream: this.stream })
    }
    return isAny
  }

  /** @returns what a reader of the log should know. */
  async #finishLoading(query: Query, ledger: Ledger, made: MadeRows): Promise<readonly string[]> {
    const { loadingTable, table, configured } = this.#inspected
    if (configured.destinationSyncMode === 'append_dedup') {
      await this.#rows.keepLast(query, loadingTable)
      const removesDeleted = this.#isReplicated && this.#context.deletionMode === 'hard_delete'
      if (removesDeleted) await this.#rows.removeDeleted(query, loadingTable)
    }
    if (!this.#loading.addsToTarget) {
      await ledger.moveColumnVersions(loadingTable, table)
      return []
    }
    const { generationId } = this
    const gap = { writer: this.#writer!, at: this.#copiedAt, generationId, made }
    const notes = this.#isReplicated ? await this.#loading.closeGap(query, gap) : []
    await this.#loading.joinTarget(query, this.#writer!.columns)
    return notes
  }

  #finishedRecord(record: LoadedStream): LoadedStream {
    const generationId = record.loadingGenerationId!
    return {
      ...record,
      generationId,
      loadingGenerationId: undefined,
      swapGenerationId: this.#loading.addsToTarget ? undefined : generationId,
      mayRepeatKeys: this.#inspected.configured.destinationSyncMode !== 'append_dedup',
    }
  }

  get #pendingRecord(): LoadedStream {
    return this.#mergesAppended ? { ...this.#record, mayRepeatKeys: false } : this.#record
  }

  get #rawId(): string {
    return snowflakeDialect.quoteIdentifier(this.#context.rules.nameOf('_airbyte_raw_id'))
  }

  get #mergeKey(): readonly string[] | undefined {
    const { destinationSyncMode, primaryKey } = this.#inspected.configured
    return destinationSyncMode === 'append_dedup' ? primaryKey : undefined
  }

  get #isReplicated(): boolean {
    return arrivesAsChanges(this.#inspected.configured)
  }

  async #follow(): Promise<readonly string[]> {
    const notes = await this.#writer!.follow(this.#columns)
    if (this.#inspected.configured.destinationSyncMode === 'append_dedup') this.#refuseMovedKey()
    return notes
  }

  /** Files before and after have columns of the same names that go into different columns of the table. */
  async #followNew(columns: readonly Column[]): Promise<readonly string[]> {
    const isSame = JSON.stringify(columns) === JSON.stringify(this.#columns)
    this.#columns = columns
    if (isSame) return []
    this.#partCount += 1
    return await this.#follow()
  }

  #rowPart(): Part {
    return this.#partOf(this.#rowParts, 'rows')
  }

  #changePart(): Part {
    return this.#partOf(this.#changeParts, 'changes')
  }

  #partOf(parts: Part[], kind: string): Part {
    const target = `${streamKey(this.stream)} ${kind} ${this.#partCount}`
    const last = parts.at(-1)
    if (last?.target === target) return last
    const part = { target, copied: this.#writer!.copied }
    parts.push(part)
    return part
  }

  async #stage({ target }: Part, { rows, unheldCount }: AcceptedRows): Promise<number> {
    await this.#context.writer.append(target, rows)
    return unheldCount
  }

  async #discardRows(): Promise<void> {
    for (const { target } of [...this.#rowParts, ...this.#changeParts]) await this.#context.writer.discard(target)
    this.#clear()
    // Names of what was discarded are not given again within the commit.
    this.#partCount += 1
  }

  #clear(): void {
    this.#rowParts = []
    this.#changeParts = []
    this.#delta.clear()
  }

  #note(change: Partial<LoadedStream>): void {
    this.#record = { ...this.#record, ...change }
    this.#isDirty = true
  }

  /** @throws KEY_VALUE_NULL when rows on their way to a merge have NULL in a column of their key. */
  #refuseNullKeys({ schema, records }: ChangeBatch): void {
    const { configured } = this.#inspected
    if (configured.destinationSyncMode !== 'append_dedup') return
    const { children } = records.data
    const found = schema.columns.find(
      ({ name }, index) => configured.primaryKey.includes(name) && children[index]!.nullCount > 0,
    )
    if (found !== undefined) throw nullKey(configured, found.name)
  }

  /** A key that goes on in another column can no longer be compared with the rows that have it in the first one. */
  #refuseMovedKey(): void {
    const { stream, primaryKey } = this.#inspected.configured
    const moved = primaryKey.find((column) => !this.#writer!.isWritten(this.#context.rules.nameOf(column)))
    if (moved === undefined) return
    throw new EclusaError('SCHEMA_CHANGED', {
      message: `Key column "${moved}" of stream ${streamKey(stream)} has changed its type: its new values cannot be compared with those in the table.`,
      remedy: `Load the stream anew: ${fullRefreshCommand(stream)}`,
      details: { stream: streamKey(stream), column: moved },
    })
  }

  #misplaced(what: string): EclusaError {
    const key = streamKey(this.stream)
    return new EclusaError('INTERNAL', { message: `Stream ${key}: ${what}.`, details: { stream: key } })
  }

  #nothingToResume(): EclusaError {
    return new EclusaError('INTERNAL', {
      message: `Stream ${streamKey(this.stream)} was told to go on, and there is nothing of it in the warehouse.`,
      details: { stream: streamKey(this.stream) },
    })
  }
}

function numberColumn(name: string): string {
  return `${quote(name)} NUMBER(10,0)`
}
