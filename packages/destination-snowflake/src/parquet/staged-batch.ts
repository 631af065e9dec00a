import { RecordBatch, Schema, Struct, makeData } from 'apache-arrow'
import type { ChangeBatch } from '@eclusa/sdk'
import { stagedColumnOf } from './staged-column.ts'

/** The rows of a batch in the form in which they stand in the Parquet files; columns that need no other form are shared. */
export function stagedBatch({ schema, records }: Pick<ChangeBatch, 'schema' | 'records'>): RecordBatch {
  const columns = schema.columns.map((column) => stagedColumnOf(column))
  const fields = columns.map(({ field }) => field)
  const children = records.data.children.map((data, index) => columns[index]!.stage(data))
  const data = makeData({ type: new Struct(fields), length: records.numRows, children })
  return new RecordBatch(new Schema(fields), data)
}
