import { EclusaError, arrivesAsChanges, fullRefreshCommand, streamKey } from '@eclusa/sdk'
import type { ChangeBatch, Column, ConfiguredStream, CopiedAt, StreamName, TruncateChange } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { ChangeDelta } from '../changes/change-delta.ts'
import { areCopied, isAfter, positionAt } from '../changes/log-position.ts'
import type { LogPosition } from '../changes/log-position.ts'
import { unappliedRows } from '../changes/unapplied-rows.ts'
import type { DeletionMode } from '../config.ts'
import { metadataColumnsOf } from '../table/metadata-column.ts'
import { rawIdMaxOf } from '../table/raw-id.ts'
import { planTable } from '../table/table-plan.ts'
import type { TablePlan } from '../table/table-plan.ts'
import { gapDeletions } from './history-gap.ts'
import type { MadeRows } from './history-gap.ts'
import type { StreamRecord } from './ledger.ts'
import { nullKey, refuseNullKeys } from './null-key.ts'
import { addsToTable } from './stream-inspection.ts'
import type { InspectedStream } from './stream-inspection.ts'
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
  /** Changes on their way into the target, or into the table that is loading; undefined until there are any. */
  #changes: ChangeDelta | undefined
  #applied: LogPosition | undefined
  #isAppliedNoted = true
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
    this.#applied = applied
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
    { changedColumns, changes, copiedAt }: Pick<AcceptedBatch, 'changedColumns' | 'changes' | 'copiedAt'>,
  ): Promise<Appended> {
    const notes = changedColumns === undefined ? [] : await this.#followNew(changedColumns)
    refuseNullKeys(this.#inspected.configured, this.#columns, rows.columns)
    if (changes !== undefined) {
      const names = this.#columns.map(({ name }) => name)
      return { notes, taken: (await this.#changeDelta().append(rows, changes, names)).taken }
    }
    if (this.#way === 'changes') throw this.#misplaced('rows of a table copy came after it')
    if (copiedAt !== undefined) this.#changes?.noteInTable(copiedAt.position)
    this.#hasDeltaRows = true
    this.#isLoadedUnique = false
    return { notes, taken: this.#writer!.append(rows) }
  }

  /** What of a batch was not applied before; the rest is taken for applied from now on. */
  unapplied(batch: ChangeBatch): ChangeBatch {
    const { changes } = batch
    if (changes === undefined) return batch
    if (!this.#isReplicated) throw this.#misplaced('changes came for a stream that is not replicated')
    // They are ahead of the log, which is read from the first snapshot on.
    if (areCopied(changes)) return batch
    const unapplied = unappliedRows(batch, this.#applied)
    const last = changes.positions.length - 1
    if (last >= 0) this.#advance(positionAt(changes, last))
    return unapplied
  }

  /** The last change that the next commit will have brought into the warehouse. */
  get applied(): LogPosition | undefined {
    return this.#applied
  }

  /** True once for each time that `applied` has changed. */
  takesNoteOfApplied(): boolean {
    const isNew = !this.#isAppliedNoted
    this.#isAppliedNoted = true
    return isNew
  }

  /** @returns what a reader of the log should know. */
  truncate(change: TruncateChange): readonly string[] {
    if (!isAfter(change, this.#applied)) return []
    this.#advance(change)
    const { stream, destinationSyncMode } = this.#inspected.configured
    if (destinationSyncMode !== 'append') this.#changeDelta().truncate(change)
    else
      return [
        `Table ${streamKey(stream)} was truncated at its source: its history keeps the rows and does not show it.`,
      ]
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

  /** True when the next commit makes a whole load visible. */
  get isCompleting(): boolean {
    return this.#isCompleted || this.#isCopied
  }

  /** Brings the rows to where the commit makes them visible. @returns what a reader of the log should know. */
  async prepareCommit(made: MadeRows): Promise<readonly string[]> {
    await this.#writer?.flush()
    if (this.#way === 'delta' && this.#hasDeltaRows) await this.#mergeDelta()
    const notes = await this.#mergeChanges()
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
    const { table, loadingTable, orphan } = this.#inspected
    const { session, ledger } = this.#context
    await this.#forgetCheckpoint()
    await this.#dropChanges()
    this.#forgetApplied()
    await session.query(duckdbDialect.createSchema(table.schema, table.database))
    for (const old of orphan === undefined ? [loadingTable] : [loadingTable, orphan]) {
      await session.query(duckdbDialect.dropRelation(old, 'table'))
      await ledger.forgetColumnVersions(old)
    }
    this.#way = 'loading'
    this.#writer = this.#loadingWriter()
    const { columns, notes } = this.#appendsToTarget ? await this.#followTarget() : this.#planNewTable()
    await session.query(duckdbDialect.createTable(loadingTable, columns))
    await this.#save({ loadingGenerationId: this.#record.generationId + 1, mergeKey: this.#mergeKey })
    return [...new Set([...notes, ...(await this.#follow())])]
  }

  /** A table that will take the target's place. */
  #planNewTable(): Pick<TablePlan, 'columns' | 'notes'> {
    const { configured, columns } = this.#inspected
    return planTable({
      stream: configured.stream,
      columns: this.#columns,
      metadata: metadataColumnsOf(configured),
      table: columns,
      versions: new Map(),
      policy: configured.schemaPolicy,
      replaces: true,
    })
  }

  /** A table whose rows will join the target's: the target follows the stream first, so that both have the same columns. */
  async #followTarget() {
    const { configured, table } = this.#inspected
    const notes = await new TableWriter(this.#context, { configured, authority: table }).follow(this.#columns)
    return { notes, columns: (await duckdbDialect.listColumns(this.#context.session, table))! }
  }

  #resumeLoading(): Promise<readonly string[]> {
    this.#way = 'loading'
    this.#writer = this.#loadingWriter()
    return this.#follow()
  }

  #loadingWriter(): TableWriter {
    const { configured, table, loadingTable } = this.#inspected
    return this.#appendsToTarget
      ? new TableWriter(this.#context, { configured, authority: table, mirror: loadingTable })
      : new TableWriter(this.#context, { configured, authority: loadingTable })
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
      if (this.#context.deletionMode === 'hard_delete') await this.#query(this.#removalOfDeleted(table))
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

  async #mergeChanges(): Promise<readonly string[]> {
    if (this.#changes === undefined) return []
    const { configured, loadingTable } = this.#inspected
    // Copies of several moments may have a row twice, and changes must meet one.
    if (this.#way === 'loading' && configured.destinationSyncMode === 'append_dedup' && !this.#isLoadedUnique) {
      await this.#keepLastRows(loadingTable)
    }
    this.#isLoadedUnique = true
    return this.#changes.merge()
  }

  async #dropChanges(): Promise<void> {
    await this.#changes?.drop()
    this.#changes = undefined
  }

  #advance({ position, order }: LogPosition): void {
    if (!isAfter({ position, order }, this.#applied)) return
    this.#applied = { position, order }
    this.#isAppliedNoted = false
  }

  #forgetApplied(): void {
    this.#isAppliedNoted &&= this.#applied === undefined
    this.#applied = undefined
  }

  #removalOfDeleted(table: RelationName): string {
    return `DELETE FROM ${duckdbDialect.formatRelation(table)} WHERE _ab_cdc_deleted_at IS NOT NULL`
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

  /** True when a refresh adds to a table that is there already. */
  get #appendsToTarget(): boolean {
    return addsToTable(this.#inspected.configured, this.#inspected.columns)
  }

  async #mergeDelta(): Promise<void> {
    const { table, configured } = this.#inspected
    const columns = (await duckdbDialect.listColumns(this.#context.session, this.#delta))!.map(({ name }) => name)
    await this.#keepLastRows(this.#delta)
    // Not MERGE: it updates, and DuckDB (1.5.6) keeps the values before an update in memory until the commit.
    const merge = duckdbDialect.deleteInsert({
      target: table,
      source: this.#delta,
      key: configured.primaryKey,
      columns,
    })
    for (const statement of [...merge, duckdbDialect.truncate(this.#delta)]) await this.#query(statement)
  }

  /** Before the mode was changed, each version of a row was appended, in the order in which they came to be. */
  async #mergeAppendedRows(): Promise<void> {
    await this.#refuseAppendedNullKeys()
    await this.#keepLastRows(this.#inspected.table, {})
    await this.#save({ mayRepeatKeys: false })
  }

  async #refuseAppendedNullKeys(): Promise<void> {
    const { table, configured } = this.#inspected
    for (const column of configured.primaryKey) {
      const isNull = `${duckdbDialect.quoteIdentifier(column)} IS NULL`
      const { rows } = await this.#query(`SELECT 1 FROM ${duckdbDialect.formatRelation(table)} WHERE ${isNull} LIMIT 1`)
      if (rows.length > 0) throw nullKey(configured, column)
    }
  }

  /** Of rows of one key, the one that is ahead by the cursor stays, and of equal ones the one that came last. */
  async #keepLastRows(
    table: RelationName,
    { cursorColumn }: Pick<ConfiguredStream, 'cursorColumn'> = this.#inspected.configured,
  ): Promise<void> {
    const { primaryKey } = this.#inspected.configured
    const quote = (name: string) => duckdbDialect.quoteIdentifier(name)
    const key = primaryKey.map(quote).join(', ')
    const name = duckdbDialect.formatRelation(table)
    const { rows } = await this.#query(`SELECT 1 FROM ${name} GROUP BY ${key} HAVING count(*) > 1 LIMIT 1`)
    if (rows.length === 0) return
    const ahead = this.#isReplicated
      ? ['_ab_cdc_lsn', '_ab_cdc_order']
      : cursorColumn === undefined
        ? []
        : [cursorColumn]
    const order = [...ahead.map((column) => `${quote(column)} DESC NULLS LAST`), `${rawId} DESC`]
    // By its id and not by `rowid`, which means a column of the stream where it has one of that name.
    await this.#query(
      `DELETE FROM ${name} WHERE ${rawId} IN (
         SELECT ${rawId} FROM ${name} QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY ${order.join(', ')}) > 1)`,
    )
  }

  /** @returns what a reader of the log should know. */
  async #finishLoading(made: MadeRows): Promise<readonly string[]> {
    const { table, loadingTable, configured } = this.#inspected
    const { ledger } = this.#context
    if (configured.destinationSyncMode === 'append_dedup') {
      await this.#keepLastRows(loadingTable)
      const removesDeleted = this.#isReplicated && this.#context.deletionMode === 'hard_delete'
      if (removesDeleted) await this.#query(this.#removalOfDeleted(loadingTable))
    }
    const notes: string[] = []
    if (this.#appendsToTarget) {
      if (this.#isReplicated) notes.push(...(await this.#closeGap(made)))
      for (const statement of await this.#moveRows(loadingTable, table)) await this.#query(statement)
    } else {
      for (const statement of duckdbDialect.replaceTable(table, loadingTable)) await this.#query(statement)
      await ledger.moveColumnVersions(loadingTable, table)
    }
    const generationId = this.#record.loadingGenerationId!
    const mayRepeatKeys = configured.destinationSyncMode !== 'append_dedup'
    this.#record = { ...this.#record, generationId, loadingGenerationId: undefined, mayRepeatKeys }
    return notes
  }

  /** What was deleted while nobody followed is noted in the history. @returns as `#finishLoading`. */
  async #closeGap(made: MadeRows): Promise<readonly string[]> {
    const { table: history, loadingTable: copy, configured } = this.#inspected
    const { primaryKey: key, stream } = configured
    const at = this.#copiedAt
    if (at === undefined || key.length === 0 || !key.every((column) => this.#writer!.isWritten(column))) {
      return [
        `The history of stream ${streamKey(stream)} goes on with a new copy, and cannot tell which rows were deleted before it: rows as they are now are those since the last change of _airbyte_generation_id.`,
      ]
    }
    const gap = { history, copy, key, at, generationId: this.generationId }
    const { rowsChanged } = await this.#query(gapDeletions(gap, made))
    return rowsChanged === 0
      ? []
      : [
          `${rowsChanged} rows were deleted at the source while stream ${streamKey(stream)} was not followed: its history notes that where its new copy stands.`,
        ]
  }

  async #moveRows(from: RelationName, to: RelationName): Promise<readonly string[]> {
    const described = (await duckdbDialect.listColumns(this.#context.session, from))!
    const columns = described.map(({ name }) => duckdbDialect.quoteIdentifier(name)).join(', ')
    const [source, target] = [from, to].map((relation) => duckdbDialect.formatRelation(relation))
    return [
      `INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${source}`,
      duckdbDialect.dropRelation(from, 'table'),
    ]
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
