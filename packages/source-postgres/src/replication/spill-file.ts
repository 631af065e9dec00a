import { randomUUID } from 'node:crypto'
import { open, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EclusaError } from '@eclusa/sdk'
import type { WireBytes } from '../codec/value-codec.ts'

/** A temporary file that nobody else can open and that is gone with the process, however that ends. */
export class SpillFile implements AsyncDisposable {
  readonly #file: FileHandle
  readonly #directory: string
  #bytes = 0

  private constructor(file: FileHandle, directory: string) {
    this.#file = file
    this.#directory = directory
  }

  /** @throws REPLICATION_SPILL_FAILED, as all that follows. */
  static async create(directory = tmpdir()): Promise<SpillFile> {
    const path = join(directory, `eclusa-${randomUUID()}`)
    return await explained(directory, async () => {
      const file = await open(path, 'wx+', 0o600)
      await unlink(path)
      return new SpillFile(file, directory)
    })
  }

  /** Writes the bytes behind those that were written before. */
  async append(bytes: Buffer): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const from = written
      const { bytesWritten } = await explained(
        this.#directory,
        async () => await this.#file.write(bytes, from, bytes.length - from, this.#bytes),
      )
      written += bytesWritten
      this.#bytes += bytesWritten
    }
  }

  /** Fills the first `length` bytes with those of the file from `position` on. */
  async read({ bytes }: WireBytes, position: number, length: number): Promise<void> {
    for (let done = 0; done < length;) {
      const from = done
      const { bytesRead } = await explained(
        this.#directory,
        async () => await this.#file.read(bytes, from, length - from, position + from),
      )
      if (bytesRead === 0) throw new EclusaError('INTERNAL', { message: 'A temporary file is shorter than written.' })
      done += bytesRead
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }
}

async function explained<Result>(directory: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const isFull = code === 'ENOSPC' || code === 'EDQUOT'
    throw new EclusaError('REPLICATION_SPILL_FAILED', {
      message: isFull
        ? `The disk of the directory for temporary files, ${directory}, is full: a transaction that is not committed yet did not fit.`
        : `A transaction that is not committed yet could not be kept in a temporary file in ${directory}: ${code}.`,
      details: { directory, code },
      cause: error,
    })
  }
}
