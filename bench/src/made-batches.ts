import { createBatchBuilder } from '@eclusa/sdk'
import type { ChangeBatch, Column, DiscoveredStream } from '@eclusa/sdk'

const columns: readonly Column[] = [
  { name: 'id', type: { type: 'int64' }, nullable: false },
  { name: 'customer_id', type: { type: 'int64' }, nullable: true },
  { name: 'weight', type: { type: 'float64' }, nullable: true },
  { name: 'name', type: { type: 'text' }, nullable: true },
  { name: 'city', type: { type: 'text' }, nullable: true },
  { name: 'document', type: { type: 'json' }, nullable: true },
  { name: 'placed_at', type: { type: 'timestamp' }, nullable: true },
  { name: 'updated_at', type: { type: 'timestamptz' }, nullable: true },
  { name: 'amount', type: { type: 'decimal', precision: 18, scale: 4 }, nullable: true },
  { name: 'is_paid', type: { type: 'boolean' }, nullable: true },
]

/** The stream that the batches are of. */
export const madeStream: DiscoveredStream = {
  stream: { name: 'made' },
  kind: 'table',
  schema: { columns, version: 1 },
  syncModes: ['full_refresh'],
  primaryKey: ['id'],
  cursorCandidates: [],
  isResumable: false,
  notes: [],
}

const batchRows = 32_768
/** So many differ; then they come again, so that memory does not grow with the number of rows. */
const distinctBatches = 8

/** Rows of ten columns, one value in ten of which is NULL, in batches as sources make them. */
export function madeBatches(): readonly ChangeBatch[] {
  return Array.from({ length: distinctBatches }, (_, batch) => {
    const builder = createBatchBuilder({
      stream: madeStream.stream,
      schema: madeStream.schema,
      budget: { batchBytesMax: Infinity, batchRowsMax: Infinity },
    })
    for (let row = 0; row < batchRows; row++) builder.append(rowOf(batch * batchRows + row))
    return builder.finish()
  })
}

/** Goes through the batches again and again, up to so many rows. */
export function* repeated(batches: readonly ChangeBatch[], rows: number): Generator<ChangeBatch> {
  for (let given = 0, index = 0; given < rows; given += batchRows, index++) yield batches[index % batches.length]!
}

const cities = ['Lisboa', 'Zürich', 'Kyōto', 'São Paulo', 'Reykjavík', 'Wien', 'Montréal']
const secondsOfYear = 31_536_000

function rowOf(id: number): unknown[] {
  // Fibonacci hashing: values without order, the same in every run.
  const random = Math.imul(id, 2_654_435_769) >>> 0
  const micros = BigInt(1_767_225_600 + (random % secondsOfYear)) * 1_000_000n + BigInt(id % 1_000_000)
  const amount = `${random % 100_000}.${String(id % 10_000).padStart(4, '0')}`
  const values = [
    random % 50_000,
    random / 1000,
    `customer ${random.toString(36)}`,
    cities[random % cities.length],
    `{"source":"web","items":${id % 9},"tags":["a","${random.toString(16)}"],"price":${amount}}`,
    micros,
    micros + 5_000_000n,
    amount,
    id % 2 === 0,
  ]
  return [id, ...values.map((value, column) => ((id + column) % 10 === 0 ? null : value))]
}
