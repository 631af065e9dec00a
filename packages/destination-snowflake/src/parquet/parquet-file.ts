import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { RecordBatchStreamWriter, Table } from 'apache-arrow'
import type { RecordBatch } from 'apache-arrow'
import type * as Parquet from 'parquet-wasm'

/** Loaded when the first file is made: pipelines into other warehouses need no encoder. */
let loading: Promise<typeof Parquet> | undefined

/** Rows of a row group: what the encoder keeps in memory until it is written. */
const rowGroupRows = 131_072

/** A Parquet file that is being written: zstd, batch by batch, so that memory does not grow with the file. */
export interface ParquetFile extends AsyncDisposable {
  readonly path: string
  /** Bytes on disk so far; what waits in the current row group is not among them. */
  readonly bytesWritten: number
  readonly rows: number
  /** Encodes a batch. Resolves when the next one may come. */
  write(batch: RecordBatch): Promise<void>
  /** Ends the file. Disposing of one that was not closed removes it: the encoder ends it as if it were whole. */
  close(): Promise<void>
}

/** @throws what the file system says; `write` and `close` too */
export async function createParquetFile(path: string): Promise<ParquetFile> {
  // 0600: the rows are the source's.
  const [parquet, file] = await Promise.all([(loading ??= import('parquet-wasm')), open(path, 'wx', 0o600)])
  return new WritingFile(parquet, path, file)
}

class WritingFile implements ParquetFile {
  readonly path: string
  bytesWritten = 0
  rows = 0
  readonly #parquet: typeof Parquet
  readonly #file: FileHandle
  readonly #batches = new TransformStream<Parquet.RecordBatch, Parquet.RecordBatch>()
  readonly #writer = this.#batches.writable.getWriter()
  readonly #written: Promise<void>
  #isClosed = false

  constructor(parquet: typeof Parquet, path: string, file: FileHandle) {
    this.#parquet = parquet
    this.path = path
    this.#file = file
    this.#written = this.#writeChunks()
    // Seen by the next call; a failure before that must not end the process.
    this.#written.catch(() => {})
  }

  async write(batch: RecordBatch): Promise<void> {
    this.rows += batch.numRows
    // The encoder's failure rejects the readable side alone, and a write would wait for ever.
    await Promise.race([this.#writer.write(encodable(this.#parquet, batch)), this.#written])
  }

  async close(): Promise<void> {
    await Promise.race([this.#writer.close(), this.#written])
    await this.#written
    await this.#release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    await this.#writer.abort().catch(() => {})
    await this.#written.catch(() => {})
    await this.#release()
    await rm(this.path, { force: true })
  }

  async #writeChunks(): Promise<void> {
    const chunks = await this.#parquet.transformParquetStream(this.#batches.readable, properties(this.#parquet))
    for await (const chunk of chunks as ReadableStream<Uint8Array>) {
      await this.#file.writeFile(chunk)
      this.bytesWritten += chunk.byteLength
    }
  }

  async #release(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#file.close()
  }
}

/** The encoder takes what it is given for its own, so each file needs new ones. */
function properties(parquet: typeof Parquet): Parquet.WriterProperties {
  return new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression.ZSTD)
    .setMaxRowGroupSize(rowGroupRows)
    .setCreatedBy('eclusa')
    .build()
}

/** Hands the batch to the encoder's memory as an IPC stream. */
function encodable(parquet: typeof Parquet, batch: RecordBatch): Parquet.RecordBatch {
  const stream = RecordBatchStreamWriter.writeAll(new Table([batch])).toUint8Array(true)
  const table = parquet.Table.fromIPCStream(stream)
  try {
    return table.recordBatch(0)!
  } finally {
    table.free()
  }
}
