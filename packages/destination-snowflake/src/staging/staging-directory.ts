import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stagingError } from './staging-error.ts'

const prefix = 'eclusa-staging-'

/** Directories of sessions of this process that are open. */
const open = new Set<string>()

/** A directory of this session alone, gone with it. */
export interface StagingDirectory extends AsyncDisposable {
  readonly path: string
}

/**
 * Makes a directory for the files that wait to be put, and removes those of processes that are no more: one that was
 * killed could not remove its own.
 *
 * @throws STAGING_DIRECTORY_UNUSABLE, STAGING_DISK_FULL
 */
export async function openStagingDirectory(parent: string): Promise<StagingDirectory> {
  try {
    await mkdir(parent, { recursive: true })
    await removeAbandoned(parent)
    const path = await mkdtemp(join(parent, `${prefix}${process.pid}-`))
    open.add(path)
    return {
      path,
      async [Symbol.asyncDispose]() {
        open.delete(path)
        await rm(path, { recursive: true, force: true })
      },
    }
  } catch (error) {
    throw stagingError(parent, error)
  }
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN
    const path = join(parent, name)
    if (Number.isNaN(pid) || open.has(path) || isOtherProcess(pid)) continue
    // Another user's, for example: not worth a failure.
    await rm(path, { recursive: true, force: true }).catch(() => {})
  }
}

/** In a container every process may have the number of the one before it. */
function isOtherProcess(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
