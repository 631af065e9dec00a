import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'

export interface StageFile {
  /** Below the stage, with slashes. */
  readonly name: string
  readonly bytes: number
}

/** The file of a stage by its name; none where the name leads out of the stage. */
export function resolveStageFile(directory: string, name: string): string | undefined {
  const root = resolve(directory)
  const path = resolve(root, name)
  return path.startsWith(root + sep) ? path : undefined
}

/** The files whose name begins with the path, as stages have no folders, and of these those that the pattern matches whole. */
export async function listStageFiles(
  directory: string,
  { path, pattern }: { readonly path: string; readonly pattern?: string | undefined },
): Promise<readonly StageFile[]> {
  const matcher = pattern === undefined ? undefined : new RegExp(`^(?:${pattern})$`)
  const files: StageFile[] = []
  for (const entry of await readEntries(directory)) {
    const file = join(entry.parentPath, entry.name)
    const name = relative(directory, file).split(sep).join('/')
    if (!entry.isFile() || !isBelow(name, path) || matcher?.test(name) === false) continue
    files.push({ name, bytes: (await stat(file)).size })
  }
  return files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function isBelow(name: string, path: string): boolean {
  const prefix = path.replace(/^\/+/, '')
  return name.startsWith(prefix)
}

/** A stage's directory comes with its first file. */
async function readEntries(directory: string) {
  try {
    return await readdir(directory, { recursive: true, withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
