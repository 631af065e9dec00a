import type { Column, ConfiguredStream } from '@eclusa/sdk'
import { EclusaError, streamKey } from '@eclusa/sdk'
import { duckdbDialect } from '@eclusa/warehouse'
import type { RelationName } from '@eclusa/warehouse'
import { foldCase, lateColumnNote, lateColumns, metadataColumnsOf, planTable } from '@eclusa/warehouse/load'
import type { MetadataColumnName, PlannedColumn, TablePlan } from '@eclusa/warehouse/load'
import type { SlotValues } from '../chunk/chunk-writer.ts'
import { OpenInsertion } from '../chunk/open-insertion.ts'
import { TableInsertion } from '../chunk/table-insertion.ts'
import type { InsertionContext } from '../chunk/table-insertion.ts'
import { duckdbRules } from '../table/duckdb-rules.ts'
import type { ColumnData } from '../chunk/column-data.ts'
import type { Ledger } from './ledger.ts'

/** What all writers of a session share. */
export interface WriterContext extends InsertionContext {
  readonly ledger: Ledger
}

export interface BatchRows {
  readonly rowCount: number
  readonly columns: readonly ColumnData[]
  /** NULL in columns that are not among them. */
  readonly metadata: Readonly<Partial<Record<MetadataColumnName, SlotValues>>>
}

/** A column of a table that rows are written to. */
export interface WrittenColumn extends PlannedColumn {
  /** The stream's column whose values it holds, or held before they went to a new version; undefined when there is none. */
  readonly of: string | undefined
}

/** What each column gets from a batch. */
export function slotsOf(written: readonly WrittenColumn[], { columns, metadata }: BatchRows): SlotValues[] {
  return written.map(({ origin }): SlotValues => {
    if (origin.kind === 'source') return { kind: 'rows', column: columns[origin.index]! }
    return (origin.kind === 'metadata' ? metadata[origin.name] : undefined) ?? { kind: 'null' }
  })
}

/** Appends the batches of a stream to one table, and lets that table and its mirrors follow the stream's columns. */
export class TableWriter {
  readonly #context: WriterContext
  readonly #configured: ConfiguredStream
  /** The table whose columns decide. */
  readonly #authority: RelationName
  /** A table of the same columns that rows go through on their way; undefined when they go straight to the authority. */
  readonly #mirror: RelationName | undefined
  #columns: readonly WrittenColumn[] = []
  readonly #insertion = new OpenInsertion()

  constructor(
    context: WriterContext,
    tables: { configured: ConfiguredStream; authority: RelationName; mirror?: RelationName },
  ) {
    this.#context = context
    this.#configured = tables.configured
    this.#authority = tables.authority
    this.#mirror = tables.mirror
  }

  /** Lets the tables follow these columns. @returns what a reader of the log should know. */
  async follow(columns: readonly Column[]): Promise<readonly string[]> {
    await this.flush()
    const { session, ledger } = this.#context
    const versions = await ledger.columnVersions(this.#authority)
    const plan = planTable({
      rules: duckdbRules,
      stream: this.#configured.stream,
      columns,
      metadata: metadataColumnsOf(this.#configured),
      table: await duckdbDialect.listColumns(session, this.#authority),
      versions,
      policy: this.#configured.schemaPolicy,
      replaces: false,
    })
    const late = lateColumns(plan)
    const notes = late.length > 0 && (await this.#hasRows()) ? [lateColumnNote(this.#configured, late)] : []
    await this.#apply(plan)
    const names = (await duckdbDialect.listColumns(session, this.#target)) ?? []
    this.#columns = names.map(({ name }) => {
      const planned = this.#plannedColumn(plan, name)
      return { ...planned, of: streamColumnOf(planned, columns, versions) }
    })
    return [...plan.notes, ...notes]
  }

  /** False for a column of the stream that goes into another one of the table: a version of it, or none. */
  isWritten(name: string): boolean {
    const folded = foldCase(name)
    return this.#columns.some((column) => foldCase(column.name) === folded && column.origin.kind === 'source')
  }

  /** Resolves when the batch's memory is no longer needed; `flush` tells whether its rows arrived. */
  append(rows: BatchRows): Promise<void> {
    const types = this.#columns.map(({ type }) => type)
    const insertion = this.#insertion.orBegin(() => new TableInsertion(this.#context, this.#target, types))
    return insertion.append(slotsOf(this.#columns, rows), rows.rowCount)
  }

  /** In the order of the table. */
  get columns(): readonly WrittenColumn[] {
    return this.#columns
  }

  /** Resolves when all rows are in the transaction, as must be before statements that change the table. */
  async flush(): Promise<void> {
    await this.#insertion.finish()
  }

  async discard(): Promise<void> {
    await this.#insertion.discard()
  }

  get #target(): RelationName {
    return this.#mirror ?? this.#authority
  }

  async #hasRows(): Promise<boolean> {
    for (const table of this.#tables) {
      const { rows } = await this.#context.session.query(`SELECT 1 FROM ${duckdbDialect.formatRelation(table)} LIMIT 1`)
      if (rows.length > 0) return true
    }
    return false
  }

  get #tables(): readonly RelationName[] {
    return this.#mirror === undefined ? [this.#authority] : [this.#authority, this.#mirror]
  }

  async #apply({ changes }: TablePlan): Promise<void> {
    const { session, ledger } = this.#context
    for (const { kind, column, sqlType, versionOf } of changes) {
      for (const table of this.#tables) {
        const statement =
          kind === 'add'
            ? duckdbDialect.addColumn(table, { name: column, sqlType })
            : duckdbDialect.alterColumnType(table, column, sqlType)
        await session.query(statement)
      }
      if (versionOf !== undefined) await ledger.saveColumnVersion(this.#authority, column, versionOf)
    }
  }

  #plannedColumn({ columns }: TablePlan, name: string): PlannedColumn {
    const planned = columns.find((column) => foldCase(column.name) === foldCase(name))
    if (planned !== undefined) return planned
    const table = duckdbDialect.formatRelation(this.#target)
    throw new EclusaError('DESTINATION_TABLE_CHANGED', {
      message: `Table ${table} has a column "${name}" that ${duckdbDialect.formatRelation(this.#authority)} lacks.`,
      remedy: `Drop what was loaded half: DROP TABLE ${table}`,
      details: { stream: streamKey(this.#configured.stream) },
    })
  }
}

function streamColumnOf(
  { name, origin }: PlannedColumn,
  columns: readonly Column[],
  versions: ReadonlyMap<string, string>,
): string | undefined {
  if (origin.kind === 'metadata') return undefined
  if (origin.kind === 'source') return columns[origin.index]!.name
  const folded = foldCase(name)
  const ofName = versions.get(folded) ?? name
  return columns.find((column) => foldCase(column.name) === foldCase(ofName))?.name
}
