import { changeOperation } from '@eclusa/sdk'
import type { CopiedAt, RowChanges } from '@eclusa/sdk'
import { Field, Int16, Int32, Int64, TimestampMicrosecond, Utf8, makeData } from 'apache-arrow'
import type { Data } from 'apache-arrow'

/** A column of the staged files that eclusa makes. */
export interface MadeColumn {
  readonly field: Field
  readonly data: Data
}

function column(name: string, data: Data): MadeColumn {
  return { field: new Field(name, data.type, true), data }
}

function timestamps(values: BigInt64Array, nulls?: { nullCount: number; nullBitmap: Uint8Array }): Data {
  return makeData({ type: new TimestampMicrosecond('UTC'), length: values.length, data: values, ...nulls })
}

/** Order of the rows of a table copy: all changes of a transaction that commits at their position come after them. */
const copiedOrder = -1

/** Where in the log the table copy's rows belong: all at one place. */
export function copiedColumns({ position, atUs }: CopiedAt, length: number): MadeColumn[] {
  return logColumns({
    positions: new BigInt64Array(length).fill(position),
    orders: new Int32Array(length).fill(copiedOrder),
    committedAtUs: new BigInt64Array(length).fill(atUs),
    isDeleted: () => false,
  })
}

/** Where in the log each row's change stands. */
export function changeColumns({ operations, positions, orders, committedAtUs }: RowChanges): MadeColumn[] {
  const isDeleted = (row: number) => operations[row] === changeOperation.delete
  return logColumns({ positions, orders, committedAtUs, isDeleted })
}

function logColumns({
  positions,
  orders,
  committedAtUs,
  isDeleted,
}: Pick<RowChanges, 'positions' | 'orders' | 'committedAtUs'> & { isDeleted: (row: number) => boolean }): MadeColumn[] {
  const { length } = positions
  const nullBitmap = new Uint8Array((length + 7) >> 3)
  let nullCount = length
  for (let row = 0; row < length; row++) {
    if (!isDeleted(row)) continue
    nullBitmap[row >> 3]! |= 1 << (row & 7)
    nullCount--
  }
  return [
    column('_ab_cdc_lsn', makeData({ type: new Int64(), length, data: positions })),
    column('_ab_cdc_order', makeData({ type: new Int32(), length, data: orders })),
    column('_ab_cdc_updated_at', timestamps(committedAtUs)),
    // Not the buffer of the column before it: of two equal ones in a row Arrow (21.2) writes one.
    column('_ab_cdc_deleted_at', timestamps(committedAtUs.slice(), { nullCount, nullBitmap })),
  ]
}

export interface RowMetadata {
  readonly length: number
  /** All but the last ten digits of the ids, and the number of the first row. */
  readonly rawIds: { readonly prefix: string; readonly first: number }
  readonly extractedAtUs: bigint
  readonly generationId: number
  /** Texts of `_airbyte_meta`: of these rows, and of all others. */
  readonly changedMeta: ReadonlyMap<number, string>
  readonly unchangedMeta: string
}

/** What every row carries. */
export function rowColumns(rows: RowMetadata): MadeColumn[] {
  const { length, extractedAtUs, generationId } = rows
  return [
    column('_airbyte_raw_id', rawIds(rows)),
    column('_airbyte_extracted_at', timestamps(new BigInt64Array(length).fill(extractedAtUs))),
    column('_airbyte_meta', metaTexts(rows)),
    column(
      '_airbyte_generation_id',
      makeData({ type: new Int64(), length, data: new BigInt64Array(length).fill(BigInt(generationId)) }),
    ),
  ]
}

const idLength = 36
const rowDigits = 10

/** Ids differ in their last digits only, so those are written into copies of the first. */
function rawIds({ length, rawIds: { prefix, first } }: RowMetadata): Data {
  const values = Buffer.alloc(length * idLength, `${prefix}${'0'.repeat(rowDigits)}`, 'latin1')
  const valueOffsets = new Int32Array(length + 1)
  for (let row = 0; row < length; row++) {
    valueOffsets[row + 1] = (row + 1) * idLength
    let at = valueOffsets[row + 1]! - 1
    for (let rest = first + row; rest > 0; rest = Math.floor(rest / 16)) values[at--] = hexDigits[rest % 16]!
  }
  return makeData({ type: new Utf8(), length, valueOffsets, data: values })
}

const hexDigits = Buffer.from('0123456789abcdef', 'latin1')

function metaTexts({ length, changedMeta, unchangedMeta }: RowMetadata): Data {
  const usual = Buffer.from(unchangedMeta)
  const changed = new Map([...changedMeta].map(([row, text]) => [row, Buffer.from(text)]))
  const extra = [...changed.values()].reduce((sum, text) => sum + text.length - usual.length, 0)
  const values = Buffer.alloc(length * usual.length + extra, usual)
  const valueOffsets = new Int32Array(length + 1)
  for (let row = 0; row < length; row++) {
    const text = changed.get(row)
    valueOffsets[row + 1] = valueOffsets[row]! + (text ?? usual).length
    // As soon as one differs, those after it no longer stand where the fill has put them.
    if (changed.size > 0) values.set(text ?? usual, valueOffsets[row])
  }
  return makeData({ type: new Utf8(), length, valueOffsets, data: values })
}

/** Columns of rows that are merged, which say what becomes of the table's row. */
export function mergeColumns(
  { operations }: Pick<RowChanges, 'operations'>,
  {
    firstRow,
    unchangedWords,
  }: { readonly firstRow: number; readonly unchangedWords: readonly (Int32Array | undefined)[] },
): MadeColumn[] {
  const { length } = operations
  const integers = (name: string, data: Int32Array) => column(name, makeData({ type: new Int32(), length, data }))
  return [
    column('_eclusa_operation', makeData({ type: new Int16(), length, data: Int16Array.from(operations) })),
    integers(
      '_eclusa_row',
      Int32Array.from(operations, (_, row) => firstRow + row),
    ),
    ...unchangedWords.map((word, index) => integers(`_eclusa_unchanged_${index}`, word ?? new Int32Array(length))),
  ]
}
