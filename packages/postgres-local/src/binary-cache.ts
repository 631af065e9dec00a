// The binaries' second home. They are copied out of node_modules in two cases: the server runs as another user that
// cannot enter the project (a checkout in root's home), or the package's install script did not run, so that the
// symbolic links which npm packages cannot carry are missing. The copy lies in the temporary directory under a name
// made from its content, is built aside and renamed into place, and is used only when nobody else could have put it there.

import { createHash } from 'node:crypto'
import { lstat, mkdtemp, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { EclusaError } from '@eclusa/sdk'
import * as z from 'zod'

import { errnoOf } from './errno.ts'
import { copyTree, linkBeside, listTree } from './file-tree.ts'
import type { TreeFile } from './file-tree.ts'

const CACHE_PREFIX = 'eclusa-postgres-binaries-'
/** Copying takes about a second; a half-made copy this old belongs to a process that was killed. */
const ABANDONED_AFTER_MS = 3_600_000

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }))

/** An installed package of binaries: bin/, lib/ and share/ below `root`. */
export interface BinaryPackage {
  readonly root: string
  readonly version: string
}

/**
 * Returns a directory with the same content as the package that every user can read.
 *
 * @throws POSTGRES_LOCAL_CACHE_UNTRUSTED when the place is writable by, or belongs to, somebody else.
 */
export async function cacheBinaries(source: BinaryPackage, temporaryDirectory: string): Promise<string> {
  const { root, version } = source
  await assertOnlyOursCanMove(temporaryDirectory)
  await removeAbandonedCopies(temporaryDirectory)
  const files = await listTree(root, isNeededToRun)
  const path = join(temporaryDirectory, `${CACHE_PREFIX}${version}-${process.getuid?.() ?? 0}-${fingerprint(files)}`)
  if (await isComplete(path, files)) return path
  await buildCopy(root, path, files, temporaryDirectory)
  return path
}

async function buildCopy(root: string, path: string, files: TreeFile[], temporaryDirectory: string): Promise<void> {
  const aside = await mkdtemp(join(temporaryDirectory, `${CACHE_PREFIX}new-`))
  try {
    await copyTree(root, aside, files)
    for (const { source, target } of await readSymlinks(root)) await linkBeside(aside, source, target)
    await moveIntoPlace(aside, path, files)
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** A rename onto a directory with content fails: either another process was faster, or cleaners of /tmp left half of it. */
async function moveIntoPlace(aside: string, path: string, files: TreeFile[]): Promise<void> {
  const moved = await tryRename(aside, path)
  if (moved || (await isComplete(path, files))) return
  const damaged = `${aside}-damaged`
  await tryRename(path, damaged)
  await tryRename(aside, path)
  await rm(damaged, { recursive: true, force: true })
}

async function tryRename(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT') return false
    throw error
  }
}

async function isComplete(path: string, files: readonly TreeFile[]): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return false
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new EclusaError('POSTGRES_LOCAL_CACHE_UNTRUSTED', {
      message: `The directory ${path} belongs to another user or others may write to it, so the PostgreSQL binaries in it are not run.`,
      remedy: `Remove ${path}, or set TMPDIR to a directory of your own.`,
    })
  }
  const present = await listTree(path, isNeededToRun)
  return fingerprint(present) === fingerprint(files)
}

/** In a directory that others may write to, only the sticky bit keeps them from replacing what is ours. */
async function assertOnlyOursCanMove(directory: string): Promise<void> {
  const { mode, uid } = await stat(directory)
  const writableByOthers = (mode & 0o022) !== 0
  const sticky = (mode & 0o1000) !== 0
  const ownerTrusted = uid === 0 || uid === process.getuid?.()
  if (ownerTrusted && (!writableByOthers || sticky)) return
  throw new EclusaError('POSTGRES_LOCAL_CACHE_UNTRUSTED', {
    message: `Other users may replace files in ${directory}, so no PostgreSQL binaries are kept there.`,
    remedy: `Run "chmod +t ${directory}", or set TMPDIR to a directory of your own.`,
  })
}

async function removeAbandonedCopies(temporaryDirectory: string): Promise<void> {
  for (const name of await readdir(temporaryDirectory)) {
    if (!name.startsWith(`${CACHE_PREFIX}new-`)) continue
    const path = join(temporaryDirectory, name)
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined || found.uid !== process.getuid?.()) continue
    if (Date.now() - found.mtimeMs < ABANDONED_AFTER_MS) continue
    await rm(path, { recursive: true, force: true })
  }
}

async function readSymlinks(root: string): Promise<{ source: string; target: string }[]> {
  const text = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const prefix = 'native/'
  const strip = (path: string) => (path.startsWith(prefix) ? path.slice(prefix.length) : path)
  return symlinksSchema
    .parse(JSON.parse(text))
    .map(({ source, target }) => ({ source: strip(source), target: strip(target) }))
}

/** Static libraries and headers serve compilers only. */
function isNeededToRun(path: string): boolean {
  return /^(bin|lib|share)\//.test(path) && !path.endsWith('.a') && !path.includes('/pkgconfig/')
}

function fingerprint(files: readonly TreeFile[]): string {
  const hash = createHash('sha256')
  for (const { path, sizeBytes } of files) hash.update(`${path}\0${sizeBytes}\n`)
  return hash.digest('hex').slice(0, 16)
}
