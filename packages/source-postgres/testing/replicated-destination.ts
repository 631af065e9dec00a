import { changeOperation, checkpointState, sharedState, streamKey } from '@eclusa/sdk'
import type { ChangeBatch, Checkpoint, RowChanges, SourceMessage, SourceReader } from '@eclusa/sdk'
import { rowsOf } from './memory-destination.ts'

/** A row as texts, by column, and where it stands in the log. */
interface StoredRow {
  readonly values: Readonly<Record<string, string | null>>
  readonly position: bigint
  readonly order: number
}

type Table = Map<string, StoredRow>

interface Tables {
  readonly visible: Map<string, Table>
  /** Of streams whose copy is not whole. */
  readonly loading: Map<string, Table>
  readonly checkpoints: Map<string, Checkpoint>
}

export interface TakeOptions {
  /** Stops after the message for which it is true, as a killed process does: what is not durable is lost. */
  readonly stopAfter?: (message: SourceMessage) => boolean
  /** Called after each checkpoint that became durable. */
  readonly onCommit?: () => Promise<void>
}

/**
 * A destination of replicated streams as the contract describes it, in memory: the current rows by key, durable together
 * with checkpoints. A visible table is strict: a change that does not fit what is there, or is not later than it, fails, so
 * that nothing can come twice or be left out. While a copy is not whole, changes meet it by their place in the log.
 */
export class ReplicatedDestination {
  readonly messages: SourceMessage[] = []
  readonly #keys: ReadonlyMap<string, readonly string[]>
  #durable: Tables = { visible: new Map(), loading: new Map(), checkpoints: new Map() }
  #draft = copyOf(this.#durable)

  /** @param keys by stream its primary key. */
  constructor(keys: Readonly<Record<string, readonly string[]>>) {
    this.#keys = new Map(Object.entries(keys))
  }

  get checkpoints(): Checkpoint[] {
    return [...this.#durable.checkpoints.values()]
  }

  /** The durable position in the log. */
  get position(): string {
    const position = checkpointState(this.checkpoints, sharedState)?.['position']
    return typeof position === 'string' ? position : ''
  }

  get startedResumed(): Readonly<Record<string, boolean>> {
    return Object.fromEntries(
      this.messages.flatMap((message) =>
        message.type === 'stream_started' ? [[streamKey(message.stream), message.resumed]] : [],
      ),
    )
  }

  /** Forgets the checkpoint of a stream. */
  forget(key: string): void {
    this.#durable.checkpoints.delete(key)
  }

  /** Rows that are durable and visible, only these columns, in an order of their own. */
  rows(key: string, columns: readonly string[]): (string | null)[][] {
    const rows = [...(this.#durable.visible.get(key)?.values() ?? [])]
    return sortedRows(rows.map(({ values }) => columns.map((column) => values[column] ?? null)))
  }

  async take(reader: SourceReader, { stopAfter = () => false, onCommit }: TakeOptions = {}): Promise<void> {
    this.#draft = copyOf(this.#durable)
    this.messages.length = 0
    for await (const message of reader) {
      this.#apply(message)
      this.messages.push(message)
      if (message.type === 'checkpoint') {
        this.#durable = copyOf(this.#draft)
        await reader.acknowledge?.(message.checkpoints)
        await onCommit?.()
      }
      if (stopAfter(message)) break
    }
    this.#draft = copyOf(this.#durable)
  }

  #apply(message: SourceMessage): void {
    const { visible, loading, checkpoints } = this.#draft
    switch (message.type) {
      case 'stream_started':
        if (!message.resumed) loading.set(streamKey(message.stream), new Map())
        return
      case 'stream_restarted':
        loading.set(streamKey(message.stream), new Map())
        return
      case 'batch':
        this.#applyBatch(message.batch)
        return
      case 'stream_truncated':
        visible.set(streamKey(message.stream), new Map())
        return
      case 'stream_copied':
      case 'stream_completed': {
        const key = streamKey(message.stream)
        const loaded = loading.get(key)
        if (loaded !== undefined) visible.set(key, loaded)
        loading.delete(key)
        return
      }
      case 'checkpoint':
        for (const checkpoint of message.checkpoints) checkpoints.set(streamKey(checkpoint.stream), checkpoint)
    }
  }

  #applyBatch(batch: ChangeBatch): void {
    const key = streamKey(batch.stream)
    const loaded = this.#draft.loading.get(key)
    const table = loaded ?? this.#draft.visible.get(key) ?? new Map<string, StoredRow>()
    if (loaded === undefined) this.#draft.visible.set(key, table)
    const apply = new ChangeApplication(table, { key, isStrict: loaded === undefined })
    const names = batch.schema.columns.map(({ name }) => name)
    for (const [row, texts] of rowsOf(batch).entries()) {
      const values = Object.fromEntries(names.map((name, index) => [name, texts.at(index) ?? null]))
      const id = JSON.stringify((this.#keys.get(key) ?? names).map((column) => values[column]))
      if (batch.changes === undefined) {
        apply.copied(id, { values, position: batch.copiedAt?.position ?? 0n, order: -1 })
      } else apply.change(id, changeAt(batch.changes, { row, names, values }))
    }
  }
}

interface Change extends StoredRow {
  readonly operation: number
  readonly unchanged: readonly string[]
}

function changeAt(
  changes: RowChanges,
  { row, names, values }: { row: number; names: readonly string[]; values: StoredRow['values'] },
): Change {
  const isUnchanged = (index: number) => (((changes.unchanged[index]?.[row >> 3] ?? 0) >> (row & 7)) & 1) === 1
  return {
    operation: changes.operations.at(row)!,
    unchanged: names.filter((_, index) => isUnchanged(index)),
    values,
    position: changes.positions.at(row)!,
    order: changes.orders.at(row)!,
  }
}

class ChangeApplication {
  readonly #table: Table
  readonly #key: string
  readonly #isStrict: boolean
  /** The row that the change before deleted: it may have got another key. */
  #deleted: StoredRow | undefined

  constructor(table: Table, { key, isStrict }: { key: string; isStrict: boolean }) {
    this.#table = table
    this.#key = key
    this.#isStrict = isStrict
  }

  copied(id: string, row: StoredRow): void {
    if (this.#table.has(id)) throw new Error(`The copy of ${this.#key} has a row twice: ${id}.`)
    this.#table.set(id, row)
  }

  change(id: string, change: Change): void {
    const { operation, position, order } = change
    const there = this.#table.get(id)
    const before = operation === changeOperation.rekey ? (this.#deleted ?? there) : there
    this.#deleted = undefined
    const isLater = there === undefined || isAfter({ position, order }, there)
    if (this.#isStrict) this.#assertFits(id, { change, before, isLater })
    if (!isLater) return
    if (operation === changeOperation.delete) {
      this.#deleted = there
      this.#table.delete(id)
      return
    }
    const values = { ...change.values }
    for (const name of change.unchanged) values[name] = before?.values[name] ?? null
    this.#table.set(id, { values, position, order })
  }

  #assertFits(id: string, facts: { change: Change; before: StoredRow | undefined; isLater: boolean }): void {
    const { operation } = facts.change
    if (!facts.isLater) throw new Error(`A change of ${this.#key} came again: ${operation} of ${id}.`)
    if ((operation === changeOperation.insert) !== (facts.before === undefined)) {
      throw new Error(`A change of ${this.#key} does not fit what is there: ${operation} of ${id}.`)
    }
  }
}

function isAfter(left: Pick<StoredRow, 'position' | 'order'>, right: Pick<StoredRow, 'position' | 'order'>): boolean {
  return left.position > right.position || (left.position === right.position && left.order > right.order)
}

function copyOf({ visible, loading, checkpoints }: Tables): Tables {
  const copy = (tables: Map<string, Table>) => new Map([...tables].map(([key, table]) => [key, new Map(table)]))
  return { visible: copy(visible), loading: copy(loading), checkpoints: new Map(checkpoints) }
}

export function sortedRows(rows: readonly (string | null)[][]): (string | null)[][] {
  return rows
    .map((row) => ({ row, text: JSON.stringify(row) }))
    .toSorted((left, right) => (left.text < right.text ? -1 : Number(left.text > right.text)))
    .map(({ row }) => row)
}
