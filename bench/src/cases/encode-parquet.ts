/*
 * (k) Batches into Parquet files. Arguments: `wasm`, parquet-wasm alone, or `ours`; directory; rows.
 */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { createParquetFile, stagedBatch } from '@eclusa/destination-snowflake'
import { RecordBatchStreamWriter, Table } from 'apache-arrow'
import type { RecordBatch } from 'apache-arrow'
import * as parquet from 'parquet-wasm'
import { madeBatches, repeated } from '../made-batches.ts'
import { measure, report } from '../measurement.ts'

const [who, directory, rows] = process.argv.slice(2) as [string, string, string]
const batches = madeBatches()

async function byWasm(name: string, total: number): Promise<number> {
  const properties = new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression.ZSTD)
    .setMaxRowGroupSize(131_072)
    .build()
  const given = repeated(batches, total)
  let written = 0
  const encodable = new ReadableStream<parquet.RecordBatch>({
    pull(controller) {
      const { value, done } = given.next()
      if (done === true) return controller.close()
      const records: RecordBatch = stagedBatch(value)
      written += records.numRows
      const bytes = RecordBatchStreamWriter.writeAll(new Table([records])).toUint8Array(true)
      controller.enqueue(parquet.Table.fromIPCStream(bytes).recordBatch(0)!)
    },
  })
  const chunks = (await parquet.transformParquetStream(encodable, properties)) as ReadableStream<Uint8Array>
  await chunks.pipeTo(Writable.toWeb(createWriteStream(join(directory, name))))
  return written
}

async function byUs(name: string, total: number): Promise<number> {
  await using file = await createParquetFile(join(directory, name))
  for (const batch of repeated(batches, total)) await file.write(stagedBatch(batch))
  await file.close()
  return file.rows
}

const encode = who === 'wasm' ? byWasm : byUs
// The encoder is compiled when it is used first.
await encode(`warm-${process.pid}.parquet`, 1)
report(await measure(() => encode(`${who}-${process.pid}.parquet`, Number(rows))))
