import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, readdir, stat, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/** A regular file below a root: its path relative to the root and its size. */
export interface TreeFile {
  readonly path: string
  readonly sizeBytes: number
}

/** The regular files below `root` that `wanted` accepts, sorted by path. Symbolic links are left out. */
export async function listTree(root: string, wanted: (path: string) => boolean): Promise<TreeFile[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => wanted(path))
    .toSorted()
  return Promise.all(paths.map(async (path) => ({ path, sizeBytes: (await stat(join(root, path))).size })))
}

/** Copies files with modes that let everybody read (and run what lies in bin/) and only the owner write. */
export async function copyTree(from: string, to: string, files: readonly TreeFile[]): Promise<void> {
  for (const directory of new Set(files.flatMap(({ path }) => parents(path)).toSorted())) {
    await mkdir(join(to, directory), { recursive: true })
    await chmod(join(to, directory), 0o755)
  }
  await chmod(to, 0o755)
  for (const { path } of files) {
    await copyFile(join(from, path), join(to, path), constants.COPYFILE_FICLONE)
    await chmod(join(to, path), path.startsWith('bin/') ? 0o755 : 0o644)
  }
}

/** Creates `link` beside its target, so that the tree can be moved as a whole. */
export async function linkBeside(root: string, target: string, link: string): Promise<void> {
  await symlink(relative(dirname(link), target), join(root, link))
}

function parents(path: string): string[] {
  const parent = dirname(path)
  return parent === '.' ? [] : [...parents(parent), parent]
}
