import assert from 'node:assert'
import { parseColumnType } from './column-type.ts'
import type { PlainColumnTypeName } from './column-type.ts'
import type { Column, DiscoveredStream, StreamName } from './stream.ts'

/** A column type as `formatColumnType` writes it. */
export type ColumnTypeText = PlainColumnTypeName | `decimal(${number},${number})` | `list<${string}>`

/** The shape of a stream; what is left out has the defaults that `defineStream` states. */
export interface StreamDefinition
  extends
    StreamName,
    Partial<
      Pick<
        DiscoveredStream,
        | 'kind'
        | 'syncModes'
        | 'primaryKey'
        | 'cursorCandidates'
        | 'cursorChoice'
        | 'defaultCursor'
        | 'isResumable'
        | 'notes'
      >
    > {
  /** In the order of the stream's schema. A type alone is nullable, unless the column is in the primary key. */
  readonly columns: Readonly<Record<string, ColumnTypeText | Omit<Column, 'name'>>>
}

/**
 * Describes a stream whose shape the author knows, for `discover`.
 *
 * Defaults: kind `query`, sync mode `full_refresh`, no primary key, no cursor candidates, a cursor to be
 * named by the user, not resumable, no notes. The
 * schema's version is 1.
 *
 * @throws AssertionError when a column type is none.
 *
 * @example
 * const notes = defineStream({ name: 'notes', columns: { id: 'int64', price: 'decimal(12,2)' }, primaryKey: ['id'] })
 */
export function defineStream(definition: StreamDefinition): DiscoveredStream {
  const { namespace, name, columns, primaryKey = [], ...rest } = definition
  return {
    stream: namespace === undefined ? { name } : { namespace, name },
    schema: {
      version: 1,
      columns: Object.entries(columns).map(([column, shape]) => columnOf(column, shape, primaryKey)),
    },
    kind: 'query',
    syncModes: ['full_refresh'],
    primaryKey,
    cursorCandidates: [],
    isResumable: false,
    notes: [],
    ...rest,
  }
}

function columnOf(name: string, shape: ColumnTypeText | Omit<Column, 'name'>, primaryKey: readonly string[]): Column {
  if (typeof shape !== 'string') return { name, ...shape }
  const type = parseColumnType(shape)
  assert(type, `column "${name}" has the type "${shape}", which is no column type`)
  return { name, type, nullable: !primaryKey.includes(name) }
}
