import { EclusaError, fullRefreshCommand, streamKey } from '@eclusa/sdk'
import type { Column, ConfiguredStream, StreamName } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { rawIdMaxOf } from '../table/raw-id.ts'
import { planTable } from '../table/table-plan.ts'
import type { TablePlan } from '../table/table-plan.ts'
import type { StreamRecord } from './ledger.ts'
import { nullKey, refuseNullKeys } from './null-key.ts'
import { addsToTable } from './stream-inspection.ts'
import type { InspectedStream } from './stream-inspection.ts'
import { TableWriter } from './table-writer.ts'
import type { BatchRows, WriterContext } from './table-writer.ts'

/*
 * Three ways for rows into a table:
 *
 *   loading  a refresh from its first row on goes into a table beside the target, over as many commits and runs as it
 *            takes; the commit that completes it puts that table in the target's place (or, when the mode is append,
 *            its rows into the target)
 *   direct   an incremental stream that appends writes to the target; each commit makes its rows visible
 *   delta    an incremental stream with keys writes to a temporary table, which each commit merges into the target
 */
type Way = 'loading' | 'direct' | 'delta'

const rawId = duckdbDialect.quoteIdentifier('_airbyte_raw_id')

/** What becomes of a batch. */
export interface Appended {
  /** What a reader of the log should know. */
  readonly notes: readonly string[]
  /** Settles when the batch's memory is no longer needed. */
  readonly taken: Promise<void>
}

/** One stream of a session: what happens between its start and its completion, inside the session's transaction. */
export class StreamLoad {
  readonly #context: WriterContext
  readonly #inspected: InspectedStream
  readonly #delta: RelationName
  #record: StreamRecord
  #way: Way = 'loading'
  #writer: TableWriter | undefined
  #columns: readonly Column[]
  #isCompleted = false

  constructor(context: WriterContext, inspected: InspectedStream, index: number) {
    this.#context = context
    this.#inspected = inspected
    this.#record = inspected.record
    this.#columns = inspected.configured.schema.columns
    this.#delta = { database: 'temp', schema: 'main', identifier: `_eclusa_delta_${index}` }
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
    if (this.#record.loadingGenerationId !== undefined) return this.#resumeLoading()
    if (this.#inspected.columns === undefined) throw this.#nothingToResume()
    return this.#inspected.configured.destinationSyncMode === 'append_dedup' ? this.#startDelta() : this.#startDirect()
  }

  /** Takes back everything of the unfinished read, rows of earlier commits included. */
  async restart(): Promise<readonly string[]> {
    await this.discard()
    if (this.#way === 'loading') return this.#startLoading()
    if (this.#way === 'direct') await this.#deleteUnfinishedRows()
    // Merged rows cannot be taken back, and need not: they are merged again, each over itself.
    else await this.#query(duckdbDialect.truncate(this.#delta))
    await this.#forgetCheckpoint()
    return this.#follow()
  }

  /** Batches must come one after the other, and the next may come before the last one is taken. */
  async append(rows: BatchRows, columns: readonly Column[] | undefined): Promise<Appended> {
    const notes = columns === undefined ? [] : await this.#followNew(columns)
    refuseNullKeys(this.#inspected.configured, this.#columns, rows.columns)
    return { notes, taken: this.#writer!.append(rows) }
  }

  complete(): void {
    this.#isCompleted = true
  }

  /** Brings the rows to where the commit makes them visible. */
  async prepareCommit(sequence: number): Promise<void> {
    await this.#writer?.flush()
    if (this.#way === 'delta') await this.#mergeDelta()
    if (!this.#isCompleted) return
    if (this.#way === 'loading') await this.#finishLoading()
    await this.#save({ completedSequence: sequence })
    this.#isCompleted = false
  }

  /** Forgets rows that are not in the transaction yet. */
  async discard(): Promise<void> {
    await this.#writer?.discard()
  }

  async #startLoading(): Promise<readonly string[]> {
    const { table, loadingTable, orphan } = this.#inspected
    const { session, ledger } = this.#context
    await this.#forgetCheckpoint()
    await session.query(duckdbDialect.createSchema(table.schema, table.database))
    for (const old of orphan === undefined ? [loadingTable] : [loadingTable, orphan]) {
      await session.query(duckdbDialect.dropRelation(old, 'table'))
      await ledger.forgetColumnVersions(old)
    }
    this.#way = 'loading'
    this.#writer = this.#loadingWriter()
    const { columns, notes } = this.#appendsToTarget ? await this.#followTarget() : this.#planNewTable()
    await session.query(duckdbDialect.createTable(loadingTable, columns))
    await this.#save({ loadingGenerationId: this.#record.generationId + 1 })
    return [...new Set([...notes, ...(await this.#follow())])]
  }

  /** A table that will take the target's place. */
  #planNewTable(): Pick<TablePlan, 'columns' | 'notes'> {
    const { configured, columns } = this.#inspected
    return planTable({
      stream: configured.stream,
      columns: this.#columns,
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
    const order = [...(cursorColumn === undefined ? [] : [`${quote(cursorColumn)} DESC NULLS LAST`]), `${rawId} DESC`]
    // By its id and not by `rowid`, which means a column of the stream where it has one of that name.
    await this.#query(
      `DELETE FROM ${name} WHERE ${rawId} IN (
         SELECT ${rawId} FROM ${name} QUALIFY row_number() OVER (PARTITION BY ${key} ORDER BY ${order.join(', ')}) > 1)`,
    )
  }

  async #finishLoading(): Promise<void> {
    const { table, loadingTable, configured } = this.#inspected
    const { ledger } = this.#context
    if (configured.destinationSyncMode === 'append_dedup') await this.#keepLastRows(loadingTable)
    if (this.#appendsToTarget) {
      for (const statement of await this.#moveRows(loadingTable, table)) await this.#query(statement)
    } else {
      for (const statement of duckdbDialect.replaceTable(table, loadingTable)) await this.#query(statement)
      await ledger.moveColumnVersions(loadingTable, table)
    }
    const generationId = this.#record.loadingGenerationId!
    const mayRepeatKeys = configured.destinationSyncMode !== 'append_dedup'
    this.#record = { ...this.#record, generationId, loadingGenerationId: undefined, mayRepeatKeys }
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

  #nothingToResume(): EclusaError {
    const { configured } = this.#inspected
    return new EclusaError('INTERNAL', {
      message: `Stream ${streamKey(configured.stream)} was told to go on, and there is nothing of it in the warehouse.`,
      details: { stream: streamKey(configured.stream) },
    })
  }
}
