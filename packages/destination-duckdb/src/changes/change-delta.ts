import { changeOperation, streamKey } from '@eclusa/sdk'
import type { ConfiguredStream, RowChanges, TruncateChange } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { UnchangedMarks, areCopied, foldCase } from '@eclusa/warehouse/load'
import { OpenInsertion } from '../chunk/open-insertion.ts'
import { TableInsertion } from '../chunk/table-insertion.ts'
import type { InsertionLimits } from '../chunk/table-insertion.ts'
import type { DeltaColumn } from './change-slots.ts'
import { deltaSlots, markColumn, operationColumn, rowColumn } from './change-slots.ts'
import { averageBaseBytes, lineageRows, vectorRows } from './filled-rows.ts'
import type { Part } from './filled-rows.ts'
import { areLone, loneRows, unresolvedColumn } from './lone-rows.ts'
import { plainMerge, replaceUnresolved, resolveInParts, resolvedMerge, truncation } from './merge-sql.ts'
import { lastRows, quote, unfoundColumn } from './merge.ts'
import type { Merge } from './merge.ts'
import { madeDeletions } from '../store/made-deletions.ts'
import type { MadeRows } from '../store/made-deletions.ts'
import { slotsOf } from '../store/table-writer.ts'
import type { BatchRows, WriterContext, WrittenColumn } from '../store/table-writer.ts'

/*
 * Changes of one stream on their way into its table: a temporary table with the table's columns, and beside them what each
 * change is. All that touches rows of the table happens in `merge`, at the end of the transaction: DuckDB (1.5.6) refuses
 * to commit a transaction that has deleted rows of a table before it altered it.
 */

/**
 * Up to so many rows, a delta is inserted with whatever memory and threads there are at the moment: lowering them for it
 * took half of the time of a small commit, because what the next merge needs was thrown out of memory.
 */
const smallDeltaRows = 100_000
/** For changes this few it does not pay to ask how large the values are that they leave out. */
const onePartRows = 100
/** Of changes and of what they leave out. */
const partBytesMin = 32 * 1024 * 1024
/** Each part reads the changes, and looks through the keys of the table. */
const partsMax = 32
/** Filling what was left out of more than that does not spill, and may not fit into what merging has. */
const smallFillingRows = 10_000
const smallFillingBytes = 8 * 1024 * 1024
const limitsAsTheyAre: InsertionLimits = { threadsMax: 1, threadsAvailable: () => 1, beginInserting: async () => {} }

export interface ChangeDeltaOptions {
  readonly configured: ConfiguredStream
  /** Where the changes go. */
  readonly table: RelationName
  /** The temporary table. */
  readonly delta: RelationName
  readonly columns: readonly WrittenColumn[]
  readonly deletes: Merge['deletes']
}

/** What rows that are made in the warehouse have. */
export interface NewRows {
  readonly made: MadeRows
  readonly generationId: number
}

export class ChangeDelta {
  readonly #context: WriterContext
  readonly #options: ChangeDeltaOptions
  readonly #marks = new UnchangedMarks()
  /** Columns of the table that the delta has too. */
  #columns: readonly WrittenColumn[]
  #words = 0
  #isThere = false
  readonly #insertion = new OpenInsertion()
  #rows = 0
  #bytes = 0
  #positionMin: bigint | undefined
  #positionMax = 0n
  /** Rows that may take the place of one in the table. */
  #replacing = 0
  /** Rows that leave something out. */
  #lacking = 0
  #hasDeletes = false
  #hasCopies = false
  #hasUnsentRekeys = false
  readonly #truncations: { readonly at: TruncateChange; readonly row: number }[] = []
  /** The newest position that a row of the table has; undefined before it was looked up. */
  #tablePosition: bigint | undefined

  constructor(context: WriterContext, options: ChangeDeltaOptions) {
    this.#context = context
    this.#options = options
    this.#columns = options.columns
  }

  /** Batches must come one after the other. Resolves when the batch's memory is no longer needed. */
  async append(
    rows: BatchRows,
    { changes, byteLength }: { readonly changes: RowChanges; readonly byteLength: number },
    names: readonly string[],
  ): Promise<{ taken: Promise<void> }> {
    this.#bytes += byteLength
    const words = this.#marks.wordsOf(changes, names.map(foldCase))
    await this.#prepare()
    this.#note(changes, words)
    const slots = [...slotsOf(this.#columns, rows), ...deltaSlots(changes, { firstRow: this.#rows, words })]
    return { taken: (await this.#insertionOf(rows.rowCount)).append(slots, rows.rowCount) }
  }

  truncate(at: TruncateChange): void {
    this.#truncations.push({ at, row: this.#rows })
    this.#noteRange(at.position, at.position)
  }

  /** Lets the delta follow its table. */
  async follow(columns: readonly WrittenColumn[]): Promise<void> {
    await this.flush()
    const known = new Map(this.#columns.map((column) => [foldCase(column.name), column]))
    for (const { name, sqlType } of this.#isThere ? columns : []) {
      const existing = known.get(foldCase(name))
      if (existing === undefined) await this.#query(duckdbDialect.addColumn(this.#options.delta, { name, sqlType }))
      else if (existing.sqlType !== sqlType)
        await this.#query(duckdbDialect.alterColumnType(this.#options.delta, existing.name, sqlType))
    }
    this.#columns = columns
  }

  /** Brings the changes into the table. @returns what a reader of the log should know. */
  async merge(rows: NewRows): Promise<readonly string[]> {
    await this.flush()
    if (this.#rows === 0 && this.#truncations.length === 0) return []
    const mayBeBehind = await this.#mayBeBehind()
    let unfound = 0
    let from = 0
    for (const { at, row } of this.#truncations) {
      if (this.#keepsTruncated) unfound += await this.#mergeRows(mayBeBehind, { from, before: row })
      if (this.#takes === 'last') await this.#queryAll(truncation(this.#mergeOf(mayBeBehind), at))
      else await this.#endHistory(at, rows)
      from = row
    }
    unfound += await this.#mergeRows(mayBeBehind, { from, before: this.#rows })
    this.noteInTable(this.#positionMax)
    await this.#clear()
    return unfound === 0 ? [] : [this.#unfoundNote()]
  }

  /** Every row that is current gets a deletion. */
  async #endHistory(at: TruncateChange, { made, generationId }: NewRows): Promise<void> {
    const { table: history, configured } = this.#options
    const ended = { history, key: configured.primaryKey, at, generationId }
    made.add((await this.#query(madeDeletions(ended, made))).rowsChanged)
  }

  /** Rows of that position have come into the table. */
  noteInTable(position: bigint): void {
    if (this.#tablePosition !== undefined) this.#tablePosition = maxOf(this.#tablePosition, position)
  }

  async flush(): Promise<void> {
    await this.#insertion.finish()
  }

  /** Forgets rows that are not in the transaction yet. */
  async discard(): Promise<void> {
    await this.#insertion.discard()
  }

  async drop(): Promise<void> {
    await this.discard()
    if (this.#isThere) await this.#query(duckdbDialect.dropRelation(this.#options.delta, 'table'))
    this.#isThere = false
  }

  get #takes(): Merge['takes'] {
    return this.#options.configured.destinationSyncMode === 'append_dedup' ? 'last' : 'all'
  }

  /** A history has every change, and rows that are only marked as deleted were there before. */
  get #keepsTruncated(): boolean {
    return this.#takes === 'all' || this.#options.deletes !== 'removed'
  }

  /** The delta is there, and has a column for each word of marks. */
  async #prepare(): Promise<void> {
    const { delta } = this.#options
    if (!this.#isThere) {
      this.#words = this.#marks.wordCount
      const columns = [...this.#columns.map(({ name, sqlType }) => ({ name, sqlType })), ...this.#own()]
      await this.#query(duckdbDialect.createTable(delta, columns, { temporary: true }))
      this.#isThere = true
    }
    for (; this.#words < this.#marks.wordCount; this.#words++) {
      await this.flush()
      await this.#query(duckdbDialect.addColumn(delta, markColumn(this.#words)))
    }
  }

  /** Counts the rows that it is for. */
  async #insertionOf(rowCount: number): Promise<TableInsertion> {
    const wasSmall = this.#rows <= smallDeltaRows
    this.#rows += rowCount
    const isSmall = this.#rows <= smallDeltaRows
    if (wasSmall && !isSmall) await this.flush()
    const written = [...this.#columns, ...this.#own()]
    const context = isSmall ? { ...this.#context, limits: limitsAsTheyAre } : this.#context
    const types = written.map(({ type }) => type)
    const names = written.map(({ name }) => name)
    return this.#insertion.orBegin(() => new TableInsertion(context, this.#options.delta, types, names))
  }

  #own(): DeltaColumn[] {
    return [operationColumn, rowColumn, ...Array.from({ length: this.#words }, (_, word) => markColumn(word))]
  }

  #note(changes: RowChanges, words: readonly (Int32Array | undefined)[]): void {
    const { operations, positions } = changes
    if (operations.length === 0) return
    this.#noteRange(positions[0]!, positions[positions.length - 1]!)
    const sparse = words.filter((word) => word !== undefined)
    const fillsDeletes = this.#options.deletes === 'filled'
    for (let index = 0; index < operations.length; index++) {
      const operation = operations[index]
      if (operation !== changeOperation.insert) this.#replacing++
      const isFilledDelete = fillsDeletes && operation === changeOperation.delete
      if (isFilledDelete || sparse.some((word) => word[index] !== 0)) this.#lacking++
    }
    this.#hasDeletes ||= operations.includes(changeOperation.delete)
    this.#hasCopies ||= areCopied(changes)
    this.#hasUnsentRekeys ||= words.some((word) =>
      word?.some((marks, row) => marks !== 0 && operations[row] === changeOperation.rekey),
    )
  }

  #noteRange(first: bigint, last: bigint): void {
    this.#positionMin ??= first
    if (first < this.#positionMin) this.#positionMin = first
    this.#positionMax = maxOf(this.#positionMax, last)
  }

  async #mayBeBehind(): Promise<boolean> {
    if (this.#takes === 'all') return false
    return this.#positionMin! <= (await this.#newestInTable()) || this.#hasCopies
  }

  async #newestInTable(): Promise<bigint> {
    if (this.#tablePosition !== undefined) return this.#tablePosition
    const table = duckdbDialect.formatRelation(this.#options.table)
    const { rows } = await this.#query(`SELECT coalesce(max(_ab_cdc_lsn), -1)::BIGINT FROM ${table}`)
    const newest = rows[0]![0] as bigint
    this.#tablePosition = newest
    return newest
  }

  #mergeOf(mayBeBehind: boolean, rows?: Merge['rows']): Merge {
    const { configured, table, delta, deletes } = this.#options
    const present = this.#marks.columns
    const isAll = rows === undefined || (rows.from === 0 && rows.before === this.#rows)
    return {
      table,
      delta,
      key: configured.primaryKey,
      columns: this.#columns.map(({ name, of }) => {
        const isMarked = of !== undefined && present.has(foldCase(of))
        return { name, of, mark: isMarked ? this.#marks.placeOf(foldCase(of)) : undefined }
      }),
      ...(isAll ? {} : { rows }),
      takes: this.#takes,
      deletes,
      mayBeBehind,
      hasUnsentRekeys: this.#hasUnsentRekeys && configured.primaryKey.length > 0,
    }
  }

  /** @returns how many values were found nowhere. */
  async #mergeRows(mayBeBehind: boolean, rows: { readonly from: number; readonly before: number }): Promise<number> {
    if (rows.from === rows.before) return 0
    const merge = this.#mergeOf(mayBeBehind, rows)
    const fillsDeletes = merge.deletes === 'filled' && this.#hasDeletes
    const isPlain = this.#marks.columns.size === 0 && !fillsDeletes && !mayBeBehind
    if (isPlain) {
      await this.#mergePlain(merge, rows.before - rows.from)
      return 0
    }
    const resolved = { ...this.#options.delta, identifier: `${this.#options.delta.identifier}_resolved` }
    const unfound = await this.#resolve(merge, { resolved, count: rows.before - rows.from })
    await this.#queryAll([...resolvedMerge(merge, resolved), duckdbDialect.dropRelation(resolved, 'table')])
    return unfound
  }

  /**
   * The last rows of many keys are looked for on their own: what DuckDB (1.5.6) keeps for that is gone when it inserts, and
   * where all rows are the last ones, as in most transactions that are large, it need not look at them again.
   */
  async #mergePlain(merge: Merge, count: number): Promise<void> {
    if (merge.takes === 'all' || count <= smallDeltaRows) return await this.#queryAll(plainMerge(merge))
    const { limits } = this.#context
    await limits.beginReplacing(this.#replacing)
    const last = { ...merge.delta, identifier: `${merge.delta.identifier}_last` }
    const create = duckdbDialect.createTableAs(last, lastRows(merge), { temporary: true })
    const { rowsChanged: keys } = await this.#query(create)
    const areAllLast = keys === count
    const selected = areAllLast
      ? undefined
      : `SELECT ${quote(rowColumn.name)} FROM ${duckdbDialect.formatRelation(last)}`
    const [deleteOld, insertNew] = plainMerge(merge, { last: selected })
    await this.#query(deleteOld!)
    if (areAllLast) await limits.beginInserting(limits.threadsAvailable())
    await this.#query(insertNew!)
    await this.#query(duckdbDialect.dropRelation(last, 'table'))
  }

  /** Makes rows as they are to be. @returns how many values were found nowhere. */
  async #resolve(
    merge: Merge,
    { resolved, count }: { readonly resolved: RelationName; readonly count: number },
  ): Promise<number> {
    const create = (sql: string) => duckdbDialect.createTableAs(resolved, sql, { temporary: true })
    if (areLone(merge)) {
      await this.#query(create(loneRows(merge)))
      const others = await this.#sumOf(resolved, unresolvedColumn)
      if (others === 0) return 0
      await this.#inParts(merge, others, (parts) => replaceUnresolved(merge, resolved, parts))
    } else await this.#inParts(merge, count, (parts) => resolveInParts(merge, resolved, parts))
    return await this.#sumOf(resolved, unfoundColumn)
  }

  /** Filling does not spill, and keeps a row many times over: what is large is filled in parts. */
  async #inParts(
    merge: Merge,
    count: number,
    statements: (parts: readonly (Part | undefined)[]) => readonly string[],
  ): Promise<void> {
    const isSmall = count <= smallFillingRows && this.#bytes <= smallFillingBytes
    const baseBytes = merge.key.length === 0 || count <= onePartRows ? 0 : await this.#averageBaseBytes(merge)
    const bytes = this.#bytes + baseBytes * Math.min(count, this.#lacking)
    const partCount = Math.min(partsMax, Math.ceil(bytes / partBytesMin))
    const isInParts = partCount > 1
    if (isInParts) {
      await this.#context.limits.beginFillingPart({ partBytes: bytes / partCount, vectorBytes: baseBytes * vectorRows })
    } else if (!isSmall) await this.#context.limits.beginFilling()
    if (!isInParts) return await this.#queryAll(statements([undefined]))
    const lineage = { ...merge.delta, identifier: `${merge.delta.identifier}_lineage` }
    if (merge.hasUnsentRekeys) {
      await this.#query(duckdbDialect.createTableAs(lineage, lineageRows(merge), { temporary: true }))
    }
    const parts = Array.from({ length: partCount }, (_, index) => ({ index, count: partCount, lineage }))
    await this.#queryAll(statements(parts))
    if (merge.hasUnsentRekeys) await this.#query(duckdbDialect.dropRelation(lineage, 'table'))
  }

  async #averageBaseBytes(merge: Merge): Promise<number> {
    const count = await this.#query(`SELECT count(*) FROM ${duckdbDialect.formatRelation(merge.table)}`)
    const average = await this.#query(averageBaseBytes(merge, Number(count.rows[0]![0])))
    return Number(average.rows[0]![0])
  }

  async #sumOf(table: RelationName, column: string): Promise<number> {
    const sql = `SELECT coalesce(sum(${column}), 0)::BIGINT FROM ${duckdbDialect.formatRelation(table)}`
    return Number((await this.#query(sql)).rows[0]![0])
  }

  async #clear(): Promise<void> {
    if (this.#isThere && this.#rows > 0) await this.#query(duckdbDialect.truncate(this.#options.delta))
    this.#rows = 0
    this.#bytes = 0
    this.#replacing = 0
    this.#lacking = 0
    this.#positionMin = undefined
    this.#hasDeletes = false
    this.#hasCopies = false
    this.#hasUnsentRekeys = false
    this.#truncations.length = 0
    this.#marks.clear()
  }

  #unfoundNote(): string {
    const { configured } = this.#options
    return `Values of stream ${streamKey(configured.stream)} that the source did not send, because they had not changed, were found in no earlier row: they are NULL, and _airbyte_meta says so.`
  }

  async #queryAll(statements: readonly string[]): Promise<void> {
    for (const statement of statements) await this.#query(statement)
  }

  #query(sql: string) {
    return this.#context.session.query(sql)
  }
}

function maxOf(left: bigint, right: bigint): bigint {
  return left > right ? left : right
}
