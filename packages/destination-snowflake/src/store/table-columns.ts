import { EclusaError, streamKey } from '@eclusa/sdk'
import type { Column, ConfiguredStream } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import type { ColumnDefinition, RelationColumn, RelationName } from '@eclusa/warehouse'
import { lateColumnNote, lateColumns, metadataColumnsOf, planTable } from '@eclusa/warehouse/load'
import type { PlannedColumn, TablePlan, TableRules } from '@eclusa/warehouse/load'
import { copiedValue } from '../staging/copy-into.ts'
import type { CopiedColumn } from '../staging/copy-into.ts'
import type { Ledger, Query } from './ledger.ts'

/** What all streams of a session share. */
export interface LoadContext {
  readonly query: Query
  readonly ledger: Ledger
  readonly rules: TableRules
  readonly columnsOf: (table: RelationName) => Promise<readonly RelationColumn[] | undefined>
}

/** A column of a table that rows are written to. */
export interface WrittenColumn extends PlannedColumn {
  /** The stream's column whose values it holds, or held before they went to a new version; undefined when there is none. */
  readonly of: string | undefined
}

/** Lets a table, and those that mirror it, follow the columns of a stream. All of it is DDL, outside of transactions. */
export class TableColumns {
  readonly #context: LoadContext
  readonly #configured: ConfiguredStream
  /** The table whose columns decide. */
  readonly #authority: RelationName
  /** A table of the same columns that rows go through on their way. */
  readonly #mirror: RelationName | undefined
  #columns: readonly WrittenColumn[] = []
  #source: readonly Column[] = []

  constructor(
    context: LoadContext,
    tables: { configured: ConfiguredStream; authority: RelationName; mirror?: RelationName },
  ) {
    this.#context = context
    this.#configured = tables.configured
    this.#authority = tables.authority
    this.#mirror = tables.mirror
  }

  /** @returns what a reader of the log should know. */
  async follow(columns: readonly Column[]): Promise<readonly string[]> {
    const { ledger, rules, columnsOf } = this.#context
    const versions = await ledger.columnVersions(this.#authority)
    const table = await columnsOf(this.#authority)
    if (table === undefined) throw this.#gone()
    const plan = planTable({
      rules,
      stream: this.#configured.stream,
      columns,
      metadata: metadataColumnsOf(this.#configured),
      table,
      versions,
      policy: this.#configured.schemaPolicy,
      replaces: false,
    })
    const late = lateColumns(plan)
    const notes = late.length > 0 && (await this.#hasRows()) ? [lateColumnNote(this.#configured, late)] : []
    await this.#apply(plan)
    this.#source = columns
    this.#columns = plan.columns.map((planned) => ({ ...planned, of: this.#streamColumnOf(planned, versions) }))
    return [...plan.notes, ...notes]
  }

  /** False for a column of the stream that goes into another one of the table: a version of it, or none. */
  isWritten(name: string): boolean {
    const { fold } = this.#context.rules
    return this.#columns.some((column) => fold(column.name) === fold(name) && column.origin.kind === 'source')
  }

  get columns(): readonly WrittenColumn[] {
    return this.#columns
  }

  /** What each column gets of a staged file; those that get nothing are NULL. */
  get copied(): CopiedColumn[] {
    return this.#columns.flatMap(({ name, type, origin }) => {
      if (origin.kind === 'none') return []
      const field = origin.kind === 'source' ? this.#source[origin.index]!.name : origin.name
      return [{ name, value: copiedValue(field, type) }]
    })
  }

  get #tables(): readonly RelationName[] {
    return this.#mirror === undefined ? [this.#authority] : [this.#authority, this.#mirror]
  }

  async #hasRows(): Promise<boolean> {
    for (const table of this.#tables) {
      const { rows } = await this.#context.query(`SELECT 1 FROM ${snowflakeDialect.formatRelation(table)} LIMIT 1`)
      if (rows.length > 0) return true
    }
    return false
  }

  /** A version is noted before it is there: without the note it would be taken for a column of its own. */
  async #apply({ changes }: TablePlan): Promise<void> {
    const { query, ledger } = this.#context
    for (const { kind, column, sqlType, versionOf } of changes) {
      if (versionOf !== undefined) await ledger.saveColumnVersion(this.#authority, column, versionOf)
      for (const table of this.#tables) {
        const statement =
          kind === 'add'
            ? addColumn(table, { name: column, sqlType })
            : snowflakeDialect.alterColumnType(table, column, sqlType)
        await query(statement)
      }
    }
  }

  #streamColumnOf({ name, origin }: PlannedColumn, versions: ReadonlyMap<string, string>): string | undefined {
    const { fold } = this.#context.rules
    if (origin.kind === 'metadata') return undefined
    if (origin.kind === 'source') return this.#source[origin.index]!.name
    const ofName = versions.get(fold(name)) ?? name
    return this.#source.find((column) => fold(column.name) === fold(ofName))?.name
  }

  #gone(): EclusaError {
    const table = snowflakeDialect.formatRelation(this.#authority)
    return new EclusaError('DESTINATION_TABLE_CHANGED', {
      message: `Table ${table} of stream ${streamKey(this.#configured.stream)} was dropped while it was being loaded.`,
      remedy: 'Run again: the stream is then loaded anew.',
      details: { stream: streamKey(this.#configured.stream) },
    })
  }
}

/** Does nothing where the column is there: what was added before a crash is met again. */
function addColumn(table: RelationName, { name, sqlType }: ColumnDefinition): string {
  const column = `${snowflakeDialect.quoteIdentifier(name)} ${sqlType}`
  return `ALTER TABLE ${snowflakeDialect.formatRelation(table)} ADD COLUMN IF NOT EXISTS ${column}`
}
