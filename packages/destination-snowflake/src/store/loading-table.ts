import { streamKey } from '@eclusa/sdk'
import type { Column, CopiedAt } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import { addsToTable, copiedOrder, metadataColumnsOf, planTable } from '@eclusa/warehouse/load'
import type { InspectedStream, PlannedColumn, TablePlan } from '@eclusa/warehouse/load'
import { madeDeletions } from './made-deletions.ts'
import type { MadeRows } from './made-deletions.ts'
import type { Query } from './ledger.ts'
import { TableColumns } from './table-columns.ts'
import type { LoadContext } from './table-columns.ts'

/** The table beside the target into which a refresh is loaded, until it takes the target's place or its rows join the target's. */
export class LoadingTable {
  readonly #context: LoadContext
  readonly #inspected: InspectedStream

  readonly #retentionDays: number | undefined

  constructor(context: LoadContext, inspected: InspectedStream, retentionDays: number | undefined) {
    this.#context = context
    this.#inspected = inspected
    this.#retentionDays = retentionDays
  }

  /** True when its rows will join those of a table that is there already. */
  get addsToTarget(): boolean {
    return addsToTable(this.#inspected.configured, this.#inspected.columns)
  }

  /** Makes it, in place of what an earlier refresh has left. @returns what a reader of the log should know. */
  async create(columns: readonly Column[]): Promise<readonly string[]> {
    const { table, loadingTable, orphan } = this.#inspected
    const { query, ledger } = this.#context
    await query(snowflakeDialect.createSchema(table.schema, table.database))
    if (orphan !== undefined) {
      await query(snowflakeDialect.dropRelation(orphan, 'table'))
      await ledger.forgetColumnVersions(orphan)
    }
    await ledger.forgetColumnVersions(loadingTable)
    const plan = this.addsToTarget ? await this.#followTarget(columns) : this.#planNew(columns)
    const definitions = plan.columns.map(({ name, sqlType }) => `${snowflakeDialect.quoteIdentifier(name)} ${sqlType}`)
    const name = snowflakeDialect.formatRelation(loadingTable)
    const retention = this.#retentionDays === undefined ? '' : ` DATA_RETENTION_TIME_IN_DAYS = ${this.#retentionDays}`
    await query(`CREATE OR REPLACE TABLE ${name} (${definitions.join(', ')})${retention}`)
    return plan.notes
  }

  columns(): TableColumns {
    const { configured, table, loadingTable } = this.#inspected
    return this.addsToTarget
      ? new TableColumns(this.#context, { configured, authority: table, mirror: loadingTable })
      : new TableColumns(this.#context, { configured, authority: loadingTable })
  }

  /** Adds its rows to the target. */
  async joinTarget(query: Query, written: readonly PlannedColumn[]): Promise<void> {
    const { table, loadingTable } = this.#inspected
    const columns = written.map(({ name }) => snowflakeDialect.quoteIdentifier(name)).join(', ')
    const [source, target] = [loadingTable, table].map((relation) => snowflakeDialect.formatRelation(relation))
    await query(`INSERT INTO ${target} (${columns}) SELECT ${columns} FROM ${source}`)
  }

  /**
   * Notes in a history, before the rows of its new copy join it, what was deleted while nobody followed.
   *
   * @returns what a reader of the log should know.
   */
  async closeGap(
    query: Query,
    {
      writer,
      at,
      generationId,
      made,
    }: {
      readonly writer: TableColumns
      readonly at: CopiedAt | undefined
      readonly generationId: number
      readonly made: MadeRows
    },
  ): Promise<readonly string[]> {
    const { table: history, loadingTable: remaining, configured } = this.#inspected
    const { primaryKey, stream } = configured
    const { rules } = this.#context
    const key = primaryKey.map(rules.nameOf)
    if (at === undefined || key.length === 0 || !key.every((column) => writer.isWritten(column))) {
      return [
        `The history of stream ${streamKey(stream)} goes on with a new copy, and cannot tell which rows were deleted before it: rows as they are now are those since the last change of _airbyte_generation_id.`,
      ]
    }
    const place = { position: at.position, order: copiedOrder, committedAtUs: at.atUs }
    const gone = { rules, history, key, at: place, generationId, remaining }
    const { rowsChanged } = await query(madeDeletions(gone, made))
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
      rules: this.#context.rules,
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
  async #followTarget(columns: readonly Column[]): Promise<Pick<TablePlan, 'columns' | 'notes'>> {
    const { configured, table } = this.#inspected
    const target = new TableColumns(this.#context, { configured, authority: table })
    const notes = await target.follow(columns)
    return { notes, columns: target.columns }
  }
}
