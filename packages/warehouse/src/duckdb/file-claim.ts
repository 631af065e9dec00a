import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { EclusaError } from '@eclusa/sdk'

// DuckDB's file lock is held by the process, so a second instance in the same process gets in and both would write
// (seen with 1.5.6). The registry is on globalThis because two copies of this package may be loaded.

const registryKey = Symbol.for('eclusa.duckdb.open-files')
const registry = globalThis as { [registryKey]?: Set<string> }

/** Held while this thread, or a worker of it, has the file open. */
export interface DuckDbFileClaim {
  release(): void
}

/**
 * Reserves a database file for one instance of this process. `:memory:` is nobody else's and needs no claim.
 *
 * @throws DUCKDB_LOCKED when it is open in this process already.
 */
export function claimDuckDbFile(path: string): DuckDbFileClaim {
  if (path === ':memory:') return { release: () => {} }
  const open = (registry[registryKey] ??= new Set())
  const key = canonicalPath(path)
  if (open.has(key)) {
    throw new EclusaError('DUCKDB_LOCKED', {
      message: `The DuckDB file ${path} is already open in this process (${process.pid}).`,
      remedy: 'Close the other session or warehouse of this program first.',
      details: { path, pid: process.pid },
    })
  }
  open.add(key)
  return { release: () => open.delete(key) }
}

/** Symbolic links resolved; the file itself may not exist yet. */
function canonicalPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    try {
      return join(realpathSync(dirname(path)), basename(path))
    } catch {
      return path
    }
  }
}
