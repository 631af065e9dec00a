import { changeOperation, createBatchBuilder } from '@eclusa/sdk'
import type { ChangeBatch, ColumnType, ConfiguredStream, RowChanges } from '@eclusa/sdk'

/*
 * A backlog as a source that follows a log hands it over: transactions of one row each, in tables of one shape, a batch for
 * each table and commit. 20 % of the changes insert, 60 % update and 20 % delete, with keys drawn at random.
 */

const types: Readonly<Record<string, ColumnType>> = {
  id: { type: 'int64' },
  customer_id: { type: 'int32' },
  status: { type: 'text' },
  amount: { type: 'decimal', precision: 12, scale: 2 },
  note: { type: 'text' },
  placed_at: { type: 'timestamptz' },
}

export function replicatedTable(index: number): ConfiguredStream {
  const columns = Object.entries(types).map(([name, type]) => ({ name, type, nullable: name !== 'id' }))
  return {
    stream: { namespace: 'public', name: `table_${index}` },
    kind: 'table',
    schema: { version: 1, columns },
    syncModes: ['full_refresh', 'incremental'],
    primaryKey: ['id'],
    cursorCandidates: [],
    cursorChoice: 'optional',
    isReplicated: true,
    isResumable: true,
    notes: [],
    syncMode: 'incremental',
    destinationSyncMode: 'append_dedup',
    target: { namespace: 'replica', name: `table_${index}` },
    schemaPolicy: 'evolve',
    onUnrepresentable: 'keep_text',
  }
}

const statuses = ['placed', 'paid', 'shipped', 'returned']

function rowOf(id: number, version: number): unknown[] {
  const at = 1_700_000_000_000_000n + BigInt(id) * 1000n
  return [
    BigInt(id),
    (id * 7919) % 100_000,
    statuses[(id + version) % 4],
    `${(id * 31 + version) % 100_000}.${String(version % 100).padStart(2, '0')}`,
    `order ${id} of somebody, changed ${version} times`,
    at,
  ]
}

function batchOf(table: ConfiguredStream, rows: readonly unknown[][]): ChangeBatch {
  const builder = createBatchBuilder({
    stream: table.stream,
    schema: table.schema,
    budget: { batchBytesMax: Infinity, batchRowsMax: Infinity },
  })
  for (const row of rows) builder.append(row)
  return builder.finish()
}

/** The rows that a table has before the backlog. */
export function* copyOf(table: ConfiguredStream, rowCount: number): Generator<ChangeBatch> {
  for (let first = 0; first < rowCount; first += 20_000) {
    const count = Math.min(20_000, rowCount - first)
    const rows = Array.from({ length: count }, (_, index) => rowOf(first + index, 0))
    yield { ...batchOf(table, rows), copiedAt: { position: 1n, atUs: 0n } }
  }
}

/** One table's part of the backlog. */
class ChangingTable {
  readonly #table: ConfiguredStream
  readonly #live: number[]
  #nextId: number
  #rows: unknown[][] = []
  #operations: number[] = []
  #positions: bigint[] = []

  constructor(table: ConfiguredStream, rowCount: number) {
    this.#table = table
    this.#live = Array.from({ length: rowCount }, (_, id) => id)
    this.#nextId = rowCount
  }

  change(position: bigint, random: () => number): void {
    const kind = random()
    const at = Math.floor(random() * this.#live.length)
    const id = this.#live[at] ?? 0
    this.#positions.push(position)
    if (kind < 0.2 || this.#live.length < 10) {
      this.#push(changeOperation.insert, rowOf(this.#nextId, 0))
      this.#live.push(this.#nextId++)
    } else if (kind < 0.8) {
      this.#push(changeOperation.update, rowOf(id, Number(position % 1000n)))
    } else {
      this.#push(changeOperation.delete, [BigInt(id), null, null, null, null, null])
      this.#live[at] = this.#live.at(-1)!
      this.#live.pop()
    }
  }

  /** What came since the last call; undefined when nothing did. */
  take(): ChangeBatch | undefined {
    const count = this.#rows.length
    if (count === 0) return undefined
    const changes: RowChanges = {
      operations: Uint8Array.from(this.#operations.splice(0)),
      positions: BigInt64Array.from(this.#positions.splice(0)),
      orders: new Int32Array(count),
      committedAtUs: new BigInt64Array(count).fill(1_700_000_000_000_000n),
      unchanged: this.#table.schema.columns.map(() => undefined),
    }
    return { ...batchOf(this.#table, this.#rows.splice(0)), changes, recycle: () => {} }
  }

  #push(operation: number, row: unknown[]): void {
    this.#operations.push(operation)
    this.#rows.push(row)
  }
}

export interface BacklogShape {
  /** Of each table, before. */
  readonly rows: number
  readonly commits: number
  readonly changesPerCommit: number
  readonly tablesPerCommit: number
}

/** The batches of one commit after the other; the same each time. */
export function* backlog(tables: readonly ConfiguredStream[], shape: BacklogShape): Generator<ChangeBatch[]> {
  const changing = tables.map((table) => new ChangingTable(table, shape.rows))
  const random = randomNumbers(42)
  let position = 100n
  for (let commit = 0; commit < shape.commits; commit++) {
    for (let change = 0; change < shape.changesPerCommit; change++) {
      const index = (commit + (change % shape.tablesPerCommit)) % tables.length
      changing[index]!.change(position++, random)
    }
    yield changing.flatMap((table) => table.take() ?? [])
  }
}

/** Numbers from 0 to 1 of a linear congruential generator. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
