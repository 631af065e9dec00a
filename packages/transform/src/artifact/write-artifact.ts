import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** Writes a JSON file so that nobody ever reads half of it. Returns its path. */
export async function writeArtifact(folder: string, name: string, value: unknown): Promise<string> {
  const file = path.join(folder, name)
  await mkdir(folder, { recursive: true })
  const temporary = `${file}.${process.pid}.tmp`
  await writeFile(temporary, JSON.stringify(value))
  await rename(temporary, file)
  return file
}
