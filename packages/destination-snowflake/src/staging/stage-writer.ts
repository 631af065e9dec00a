import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Log } from '@eclusa/sdk'
import type { SnowflakeConnection } from '@eclusa/warehouse'
import type { RecordBatch } from 'apache-arrow'
import { createParquetFile } from '../parquet/parquet-file.ts'
import type { ParquetFile } from '../parquet/parquet-file.ts'
import { stagedFolder, stagedPath } from './staged-path.ts'
import { openStagingDirectory } from './staging-directory.ts'
import type { StagingDirectory } from './staging-directory.ts'
import { stagingError } from './staging-error.ts'
import { UploadPool } from './upload-pool.ts'

/** A file of rows that stands in the stage. */
export interface StagedFile {
  /** Relative to the stage. */
  readonly path: string
  readonly rows: number
  readonly bytes: number
}

/** Which commit rows belong to: with target and part, the name of a file. */
export interface StagedCommit {
  readonly epoch: number
  readonly sequence: number
}

/**
 * Writes rows into Parquet files on this machine and puts them into the stage as soon as each is full, several at once.
 * Calls are made one at a time. After one has failed, only disposing may follow.
 */
export interface StageWriter extends AsyncDisposable {
  /** Names the commit that rows appended from now on belong to. Nothing of an earlier one may be unsealed. */
  begin(commit: StagedCommit): void
  /**
   * Adds rows of one target, a name of the caller's choice. A change of their columns begins a new file. Resolves when
   * more may come.
   */
  append(target: string, rows: RecordBatch): Promise<void>
  /** Forgets what was appended to the target since `begin`. */
  discard(target: string): Promise<void>
  /** Ends every file and waits until all are in the stage: what was appended since `begin`, by target, in order. */
  seal(): Promise<ReadonlyMap<string, readonly StagedFile[]>>
  /** Removes files of a durable commit from the stage. Where that fails, it is noted in the log and no more. */
  release(files: readonly StagedFile[]): Promise<void>
}

export interface StageWriterOptions {
  /** Sessions of its own for uploads: the one that runs statements must not wait for them. */
  readonly connect: () => Promise<SnowflakeConnection>
  /** With its `@`, quoted as in SQL: `@"SHOP"."_ECLUSA"."_ECLUSA_STAGE"`. */
  readonly stage: string
  readonly pipeline: string
  /** Where files wait on this machine; created, and emptied at the end. */
  readonly directory: string
  /** A file is full when so many bytes of it are on disk. */
  readonly fileBytesTarget: number
  /** Files on their way at once. */
  readonly uploadsMax: number
  /** Bytes of rows that may wait in memory, over all open files, before the largest of them is ended. */
  readonly openBytesMax: number
  readonly signal: AbortSignal
  readonly log: Log
}

/**
 * Opens the writer of a pipeline. To be called by the one run that may write: what is left in the pipeline's part of the
 * stage is of runs that ended without a commit of it, and is removed.
 *
 * @throws STAGING_DIRECTORY_UNUSABLE, STAGING_DISK_FULL; WAREHOUSE_STATEMENT_FAILED when there is no such stage; the
 *   writer's calls also WAREHOUSE_UPLOAD_FAILED, WAREHOUSE_CONNECTION_FAILED and the signal's reason
 */
export async function openStageWriter(options: StageWriterOptions): Promise<StageWriter> {
  const pool = new UploadPool(options)
  try {
    await pool.run((connection) => connection.query(`REMOVE ${options.stage}/${stagedFolder(options.pipeline)}`))
    return new PoolStageWriter(options, pool, await openStagingDirectory(options.directory))
  } catch (error) {
    await pool[Symbol.asyncDispose]()
    throw error
  }
}

/** The files of one target since `begin`. */
interface TargetFiles {
  open: OpenFile | undefined
  /** Names are not given again, also when their files were discarded. */
  parts: number
  /** In order; each resolves when the file is in the stage. */
  ended: Promise<StagedFile>[]
}

interface OpenFile {
  readonly file: ParquetFile
  readonly path: string
  readonly fields: string
  /** Of rows that were not written to disk, at most. */
  waitingBytes: number
  seenBytes: number
}

class PoolStageWriter implements StageWriter {
  readonly #options: StageWriterOptions
  readonly #pool: UploadPool
  readonly #directory: StagingDirectory
  #targets = new Map<string, TargetFiles>()
  #commit: StagedCommit | undefined
  #failure: unknown

  constructor(options: StageWriterOptions, pool: UploadPool, directory: StagingDirectory) {
    this.#options = options
    this.#pool = pool
    this.#directory = directory
  }

  begin(commit: StagedCommit): void {
    this.#commit = commit
    this.#targets = new Map()
  }

  append(target: string, rows: RecordBatch): Promise<void> {
    return this.#onDisk(async () => {
      const files = this.#filesOf(target)
      const fields = String(rows.schema)
      if (files.open !== undefined && files.open.fields !== fields) await this.#end(files)
      files.open ??= await this.#openFile(target, files, fields)
      await write(files.open, rows)
      if (files.open.file.bytesWritten >= this.#options.fileBytesTarget) await this.#end(files)
      await this.#endLargest()
    })
  }

  discard(target: string): Promise<void> {
    return this.#onDisk(async () => {
      const files = this.#filesOf(target)
      await files.open?.file[Symbol.asyncDispose]()
      files.open = undefined
      files.ended = []
    })
  }

  async seal(): Promise<ReadonlyMap<string, readonly StagedFile[]>> {
    return await this.#onDisk(async () => {
      for (const files of this.#targets.values()) await this.#end(files)
      const sealed = new Map<string, readonly StagedFile[]>()
      for (const [target, { ended }] of this.#targets) {
        sealed.set(target, await Promise.all(ended))
      }
      return sealed
    })
  }

  async release(files: readonly StagedFile[]): Promise<void> {
    const folders = new Set(files.map(({ path }) => path.split('/').slice(0, 2).join('/')))
    try {
      for (const folder of folders) {
        await this.#pool.run((connection) => connection.query(`REMOVE ${this.#options.stage}/${folder}/`))
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#options.log.warn(`Files that are loaded could not be removed from the stage; the next run does: ${reason}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { open } of this.#targets.values()) await open?.file[Symbol.asyncDispose]()
    await this.#pool[Symbol.asyncDispose]()
    await this.#directory[Symbol.asyncDispose]()
  }

  #filesOf(target: string): TargetFiles {
    const known = this.#targets.get(target)
    if (known !== undefined) return known
    const files: TargetFiles = { open: undefined, parts: 0, ended: [] }
    this.#targets.set(target, files)
    return files
  }

  async #openFile(target: string, files: TargetFiles, fields: string): Promise<OpenFile> {
    const place = { pipeline: this.#options.pipeline, target, part: files.parts++ }
    const path = stagedPath(place, this.#commit!)
    const local = join(this.#directory.path, path)
    await mkdir(dirname(local), { recursive: true })
    return { file: await createParquetFile(local), path, fields, waitingBytes: 0, seenBytes: 0 }
  }

  /** Ends the target's file and sends it on its way. Resolves when the next one that is ended would be sent at once. */
  async #end(files: TargetFiles): Promise<void> {
    const { open } = files
    if (open === undefined) return
    files.open = undefined
    await open.file.close()
    await this.#pool.room()
    const upload = this.#upload(open)
    files.ended.push(upload)
    // Seen by the next call; a failure before that must not end the process.
    upload.catch((error: unknown) => {
      this.#failure ??= error
    })
  }

  async #upload({ file, path }: OpenFile): Promise<StagedFile> {
    await this.#pool.upload(file.path, `${this.#options.stage}/${dirname(path)}`)
    await rm(file.path)
    return { path, rows: file.rows, bytes: file.bytesWritten }
  }

  /** Keeps the memory of open files within its limit, however many targets there are. */
  async #endLargest(): Promise<void> {
    const open = [...this.#targets.values()].filter((files) => files.open !== undefined)
    const waiting = open.reduce((sum, files) => sum + files.open!.waitingBytes, 0)
    if (waiting <= this.#options.openBytesMax) return
    await this.#end(open.reduce((one, other) => (one.open!.waitingBytes < other.open!.waitingBytes ? other : one)))
  }

  async #onDisk<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#options.signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure
    try {
      return await work()
    } catch (error) {
      throw stagingError(this.#directory.path, error)
    }
  }
}

async function write(open: OpenFile, rows: RecordBatch): Promise<void> {
  await open.file.write(rows)
  open.waitingBytes += bytesOf(rows)
  if (open.file.bytesWritten === open.seenBytes) return
  // A row group has gone to disk; what is left of the batch is counted whole.
  open.seenBytes = open.file.bytesWritten
  open.waitingBytes = bytesOf(rows)
}

function bytesOf({ data }: RecordBatch): number {
  return data.children.reduce((sum, { byteLength }) => sum + byteLength, 0)
}
