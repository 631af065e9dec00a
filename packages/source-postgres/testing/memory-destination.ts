import { streamKey, valueFormatter } from '@eclusa/sdk'
import type { ChangeBatch, Checkpoint, SourceMessage } from '@eclusa/sdk'

/** A row as texts, in the order of the schema. Values that their type cannot hold are the source's own text. */
export type Row = (string | null)[]

interface Tables {
  /** What readers of the warehouse see. */
  readonly visible: Map<string, Row[]>
  /** What a stream that is not complete has brought so far. */
  readonly loading: Map<string, Row[]>
  readonly checkpoints: Map<string, Checkpoint>
}

/**
 * A destination as the contract describes it, in memory: rows and checkpoints become durable together, at checkpoints
 * only. A full refresh replaces the table when it is complete; an incremental stream adds to it.
 */
export class MemoryDestination {
  readonly messages: SourceMessage[] = []
  readonly #fullRefreshes: ReadonlySet<string>
  #durable: Tables = { visible: new Map(), loading: new Map(), checkpoints: new Map() }
  #draft: Tables = copyOf(this.#durable)

  constructor({ fullRefreshes = [] }: { readonly fullRefreshes?: readonly string[] } = {}) {
    this.#fullRefreshes = new Set(fullRefreshes)
  }

  get checkpoints(): Checkpoint[] {
    return [...this.#durable.checkpoints.values()]
  }

  /** Rows of a table that are durable and visible. */
  rows(key: string): Row[] {
    return this.#durable.visible.get(key) ?? []
  }

  /** Rows that are durable in a stream that is not complete. */
  loadingRows(key: string): Row[] {
    return this.#durable.loading.get(key) ?? []
  }

  /** What is not durable is lost. */
  crash(): void {
    this.#draft = copyOf(this.#durable)
  }

  /** Takes messages; stops after the one that `stopAfter` is true for, as a killed process does. */
  async take(
    messages: AsyncIterable<SourceMessage>,
    stopAfter: (message: SourceMessage) => boolean = () => false,
  ): Promise<void> {
    this.crash()
    this.messages.length = 0
    for await (const message of messages) {
      this.#apply(message)
      this.messages.push(message)
      if (stopAfter(message)) break
    }
    this.crash()
  }

  #apply(message: SourceMessage): void {
    const { visible, loading, checkpoints } = this.#draft
    switch (message.type) {
      case 'stream_started':
        if (!message.resumed) loading.set(streamKey(message.stream), [])
        return
      case 'stream_restarted':
        loading.set(streamKey(message.stream), [])
        return
      case 'batch': {
        const key = streamKey(message.batch.stream)
        const rows = loading.get(key) ?? []
        for (const row of rowsOf(message.batch)) rows.push(row)
        loading.set(key, rows)
        return
      }
      case 'stream_completed': {
        const key = streamKey(message.stream)
        const before = this.#fullRefreshes.has(key) ? [] : (visible.get(key) ?? [])
        visible.set(key, [...before, ...(loading.get(key) ?? [])])
        loading.delete(key)
        return
      }
      case 'checkpoint':
        for (const checkpoint of message.checkpoints) checkpoints.set(streamKey(checkpoint.stream), checkpoint)
        this.#durable = copyOf(this.#draft)
    }
  }
}

function copyOf({ visible, loading, checkpoints }: Tables): Tables {
  const loadingCopies = [...loading].map(([key, rows]) => [key, [...rows]] satisfies [string, Row[]])
  return { visible: new Map(visible), loading: new Map(loadingCopies), checkpoints: new Map(checkpoints) }
}

export function rowsOf({ records, schema, unrepresentable }: ChangeBatch): Row[] {
  const columns = schema.columns.map(({ type }, index) => ({
    format: valueFormatter(type),
    data: records.data.children.at(index)!,
  }))
  const rows = Array.from({ length: records.numRows }, (_, row) => columns.map(({ format, data }) => format(data, row)))
  for (const { row, column, text } of unrepresentable) {
    rows.at(row)![schema.columns.findIndex(({ name }) => name === column)] = text
  }
  return rows
}

/** Rows in an order of their own, so that equal multisets are equal arrays. */
export function sorted(rows: readonly Row[]): Row[] {
  return rows
    .map((row) => ({ row, text: JSON.stringify(row) }))
    .toSorted((left, right) => (left.text < right.text ? -1 : Number(left.text > right.text)))
    .map(({ row }) => row)
}
