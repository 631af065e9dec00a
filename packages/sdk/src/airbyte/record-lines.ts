import { changeOperation } from '../row-change.ts'
import type { RowChanges } from '../row-change.ts'
import type { ChangeBatch, UnrepresentableValue } from '../change-batch.ts'
import { formatTimestamp } from '../value/date-time-text.ts'
import { valueFormatter } from '../value-text.ts'
import type { Column, StreamName } from '../stream.ts'
import { JsonBytes } from './json-bytes.ts'
import { jsonValueWriter } from './json-value.ts'
import { recordChange } from './record-change.ts'

/** About how many bytes of lines are made at once. */
const pieceBytes = 256 * 1024

export interface RecordLinesOptions {
  /** Milliseconds since 1970. */
  readonly emittedAtMs: number
}

/** The names of the columns that rows of replicated streams have beside their own, as in Airbyte's source-postgres. */
export const changeColumnNames = ['_ab_cdc_lsn', '_ab_cdc_updated_at', '_ab_cdc_deleted_at'] as const

/**
 * RECORD messages of a batch, one line a row in the batch's order, in pieces of whole lines of about 256 KiB. The lines are
 * written from Arrow's buffers without an object for a row.
 *
 * Values that JSON cannot hold, and those that were NULL in the batch for that reason, are null with an entry in
 * `meta.changes`. A value that the source did not send because it has not changed is left out of `data`, with an entry too.
 */
export function* recordLines(
  batch: ChangeBatch,
  options: RecordLinesOptions,
): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  const writeRow = rowWriter(batch, options)
  const out = new JsonBytes(pieceBytes + pieceBytes / 4)
  for (let row = 0; row < batch.records.numRows; row++) {
    writeRow(out, row)
    if (out.byteLength >= pieceBytes) yield out.take()
  }
  if (out.byteLength > 0) yield out.take()
}

function rowWriter(batch: ChangeBatch, { emittedAtMs }: RecordLinesOptions): (out: JsonBytes, row: number) => void {
  const head = `{"type":"RECORD","record":{${streamKeys(batch.stream)},"emitted_at":${emittedAtMs},"data":{`
  const headBytes = encoder.encode(head)
  const columns = batch.schema.columns.map((column, index) => columnWriter(batch, column, index))
  const marked = Map.groupBy(batch.unrepresentable, ({ row }) => row)
  return (out, row) => {
    out.raw(headBytes)
    const changes: UnrepresentableValue[] = [...(marked.get(row) ?? [])]
    let isFirst = true
    for (const write of columns) isFirst = write(out, row, { isFirst, changes })
    if (batch.changes !== undefined) writeChange(out, batch.changes, row, isFirst)
    if (changes.length === 0) out.ascii('}}}\n')
    else {
      out.ascii('},"meta":')
      out.raw(encoder.encode(JSON.stringify({ changes: changes.map(recordChange) })))
      out.ascii('}}\n')
    }
  }
}

const encoder = new TextEncoder()

function streamKeys({ namespace, name }: StreamName): string {
  const stream = `"stream":${JSON.stringify(name)}`
  return namespace === undefined ? stream : `${stream},"namespace":${JSON.stringify(namespace)}`
}

interface RowState {
  readonly isFirst: boolean
  readonly changes: UnrepresentableValue[]
}

/** Writes a column's key and value. @returns whether the next key is still the first. */
type ColumnWriter = (out: JsonBytes, row: number, state: RowState) => boolean

function columnWriter({ records, changes: rowChanges }: ChangeBatch, column: Column, index: number): ColumnWriter {
  const { name, type } = column
  const data = records.data.children[index]!
  const key = encoder.encode(`${JSON.stringify(name)}:`)
  const nextKey = encoder.encode(`,${JSON.stringify(name)}:`)
  const write = jsonValueWriter(type)
  const unsent = rowChanges?.unchanged[index]
  const hasNulls = data.nullCount > 0
  return (out, row, { isFirst, changes }) => {
    if (unsent !== undefined && isUnsent(unsent, rowChanges!, row)) {
      changes.push(unsentChange(row, name))
      return isFirst
    }
    out.raw(isFirst ? key : nextKey)
    if (hasNulls && !data.getValid(row)) {
      out.ascii('null')
      return false
    }
    const problem = write(out, data, row)
    if (problem !== undefined) {
      out.ascii('null')
      changes.push({
        row,
        column: name,
        change: 'NULLED',
        reason: problem,
        text: valueFormatter(type)(data, row) ?? '',
      })
    }
    return false
  }
}

function isUnsent(bits: Uint8Array, { operations }: RowChanges, row: number): boolean {
  return (bits[row >> 3]! & (1 << (row & 7))) !== 0 && operations[row] !== changeOperation.delete
}

function unsentChange(row: number, column: string): UnrepresentableValue {
  const reason = 'the value has not changed, and the source did not send it: it is what it was before'
  return { row, column, change: 'NULLED', reason, text: '' }
}

function writeChange(out: JsonBytes, changes: RowChanges, row: number, isFirst: boolean): void {
  const { operations, positions, committedAtUs } = changes
  const committedAt = `"${formatTimestamp(committedAtUs[row]!, '').replace(' ', 'T')}Z"`
  const isDelete = operations[row] === changeOperation.delete
  const [lsn, updatedAt, deletedAt] = changeColumnNames
  out.ascii(
    `${isFirst ? '' : ','}"${lsn}":${positions[row]},"${updatedAt}":${committedAt},"${deletedAt}":${isDelete ? committedAt : 'null'}`,
  )
}
