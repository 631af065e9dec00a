import { changeOperation } from '@eclusa/sdk'
import type { CopiedAt, RowChanges } from '@eclusa/sdk'
import { Dictionary, Field, Int16, Int32, Int64, TimestampMicrosecond, Utf8, Vector, makeData } from 'apache-arrow'
import type { Data } from 'apache-arrow'
import { textColumn } from '../parquet/text-column.ts'

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

/** As a dictionary: nearly all rows have the same text, which need not be written for each of them. */
function metaTexts({ length, changedMeta, unchangedMeta }: RowMetadata): Data {
  const texts = [unchangedMeta, ...changedMeta.values()]
  const dictionary = new Vector([textColumn(texts.length, (index) => texts[index]!)])
  const indices = new Int32Array(length)
  for (const [index, row] of [...changedMeta.keys()].entries()) indices[row] = index + 1
  const type = new Dictionary(new Utf8(), new Int32(), metaDictionaryId)
  return makeData({ type, length, data: indices, dictionary })
}

/** The same in all batches, so that their schemas are. */
const metaDictionaryId = 1

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
