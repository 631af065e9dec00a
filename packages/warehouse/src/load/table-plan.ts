import { EclusaError, formatColumnType, streamKey } from '@eclusa/sdk'
import type { Column, ColumnType, SchemaPolicy, StreamName } from '@eclusa/sdk'
import { isWidening } from '../column-widening.ts'
import type { RelationColumn } from '../relation.ts'
import { isMetadataColumn } from './metadata-column.ts'
import type { MetadataColumn, MetadataColumnName } from './metadata-column.ts'
import { homeTypeOf, isOfType } from './table-rules.ts'
import type { TableRules } from './table-rules.ts'

/*
 * How a table follows its stream. A column of the stream goes into the column of its name; when the types have become
 * incompatible, into a new one: "amount", "amount_v2", "amount_v3". The highest version is the one that is written.
 *
 * | the stream's column is  | evolve                              | discard        | freeze         |
 * |-------------------------|-------------------------------------|----------------|----------------|
 * | new                     | added; NULL in old rows             | left out       | SCHEMA_CHANGED |
 * | gone                    | kept; NULL in new rows              | the same       | SCHEMA_CHANGED |
 * | wider                   | the table's column is widened       | SCHEMA_CHANGED | SCHEMA_CHANGED |
 * | narrower                | kept: it holds every value          | the same       | SCHEMA_CHANGED |
 * | of an incompatible type | a new version of the column         | SCHEMA_CHANGED | SCHEMA_CHANGED |
 *
 * Where the warehouse cannot widen a column in place, the wider type is taken for an incompatible one.
 * A refresh that replaces all rows (`replaces`) builds a new table and takes the stream's types as they are.
 */

/** Where the values of a table's column come from. */
export type ColumnOrigin =
  | { readonly kind: 'source'; readonly index: number }
  | { readonly kind: 'metadata'; readonly name: MetadataColumnName }
  | { readonly kind: 'none' }

export interface PlannedColumn {
  readonly name: string
  readonly sqlType: string
  /** The type of the values that are appended; the warehouse converts where the column's own type is wider. */
  readonly type: ColumnType
  readonly origin: ColumnOrigin
}

export interface TableChange {
  readonly kind: 'add' | 'widen'
  readonly column: string
  readonly sqlType: string
  /** Why, for a person. */
  readonly reason: string
  /** Set when the added column is a new version of a column of the stream. */
  readonly versionOf?: string
}

export interface TablePlan {
  /** Every column of the table as it is after the changes, in order. */
  readonly columns: readonly PlannedColumn[]
  readonly changes: readonly TableChange[]
  /** What a reader of the log should know: columns left out, kept, replaced. */
  readonly notes: readonly string[]
}

export interface TablePlanInput {
  readonly rules: TableRules
  readonly stream: StreamName
  readonly columns: readonly Column[]
  /** What eclusa adds to them, in order. */
  readonly metadata: readonly MetadataColumn[]
  /** The table as it is; undefined when there is none. */
  readonly table: readonly RelationColumn[] | undefined
  /** Which of the table's columns are versions, by folded name, and of which column of the stream. */
  readonly versions: ReadonlyMap<string, string>
  readonly policy: SchemaPolicy
  /** True when a new table is built that will take the place of `table`. */
  readonly replaces: boolean
}

/**
 * Decides how the table follows the stream. Pure.
 *
 * @throws COLUMN_NAME_COLLISION when two names are one to the warehouse, or one is eclusa's own
 * @throws SCHEMA_CHANGED when the policy forbids to follow; names every difference
 * @throws DESTINATION_TABLE_CHANGED when a metadata column has another type
 */
export function planTable(input: TablePlanInput): TablePlan {
  refuseCollisions(input)
  if (input.table === undefined) return { columns: newColumns(input), changes: [], notes: [] }
  const plan = followStream(input, input.table)
  return input.replaces ? asNewTable(plan) : plan
}

function newColumns({ columns, metadata, rules }: TablePlanInput): PlannedColumn[] {
  const named = ({ name, type }: Pick<Column, 'name' | 'type'>, origin: ColumnOrigin) =>
    plannedColumn(rules, { name: rules.nameOf(name), type, origin })
  const data = columns.map((column, index) => named(column, { kind: 'source', index }))
  return [...data, ...metadata.map((column) => named(column, { kind: 'metadata', name: column.name }))]
}

function plannedColumn({ dialect }: TableRules, column: Omit<PlannedColumn, 'sqlType'>): PlannedColumn {
  return { ...column, sqlType: dialect.sqlTypeOf(column.type) }
}

function followStream(input: TablePlanInput, table: readonly RelationColumn[]): TablePlan {
  const follower = new Follower(input, table)
  for (const [index, column] of input.columns.entries()) follower.follow(column, index)
  follower.keepTheRest()
  follower.addMetadata()
  refuseDifferences(input, follower.forbidden)
  return { columns: follower.columns, changes: follower.changes, notes: follower.notes }
}

/** Metadata last, as in every table that was built at once. */
function asNewTable(plan: TablePlan): TablePlan {
  const isData = ({ origin }: PlannedColumn) => origin.kind !== 'metadata'
  return { ...plan, columns: [...plan.columns.filter(isData), ...plan.columns.filter((column) => !isData(column))] }
}

class Follower {
  readonly columns: PlannedColumn[]
  readonly changes: TableChange[] = []
  readonly notes: string[] = []
  /** Differences that the policy forbids to follow. */
  readonly forbidden: string[] = []
  readonly #input: TablePlanInput
  readonly #fold: (name: string) => string
  readonly #table: ReadonlyMap<string, RelationColumn>
  readonly #sourceNames: ReadonlySet<string>

  constructor(input: TablePlanInput, table: readonly RelationColumn[]) {
    this.#input = input
    this.#fold = input.rules.fold
    this.#table = new Map(table.map((column) => [this.#fold(column.name), column]))
    this.#sourceNames = new Set(input.columns.map(({ name }) => this.#fold(name)))
    // Until something is found to write there, a column of the table gets NULL.
    this.columns = table.map(({ name, sqlType, columnType }) => ({
      name,
      sqlType,
      type: columnType ?? { type: 'boolean' },
      origin: { kind: 'none' },
    }))
  }

  follow(column: Column, index: number): void {
    const origin: ColumnOrigin = { kind: 'source', index }
    const current = this.#currentVersion(column)
    if (current === undefined) this.#addNew(column, origin)
    else if (this.#input.replaces) this.#take(current, column, origin)
    else this.#fit(current, column, origin)
  }

  /** Columns that nothing was found for: gone from the source, older versions, or added by hand. */
  keepTheRest(): void {
    for (const { name, origin } of this.columns) {
      const folded = this.#fold(name)
      const isKnown = origin.kind !== 'none' || this.#input.versions.has(folded) || this.#sourceNames.has(folded)
      if (isKnown || isMetadataColumn(name)) continue
      if (this.#input.policy === 'freeze') this.forbidden.push(`column "${name}" is gone`)
      this.notes.push(`Column "${name}" is no longer in the source: it is kept and gets NULL.`)
    }
  }

  addMetadata(): void {
    for (const { name, type } of this.#input.metadata) {
      const planned = this.#planned(this.#input.rules.nameOf(name), type, { kind: 'metadata', name })
      const existing = this.#table.get(name)
      if (existing === undefined)
        this.#add(planned, 'eclusa needs it: it was dropped by hand, or the stream is replicated from now on')
      else if (isOfType(this.#input.rules, existing, type) || this.#input.replaces) this.#replace(planned)
      else throw metadataColumnChanged(this.#input.stream, existing, planned.sqlType)
    }
  }

  /** The highest version of the column that the table has. */
  #currentVersion(column: Column): RelationColumn | undefined {
    let current = this.#table.get(this.#fold(column.name))
    for (const [name, source] of this.#input.versions) {
      const version = this.#table.get(name)
      if (version !== undefined && this.#fold(source) === this.#fold(column.name)) current = version
    }
    return current
  }

  #addNew(column: Column, origin: ColumnOrigin): void {
    const type = formatColumnType(column.type)
    if (this.#input.policy === 'freeze') this.forbidden.push(`column "${column.name}" (${type}) is new`)
    if (this.#input.policy === 'evolve') {
      this.#add(
        this.#planned(this.#input.rules.nameOf(column.name), column.type, origin),
        `column "${column.name}" is new in the source`,
      )
    } else {
      this.notes.push(`Column "${column.name}" is new in the source and left out, as \`schema_policy: discard\` says.`)
    }
  }

  /** In a table that is built anew the stream's type stands, unless the policy keeps the old one. */
  #take(current: RelationColumn, column: Column, origin: ColumnOrigin): void {
    const planned = this.#planned(current.name, column.type, origin)
    const fits = isOfType(this.#input.rules, current, column.type)
    if (fits || this.#input.policy === 'evolve') {
      if (!fits) this.notes.push(`Column "${current.name}" changes from ${current.sqlType} to ${planned.sqlType}.`)
      this.#replace(planned)
    } else this.#fit(current, column, origin)
  }

  #fit(current: RelationColumn, column: Column, origin: ColumnOrigin): void {
    const planned = this.#planned(current.name, column.type, origin)
    const { columnType } = current
    const { rules } = this.#input
    const home = homeTypeOf(rules, column.type)
    const isSame = isOfType(rules, current, column.type)
    const isNarrower = columnType !== undefined && isWidening(home, columnType)
    const isWider = columnType !== undefined && isWidening(columnType, home) && rules.widensInPlace(columnType, home)
    const change = `column "${column.name}" changed from ${current.sqlType} to ${planned.sqlType}`
    if (isSame) this.#replace(planned)
    else if (this.#input.policy === 'freeze') this.forbidden.push(change)
    else if (isNarrower) this.#replace({ ...planned, sqlType: current.sqlType })
    else if (this.#input.policy === 'discard') this.forbidden.push(change)
    else if (isWider) this.#widen(planned, change)
    else this.#addVersion(column, planned, change)
  }

  #widen(planned: PlannedColumn, reason: string): void {
    this.changes.push({ kind: 'widen', column: planned.name, sqlType: planned.sqlType, reason })
    this.#replace(planned)
  }

  #addVersion(column: Column, planned: PlannedColumn, change: string): void {
    let version = 2
    const nameOf = () => this.#input.rules.nameOf(`${column.name}_v${version}`)
    while (this.#table.has(this.#fold(nameOf())) || this.#sourceNames.has(this.#fold(nameOf()))) version++
    this.#add({ ...planned, name: nameOf() }, change, column.name)
    this.notes.push(
      `Column "${planned.name}" is kept and gets NULL; new values go to "${nameOf()}", because ${change}.`,
    )
  }

  #add(planned: PlannedColumn, reason: string, versionOf?: string): void {
    const { name: column, sqlType } = planned
    this.changes.push({ kind: 'add', column, sqlType, reason, ...(versionOf === undefined ? {} : { versionOf }) })
    this.columns.push(planned)
  }

  #planned(name: string, type: ColumnType, origin: ColumnOrigin): PlannedColumn {
    return plannedColumn(this.#input.rules, { name, type, origin })
  }

  #replace(planned: PlannedColumn): void {
    const folded = this.#fold(planned.name)
    const index = this.columns.findIndex(({ name }) => this.#fold(name) === folded)
    this.columns[index] = { ...planned, name: this.columns[index]!.name }
  }
}

function refuseCollisions({ rules, stream, columns, versions, metadata }: TablePlanInput): void {
  const seen = new Map<string, string>()
  for (const { name } of columns) {
    const folded = rules.fold(name)
    const other = seen.get(folded)
    const version = versions.get(folded)
    if (metadata.some((own) => own.name === folded)) {
      throw collision(
        stream,
        `Column "${name}" of stream ${streamKey(stream)} has the name of a metadata column of eclusa.`,
      )
    }
    if (other !== undefined) {
      throw collision(
        stream,
        `Columns "${other}" and "${name}" of stream ${streamKey(stream)} are one name to ${rules.warehouseName}.`,
      )
    }
    if (version !== undefined) {
      throw collision(
        stream,
        `Column "${name}" of stream ${streamKey(stream)} has the name of a version of "${version}".`,
      )
    }
    seen.set(folded, name)
  }
}

function collision(stream: StreamName, message: string): EclusaError {
  return new EclusaError('COLUMN_NAME_COLLISION', { message, details: { stream: streamKey(stream) } })
}

function refuseDifferences({ stream, policy }: TablePlanInput, differences: readonly string[]): void {
  if (differences.length === 0) return
  throw new EclusaError('SCHEMA_CHANGED', {
    message: `The columns of stream ${streamKey(stream)} changed, and its schema policy is "${policy}": ${differences.join('; ')}.`,
    details: { stream: streamKey(stream), policy, differences },
  })
}

function metadataColumnChanged(stream: StreamName, { name, sqlType }: RelationColumn, expected: string): EclusaError {
  return new EclusaError('DESTINATION_TABLE_CHANGED', {
    message: `Column "${name}" of the table of stream ${streamKey(stream)} has the type ${sqlType} instead of ${expected}.`,
    details: { stream: streamKey(stream), column: name },
  })
}
