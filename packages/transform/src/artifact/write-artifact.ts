import { Buffer } from 'node:buffer'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'

/** Writes a JSON file. Returns its path. */
export async function writeArtifact(folder: string, name: string, value: unknown): Promise<string> {
  const file = path.join(folder, name)
  await writePieces(file, [Buffer.from(JSON.stringify(value))])
  return file
}

/** Writes a file so that nobody ever reads half of it. */
export async function writePieces(file: string, pieces: readonly Uint8Array[]): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.tmp`
  try {
    await using handle = await open(temporary, 'w')
    for (const piece of pieces) await writeAll(handle, piece)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await rename(temporary, file)
}

/** The file system may take less than it was given. */
async function writeAll(handle: FileHandle, piece: Uint8Array): Promise<void> {
  let written = 0
  while (written < piece.byteLength) {
    const { bytesWritten } = await handle.write(piece, written)
    written += bytesWritten
  }
}
