import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import type { IgnoreRule } from './ignore-file.ts'

/** A file of the project: path within it, with forward slashes, and text. */
export interface ProjectSource {
  readonly path: string
  readonly text: string
}

/** All files with one of the endings below the folders, in a stable order. A folder that is missing is empty. */
export async function readProjectFiles(
  directory: string,
  folders: readonly string[],
  endings: readonly string[],
  ignores: IgnoreRule = () => false,
): Promise<ProjectSource[]> {
  const paths = new Set<string>()
  for (const folder of folders) {
    for (const name of await filesBelow(path.join(directory, folder))) {
      const file = path.posix.join(folder, name.split(path.sep).join('/'))
      if (endings.includes(path.extname(name)) && !ignores(file)) paths.add(file)
    }
  }
  return await Promise.all(
    [...paths]
      .toSorted()
      .map(async (file) => ({ path: file, text: await readFile(path.join(directory, file), 'utf8') })),
  )
}

async function filesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
