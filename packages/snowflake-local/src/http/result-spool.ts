import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const pack = promisify(gzip)

export interface SpooledChunk {
  readonly id: string
  readonly rowCount: number
  readonly uncompressedSize: number
  readonly compressedSize: number
}

/** The parts of results that clients fetch later, packed and on disk, under names that nobody can guess. */
export class ResultSpool {
  #directory: Promise<string> | undefined
  readonly #ids = new Set<string>()

  async write(content: Buffer, rowCount: number): Promise<SpooledChunk> {
    const packed = await pack(content, { level: 1 })
    const id = randomBytes(24).toString('hex')
    await writeFile(join(await this.#open(), id), packed)
    this.#ids.add(id)
    return { id, rowCount, uncompressedSize: content.length, compressedSize: packed.length }
  }

  /** The packed content, unless it was given up. */
  async read(id: string): Promise<Buffer | undefined> {
    if (!this.#ids.has(id)) return undefined
    return await readFile(join(await this.#open(), id))
  }

  async drop(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      // A file that cannot be removed now goes with the directory.
      if (this.#ids.delete(id)) await rm(join(await this.#open(), id), { force: true }).catch(() => undefined)
    }
  }

  async close(): Promise<void> {
    this.#ids.clear()
    if (this.#directory !== undefined) await rm(await this.#directory, { recursive: true, force: true })
  }

  async #open(): Promise<string> {
    this.#directory ??= mkdtemp(join(tmpdir(), 'snowflake-local-results-'))
    return await this.#directory
  }
}
