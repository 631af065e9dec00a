import { EclusaError, changeOperation } from '@eclusa/sdk'
import type { ByteBudget, SourceMessage, StreamSchema } from '@eclusa/sdk'
import type { BufferPool } from '../codec/buffer-pool.ts'
import type { ColumnCodec } from '../codec/column-codec.ts'
import type { WireBytes } from '../codec/value-codec.ts'
import type { ReplicatedStream } from './change-source.ts'
import type { RelationMessage } from './pgoutput-message.ts'
import { changeKind } from './pgoutput-reader.ts'
import type { PgoutputReader } from './pgoutput-reader.ts'
import { RelationDecoder } from './relation-decoder.ts'
import { RowChangeColumns } from './row-change-columns.ts'
import { StreamShape } from './stream-shape.ts'
import type { DescribeColumns } from './stream-shape.ts'
import { hasSameKey } from './tuple-fields.ts'
import { generatedColumns } from './unsent-columns.ts'

/** Where a transaction stands in the log. */
export interface TransactionPlace {
  /** Where its commit record begins: known from its first change on, unlike where that ends. */
  readonly position: bigint
  /** Microseconds since 1970. */
  readonly committedAtUs: bigint
}

/** How tuples of a relation, as a relation message described it, become rows of their stream. */
export interface TuplePlan {
  readonly changes: StreamChanges
  readonly decoder: RelationDecoder
  /** Which fields are the stream's primary key, ascending; empty when it has none, or the relation does not send it. */
  readonly keyFields: readonly number[]
  /** True when rows must be found by their key, and the relation's replica identity is not that. */
  readonly lacksKey: boolean
}

export interface StreamChangesOptions {
  readonly budget: ByteBudget
  readonly pool: BufferPool
  /** Takes finished batches. */
  readonly onMessage: (message: SourceMessage) => void
}

/** Changes of one stream on their way into batches: its columns as they are now, and the batch that is being filled. */
export class StreamChanges {
  readonly stream: ReplicatedStream
  readonly shape: StreamShape
  /** True while the transaction that is read is one whose changes the table copy has. */
  isCopied = false
  readonly #options: StreamChangesOptions
  readonly #rows = new RowChangeColumns()
  /** By layout: partitions alike share one, and so does a relation that is announced again. */
  readonly #plans = new Map<string, TuplePlan>()
  #schema: StreamSchema | undefined
  #active: TuplePlan | undefined

  constructor(stream: ReplicatedStream, options: StreamChangesOptions) {
    this.stream = stream
    this.#options = options
    this.shape = new StreamShape(stream.source)
  }

  /** What to do with tuples of the relation from now on. A batch of other columns is finished first. */
  async plan(relation: RelationMessage, describe: DescribeColumns): Promise<TuplePlan> {
    await this.shape.follow(relation, describe)
    const { schema, codecs } = this.shape
    if (schema !== this.#schema) {
      this.finish()
      this.#plans.clear()
      this.#schema = schema
    }
    const layout = JSON.stringify(relation.columns)
    const known = this.#plans.get(layout)
    if (known !== undefined) return known
    const made = this.#makePlan(relation, schema, codecs)
    this.#plans.set(layout, made)
    return made
  }

  /** Adds the change that was read as one row, or two where it moved its row to another key. */
  add(plan: TuplePlan, wire: WireBytes, reader: PgoutputReader, place: TransactionPlace, order: number): void {
    const { kind, oldTuple, oldTupleEnd, newTuple, newTupleEnd } = reader
    if (plan !== this.#active) this.#activate(plan, wire)
    if (plan.lacksKey && kind !== changeKind.insert) throw this.#identityUnsuitable()
    const { decoder } = plan
    const bytes = newTupleEnd - newTuple + (oldTuple === -1 ? 0 : oldTupleEnd - oldTuple)
    if (decoder.isFullFor(bytes)) {
      decoder.decode(wire)
      this.finish()
    }
    if (kind === changeKind.insert) {
      this.#rows.add(changeOperation.insert, place, order)
      decoder.add(wire, newTuple, newTupleEnd, false)
    } else if (kind === changeKind.delete) {
      this.#rows.add(changeOperation.delete, place, order)
      decoder.add(wire, oldTuple, oldTupleEnd, reader.isKeyOnly)
    } else if (oldTuple === -1 || plan.keyFields.length === 0 || hasSameKey(wire, reader, plan.keyFields)) {
      this.#rows.add(changeOperation.update, place, order)
      decoder.add(wire, newTuple, newTupleEnd, false)
    } else {
      this.#rows.add(changeOperation.delete, place, order)
      decoder.add(wire, oldTuple, oldTupleEnd, reader.isKeyOnly)
      this.#rows.add(changeOperation.rekey, place, order + 1)
      decoder.add(wire, newTuple, newTupleEnd, false)
    }
  }

  /** Tuples are noted before they are decoded: called before the memory in which they lie is given up. */
  decode(wire: WireBytes): void {
    this.#active?.decoder.decode(wire)
  }

  truncate(wire: WireBytes, place: TransactionPlace, order: number): void {
    this.decode(wire)
    this.finish()
    const { stream } = this.stream.source.configured
    const { position, committedAtUs } = place
    this.#options.onMessage({ type: 'stream_truncated', stream, change: { position, order, committedAtUs } })
  }

  /** Ends the batch, whose tuples must be decoded. */
  finish(): void {
    if (this.#rows.rows === 0) return
    const { batch, absent } = this.#active!.decoder.finish()
    this.#options.onMessage({ type: 'batch', batch: { ...batch, changes: this.#rows.take(absent) } })
  }

  /** Rows of one batch come from one decoder, in the order of the log. */
  #activate(plan: TuplePlan, wire: WireBytes): void {
    this.decode(wire)
    this.finish()
    this.#active = plan
  }

  #makePlan(relation: RelationMessage, schema: StreamSchema, codecs: readonly ColumnCodec[]): TuplePlan {
    const { configured, relation: table } = this.stream.source
    const computed = new Set(generatedColumns(table))
    const decoder = new RelationDecoder({
      ...this.#options,
      relation,
      stream: configured.stream,
      schema,
      codecs,
      computed,
    })
    const fields = configured.primaryKey.map((name) =>
      relation.columns.findIndex((column) => column.isKey && column.name === name),
    )
    const isIncomplete = fields.includes(-1)
    const keyFields = isIncomplete ? [] : fields.toSorted((left, right) => left - right)
    return {
      changes: this,
      decoder,
      keyFields,
      lacksKey: isIncomplete && configured.destinationSyncMode === 'append_dedup',
    }
  }

  #identityUnsuitable(): EclusaError {
    const { key, configured } = this.stream.source
    return new EclusaError('REPLICATION_IDENTITY_UNSUITABLE', {
      message: `The log does not say which row of ${key} was changed: the replica identity lacks columns of the key (${configured.primaryKey.join(', ')}).`,
      details: { stream: key },
    })
  }
}
