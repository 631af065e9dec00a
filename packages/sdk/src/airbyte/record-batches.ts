import { JsonNumber, stringifyJson } from '@eclusa/protocol'
import type { AirbyteRecordMessage } from '@eclusa/protocol'
import { createBatchBuilder } from '../batch-builder.ts'
import type { BatchBuilder } from '../batch-builder.ts'
import type { ByteBudget } from '../byte-budget.ts'
import type { ChangeBatch, UnrepresentableValue } from '../change-batch.ts'
import type { ColumnType } from '../column-type.ts'
import type { ConfiguredStream } from '../stream.ts'

/** Turns the value of a record into what the batch builder takes. */
type ValueReader = (value: unknown) => unknown

/** Collects RECORD messages of one stream into Arrow batches. */
export class RecordBatches {
  readonly #stream: ConfiguredStream
  readonly #builder: BatchBuilder
  readonly #columns: readonly { readonly name: string; readonly read: ValueReader }[]
  readonly #names: ReadonlySet<string>
  readonly #extra = new Set<string>()
  #marked: UnrepresentableValue[] = []

  constructor(stream: ConfiguredStream, budget: ByteBudget) {
    const { schema } = stream
    this.#stream = stream
    // What is not nullable is the source's promise, which another program may break: the destination decides by the key.
    const columns = schema.columns.map((column) => ({ ...column, nullable: true }))
    this.#builder = createBatchBuilder({ stream: stream.stream, schema: { ...schema, columns }, budget })
    this.#columns = schema.columns.map(({ name, type }) => ({ name, read: valueReader(type) }))
    this.#names = new Set(schema.columns.map(({ name }) => name))
  }

  get rowCount(): number {
    return this.#builder.rowCount
  }

  get isFull(): boolean {
    return this.#builder.isFull
  }

  /** @returns fields that the catalog does not have, each once: their values go nowhere. */
  append({ data, meta }: AirbyteRecordMessage): readonly string[] {
    const row = this.#builder.rowCount
    const values = data as Readonly<Record<string, unknown>>
    this.#builder.append(
      this.#columns.map(({ name, read }) => (Object.hasOwn(values, name) ? read(values[name]) : null)),
    )
    for (const change of meta?.changes ?? []) {
      if (!this.#names.has(change.field)) continue
      const { detail, value } = change
      this.#marked.push({
        row,
        column: change.field,
        change: change.change,
        reason: typeof detail === 'string' ? detail : change.reason,
        text: typeof value === 'string' ? value : '',
      })
    }
    return this.#newExtras(values)
  }

  finish(): ChangeBatch {
    const batch = this.#builder.finish()
    const unrepresentable = [...batch.unrepresentable, ...this.#marked]
    this.#marked = []
    return { ...batch, schema: this.#stream.schema, unrepresentable }
  }

  #newExtras(values: Readonly<Record<string, unknown>>): readonly string[] {
    let found: string[] | undefined
    for (const name in values) {
      if (this.#names.has(name) || this.#extra.has(name)) continue
      this.#extra.add(name)
      found ??= []
      found.push(name)
    }
    return found ?? []
  }
}

function valueReader(type: ColumnType): ValueReader {
  switch (type.type) {
    case 'json':
      return documentText
    case 'bytes':
      return bytesOf
    case 'text':
      return textOf
    case 'list': {
      const read = valueReader(type.element)
      return (value) => (Array.isArray(value) ? value.map(read) : plain(value))
    }
    default:
      return plain
  }
}

/** Numbers that a double would change come with their digits. */
function plain(value: unknown): unknown {
  return JsonNumber.isInstance(value) ? value.text : value
}

/** A text is a document too, and stands in quotes then. */
function documentText(value: unknown): unknown {
  return value === null ? null : stringifyJson(value)
}

/** What was declared a text and is none keeps its JSON. */
function textOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !JsonNumber.isInstance(value)
    ? stringifyJson(value)
    : plain(value)
}

/** Text that is no base64 is left to the builder, which says so and keeps it. */
function bytesOf(value: unknown): unknown {
  if (typeof value !== 'string' || !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u.test(value))
    return value
  return Buffer.from(value, 'base64')
}
