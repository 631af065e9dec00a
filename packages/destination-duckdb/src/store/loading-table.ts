import { streamKey } from '@eclusa/sdk'
import type { Column, CopiedAt } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import { addsToTable, copiedOrder, metadataColumnsOf, planTable } from '@eclusa/warehouse/load'
import type { InspectedStream, TablePlan } from '@eclusa/warehouse/load'
import { duckdbRules } from '../table/duckdb-rules.ts'
import { madeDeletions } from './made-deletions.ts'
import type { MadeRows } from './made-deletions.ts'
import { TableWriter } from './table-writer.ts'
import type { WriterContext } from './table-writer.ts'

/** The table beside the target into which a refresh is loaded, until it takes the target's place or its rows join the target's. */
export class LoadingTable {
  readonly #context: WriterContext
  readonly #inspected: InspectedStream

  constructor(context: WriterContext, inspected: InspectedStream) {
    this.#context = context
    this.#inspected = inspected
  }

  /** True when its rows will join those of a table that is there already. */
  get addsToTarget(): boolean {
    return addsToTable(this.#inspected.configured, this.#inspected.columns)
  }

  /** Makes it, in place of what an earlier refresh has left. @returns what a reader of the log should know. */
  async create(columns: readonly Column[]): Promise<readonly string[]> {
    const { table, loadingTable, orphan } = this.#inspected
    const { session, ledger } = this.#context
    await session.query(duckdbDialect.createSchema(table.schema, table.database))
    for (const old of orphan === undefined ? [loadingTable] : [loadingTable, orphan]) {
      await session.query(duckdbDialect.dropRelation(old, 'table'))
      await ledger.forgetColumnVersions(old)
    }
    const plan = this.addsToTarget ? await this.#followTarget(columns) : this.#planNew(columns)
    await session.query(duckdbDialect.createTable(loadingTable, plan.columns))
    return plan.notes
  }

  writer(): TableWriter {
    const { configured, table, loadingTable } = this.#inspected
    return this.addsToTarget
      ? new TableWriter(this.#context, { configured, authority: table, mirror: loadingTable })
      : new TableWriter(this.#context, { configured, authority: loadingTable })
  }

  /** Makes its rows visible. */
  async replaceTarget(): Promise<void> {
    const { table, loadingTable } = this.#inspected
    for (const statement of duckdbDialect.replaceTable(table, loadingTable)) await this.#query(statement)
    await this.#context.ledger.moveColumnVersions(loadingTable, table)
  }

  /** As `replaceTarget`, where rows are added. */
  async joinTarget(): Promise<void> {
    const { table, loadingTable } = this.#inspected
    const described = (await duckdbDialect.listColumns(this.#context.session, loadingTable))!
    const columns = described.map(({ name }) => duckdbDialect.quoteIdentifier(name)).join(', ')
    const [source, target] = [loadingTable, table].map((relation) => duckdbDialect.formatRelation(relation))
    await this.#query(`INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${source}`)
    await this.#query(duckdbDialect.dropRelation(loadingTable, 'table'))
  }

  /**
   * Notes in a history, before the rows of its new copy join it, what was deleted while nobody followed.
   *
   * @returns what a reader of the log should know.
   */
  async closeGap(
    made: MadeRows,
    {
      writer,
      at,
      generationId,
    }: { readonly writer: TableWriter; readonly at: CopiedAt | undefined; readonly generationId: number },
  ): Promise<readonly string[]> {
    const { table: history, loadingTable: copy, configured } = this.#inspected
    const { primaryKey: key, stream } = configured
    if (at === undefined || key.length === 0 || !key.every((column) => writer.isWritten(column))) {
      return [
        `The history of stream ${streamKey(stream)} goes on with a new copy, and cannot tell which rows were deleted before it: rows as they are now are those since the last change of _airbyte_generation_id.`,
      ]
    }
    const place = { position: at.position, order: copiedOrder, committedAtUs: at.atUs }
    const gone = { history, key, at: place, generationId, remaining: copy }
    const { rowsChanged } = await this.#query(madeDeletions(gone, made))
    made.add(rowsChanged)
    return rowsChanged === 0
      ? []
      : [
          `${rowsChanged} rows were deleted at the source while stream ${streamKey(stream)} was not followed: its history notes that where its new copy stands.`,
        ]
  }

  /** A table that will take the target's place. */
  #planNew(columns: readonly Column[]): Pick<TablePlan, 'columns' | 'notes'> {
    const { configured, columns: table } = this.#inspected
    return planTable({
      rules: duckdbRules,
      stream: configured.stream,
      columns,
      metadata: metadataColumnsOf(configured),
      table,
      versions: new Map(),
      policy: configured.schemaPolicy,
      replaces: true,
    })
  }

  /** A table whose rows will join the target's: the target follows the stream first, so that both have the same columns. */
  async #followTarget(columns: readonly Column[]) {
    const { configured, table } = this.#inspected
    const notes = await new TableWriter(this.#context, { configured, authority: table }).follow(columns)
    return { notes, columns: (await duckdbDialect.listColumns(this.#context.session, table))! }
  }

  #query(sql: string) {
    return this.#context.session.query(sql)
  }
}
