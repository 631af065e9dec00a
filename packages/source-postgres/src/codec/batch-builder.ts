import { isAscii, isUtf8 } from 'node:buffer'
import { RecordBatch, Struct, makeData } from 'apache-arrow'
import type { Schema } from 'apache-arrow'
import { arrowSchemaOf } from '@eclusa/sdk'
import type { ByteBudget, ChangeBatch, StreamName, StreamSchema, UnrepresentableValue } from '@eclusa/sdk'
import { ListColumn, VariableColumn, createArrowColumn } from './arrow-column.ts'
import type { ArrowColumn } from './arrow-column.ts'
import type { BufferPool } from './buffer-pool.ts'
import { textNotUtf8 } from './value-codec.ts'
import { inColumn } from './value-fault.ts'

export interface BatchBuilderOptions {
  readonly stream: StreamName
  readonly schema: StreamSchema
  readonly budget: ByteBudget
  readonly pool: BufferPool
}

/** The columns of the batch that is being filled, and its end: rows in, change batches out. */
export class BatchBuilder {
  readonly columns: readonly ArrowColumn[]
  /** Rows that a batch has at most: by the budget's rows, or by its bytes where rows are wide. */
  readonly rowsMax: number
  readonly bytesMax: number
  /** Bytes that every row takes, whatever its values. */
  readonly bytesPerRow: number
  readonly #options: BatchBuilderOptions
  readonly #arrowSchema: Schema
  #unrepresentable: UnrepresentableValue[] = []

  constructor(options: BatchBuilderOptions) {
    const { schema, budget, pool } = options
    this.#options = options
    this.#arrowSchema = arrowSchemaOf(schema)
    this.columns = schema.columns.map(({ name, type }) =>
      createArrowColumn(type, {
        pool,
        onRejection: (rejection) => this.#unrepresentable.push({ ...rejection, column: name }),
      }),
    )
    this.bytesPerRow = this.columns.reduce((sum, column) => sum + column.bytesPerRow + 1 / 8, 0)
    this.bytesMax = budget.batchBytesMax
    const rowsByBytes = Math.floor(budget.batchBytesMax / Math.max(this.bytesPerRow, 1))
    this.rowsMax = Math.max(1, Math.min(budget.batchRowsMax, rowsByBytes))
  }

  /** Makes room for a whole batch. */
  begin(): void {
    for (const column of this.columns) column.reserve(this.rowsMax)
  }

  /** Bytes that the first `rows` rows take. */
  bytesUsed(rows: number): number {
    let bytes = rows * this.bytesPerRow
    for (const column of this.columns) bytes += column.variableBytes
    return bytes
  }

  /** Ends the batch after `rows` rows. @throws POSTGRES_TEXT_NOT_UTF8 */
  finish(rows: number): ChangeBatch {
    const { stream, schema, pool } = this.#options
    this.columns.forEach((column, index) => inColumn(schema, index, () => checkTexts(column, rows)))
    const detached = this.columns.map((column) => column.detach(rows))
    const struct = makeData({
      type: new Struct(this.#arrowSchema.fields),
      length: rows,
      nullCount: 0,
      children: detached.map(({ data }) => data),
    })
    // Columns are decoded one group after the other; the order is that of the rows all the same.
    const unrepresentable = this.#unrepresentable.toSorted((left, right) => left.row - right.row)
    this.#unrepresentable = []
    const unused = detached.flatMap((column) => column.unused)
    return {
      stream,
      schema,
      records: new RecordBatch(this.#arrowSchema, struct),
      byteLength: detached.reduce((sum, { byteLength }) => sum + byteLength, 0),
      unrepresentable,
      recycle: (buffers) => {
        pool.give(buffers)
        pool.give(unused.splice(0))
      },
    }
  }
}

/** Bytes of texts are copied unseen; looked at together, they cost next to nothing. */
function checkTexts(column: ArrowColumn, rows: number): void {
  if (column instanceof ListColumn) checkTexts(column.child, column.childRows)
  if (!(column instanceof VariableColumn) || !column.isText) return
  const block = column.block.subarray(0, column.variableBytes)
  if (isAscii(block)) return
  if (!isUtf8(block)) throw textNotUtf8()
  // A character that two texts share would be valid only in the block as a whole.
  for (let row = 0; row < rows; row++) {
    if ((block[column.offsets[row]!]! & 0xc0) === 0x80) throw textNotUtf8()
  }
}
