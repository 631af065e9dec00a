import { changeOperation, streamKey } from '@eclusa/sdk'
import type { ChangeBatch, SourceMessage } from '@eclusa/sdk'
import { rowsOf } from './memory-destination.ts'

/** A row as texts, by column. */
export type ReplicaRow = Readonly<Record<string, string | null>>
type Table = Map<string, ReplicaRow>

interface Place {
  readonly position: bigint
  readonly order: number
}

/**
 * Tables as changes make them, in memory: what a destination is to make of them, in the plainest way. It fails when a
 * change comes that is not later than the one before, or that does not fit what is there: nothing may come twice or be
 * left out.
 */
export class Replica {
  readonly #keys: ReadonlyMap<string, readonly string[]>
  readonly #tables = new Map<string, Table>()
  readonly #last = new Map<string, Place>()
  changes = 0

  /** @param keys of each stream the columns of its primary key. */
  constructor(keys: ReadonlyMap<string, readonly string[]>) {
    this.#keys = keys
  }

  copy(): Replica {
    const copy = new Replica(this.#keys)
    for (const [key, table] of this.#tables) copy.#tables.set(key, new Map(table))
    for (const [key, place] of this.#last) copy.#last.set(key, place)
    return copy
  }

  apply(message: SourceMessage): void {
    if (message.type === 'batch') this.#applyBatch(message.batch)
    if (message.type !== 'stream_truncated') return
    const key = streamKey(message.stream)
    this.#goOn(key, message.change)
    this.#tables.set(key, new Map())
  }

  /** Rows of a stream, only these columns, in an order of their own. */
  rows(stream: string, columns: readonly string[]): string[] {
    const rows = [...(this.#tables.get(stream)?.values() ?? [])]
    return rows.map((row) => JSON.stringify(columns.map((column) => row[column] ?? null))).toSorted()
  }

  #applyBatch(batch: ChangeBatch): void {
    const { changes, schema, stream } = batch
    if (changes === undefined) throw new Error('A batch has no changes.')
    const key = streamKey(stream)
    const table = this.#tables.get(key) ?? new Map<string, ReplicaRow>()
    this.#tables.set(key, table)
    let deleted: ReplicaRow | undefined
    for (const [row, values] of rowsOf(batch).entries()) {
      const operation = changes.operations[row]
      this.#goOn(key, { position: changes.positions.at(row)!, order: changes.orders.at(row)! })
      const now: Record<string, string | null> = {}
      const missing: string[] = []
      for (const [index, { name }] of schema.columns.entries()) {
        now[name] = values[index]!
        if (((changes.unchanged[index]?.[row >> 3] ?? 0) >> (row & 7)) & 1) missing.push(name)
      }
      const id = this.#keyOf(key, now)
      const before = operation === changeOperation.rekey ? deleted : table.get(id)
      if ((operation === changeOperation.insert) !== (before === undefined)) {
        throw new Error(`Change ${operation} of ${key} does not fit what is there.`)
      }
      if (missing.length > 0 && operation !== changeOperation.update && operation !== changeOperation.rekey) {
        throw new Error(`A change of kind ${operation} has values that it says are unchanged.`)
      }
      for (const name of missing) now[name] = before?.[name] ?? null
      if (operation === changeOperation.delete) table.delete(id)
      else table.set(id, now)
      deleted = operation === changeOperation.delete ? before : undefined
    }
  }

  #keyOf(stream: string, row: ReplicaRow): string {
    return JSON.stringify(this.#keys.get(stream)?.map((column) => row[column]))
  }

  #goOn(stream: string, place: Place): void {
    const last = this.#last.get(stream)
    const isLater =
      last === undefined ||
      place.position > last.position ||
      (place.position === last.position && place.order > last.order)
    if (!isLater) throw new Error(`A change of ${stream} came again.`)
    this.#last.set(stream, { position: place.position, order: place.order })
    this.changes++
  }
}
