import { formatColumnType } from '@eclusa/sdk'
import type { Column, StreamSchema } from '@eclusa/sdk'
import { codecOf } from '../catalog/stream-column.ts'
import type { TypePolicy } from '../catalog/stream-column.ts'
import type { ColumnCodec } from '../codec/column-codec.ts'
import type { SourceStream } from '../source-stream.ts'
import type { RelationColumn, RelationMessage } from './pgoutput-message.ts'

/** A column as it is streamed now. */
export interface ShapeColumn {
  readonly column: Column
  readonly codec: ColumnCodec
  readonly typeOid: number
  readonly typmod: number
  /** True once a relation had it: when one has it no longer, it was dropped. */
  readonly isSeen: boolean
}

/** Describes columns that came up in the stream. */
export type DescribeColumns = (
  relation: RelationMessage,
  columns: readonly RelationColumn[],
) => Promise<readonly Pick<ShapeColumn, 'column' | 'codec'>[]>

/**
 * The columns of a stream as they change along the log. It begins with the columns that were configured, and follows what
 * relation messages say:
 *
 * | column                                   | becomes                                                        |
 * |------------------------------------------|----------------------------------------------------------------|
 * | of the same type                         | as before                                                      |
 * | of another type                          | replaced in its place                                          |
 * | new                                      | added at the end                                               |
 * | missing, though a relation had it before | dropped                                                        |
 * | missing ever since                       | kept; generated: NULL in every row, else absent                |
 * | left out by the configuration            | left out                                                       |
 */
export class StreamShape {
  schema: StreamSchema
  #columns: readonly ShapeColumn[]
  /** Types by name of the columns that the table has and the configuration left out. */
  readonly #leftOut: ReadonlySet<string>

  constructor({ configured, relation, columns, codecs }: SourceStream) {
    this.schema = configured.schema
    this.#columns = configured.schema.columns.map((column, index) => {
      const { oid, typmod } = columns[index]!.type
      return { column, codec: codecs[index]!, typeOid: oid, typmod, isSeen: false }
    })
    const chosen = new Set(configured.schema.columns.map(({ name }) => name))
    this.#leftOut = new Set((relation?.columns ?? []).map(({ name }) => name).filter((name) => !chosen.has(name)))
  }

  get codecs(): readonly ColumnCodec[] {
    return this.#columns.map(({ codec }) => codec)
  }

  /** Takes over the relation's columns; `schema` is a new one when that changes anything. */
  async follow(relation: RelationMessage, describe: DescribeColumns): Promise<void> {
    const before = new Map(this.#columns.map((known) => [known.column.name, known]))
    const fields = relation.columns.filter(({ name }) => !this.#leftOut.has(name))
    const unknown = fields.filter((field) => !isSame(before.get(field.name), field))
    const described = unknown.length === 0 ? [] : await describe(relation, unknown)
    const now = new Map<string, ShapeColumn>()
    for (const known of this.#columns) if (!known.isSeen) now.set(known.column.name, known)
    for (const field of fields) {
      const found = described[unknown.indexOf(field)] ?? before.get(field.name)!
      now.set(field.name, { ...found, typeOid: field.typeOid, typmod: field.typmod, isSeen: true })
    }
    const kept = this.#columns.flatMap(({ column }) => now.get(column.name) ?? [])
    const added = [...now.values()].filter(({ column }) => !before.has(column.name))
    const isChanged = unknown.length > 0 || kept.length < this.#columns.length
    this.#columns = [...kept, ...added]
    if (!isChanged) return
    this.schema = { version: this.schema.version + 1, columns: this.#columns.map(({ column }) => column) }
  }
}

function isSame(known: ShapeColumn | undefined, { typeOid, typmod }: RelationColumn): boolean {
  return known !== undefined && known.typeOid === typeOid && known.typmod === typmod
}

/** By name the types that the configuration asks for in place of the natural ones. */
export function overriddenTypes(
  { configured, columns }: SourceStream,
  policy: TypePolicy,
): Map<string, Column['type']> {
  const overridden = configured.schema.columns.filter((column, index) => {
    return formatColumnType(codecOf(columns[index]!, policy).columnType) !== formatColumnType(column.type)
  })
  return new Map(overridden.map(({ name, type }) => [name, type]))
}
