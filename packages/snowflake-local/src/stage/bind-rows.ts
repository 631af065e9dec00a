import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { ResultRow } from '../engine/statement.ts'
import { listStageFiles } from './stage-files.ts'

/** The rows of an array bind that a driver put to a stage as CSV, packed or not. */
export async function* readBindRows(directory: string, path: string): AsyncGenerator<ResultRow> {
  const files = await listStageFiles(directory, { path: `${path.replace(/\/$/, '')}/` })
  // Drivers number the files from 1: 10 comes after 9.
  for (const file of files.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))) {
    yield* parseBindRows(await openText(join(directory, file.name)))
  }
}

async function openText(path: string): Promise<Readable> {
  const file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
  await file.close()
  const isGzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  const raw = createReadStream(path)
  const text = isGzip ? raw.pipe(createGunzip()) : raw
  return text.setEncoding('utf8')
}

/** CSV as the drivers write it: an empty value is NULL, an empty value in quotes is the empty text. */
export async function* parseBindRows(blocks: AsyncIterable<string>): AsyncGenerator<ResultRow> {
  const reader = new RowReader()
  for await (const block of blocks) yield* reader.push(block)
  yield* reader.end()
}

class RowReader {
  #row: (string | null)[] = []
  #value = ''
  #state: 'start' | 'plain' | 'quoted' | 'quote-in-quoted' = 'start'

  push(block: string): readonly ResultRow[] {
    const rows: ResultRow[] = []
    for (const character of block) {
      const row = this.#step(character)
      if (row !== undefined) rows.push(row)
    }
    return rows
  }

  /** The last line may lack its line feed. */
  end(): readonly ResultRow[] {
    if (this.#state === 'start' && this.#row.length === 0) return []
    return [this.#endRow()]
  }

  #step(character: string): ResultRow | undefined {
    if (this.#state === 'quoted') {
      if (character === '"') this.#state = 'quote-in-quoted'
      else this.#value += character
      return undefined
    }
    if (character === '"' && this.#state !== 'plain') {
      if (this.#state === 'quote-in-quoted') this.#value += '"'
      this.#state = 'quoted'
      return undefined
    }
    if (character === '\n') return this.#endRow()
    if (character === ',') {
      this.#endValue()
      return undefined
    }
    this.#state = 'plain'
    this.#value += character
    return undefined
  }

  #endValue(): void {
    this.#row.push(this.#state === 'start' ? null : this.#value)
    this.#value = ''
    this.#state = 'start'
  }

  #endRow(): ResultRow {
    this.#endValue()
    const row = this.#row
    this.#row = []
    return row
  }
}
