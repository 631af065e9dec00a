import { open } from 'node:fs/promises'
import { EclusaError } from '@eclusa/sdk'
import type { ErrorCode } from '@eclusa/sdk'

interface FileFault {
  readonly pattern: RegExp
  readonly code: ErrorCode
  readonly message: (path: string, match: RegExpExecArray) => string
  readonly remedy?: (path: string, match: RegExpExecArray) => string
}

/** DuckDB has one class for all of them (`IO Error`), so its sentences are what there is to go by (1.5). */
const faults: readonly FileFault[] = [
  {
    pattern:
      /Could not set lock on file.*?(?:Conflicting lock is held in (.*?) ?\(PID (\d+)\))?(?: by user (\S+?))?\.(?:\s|$)/s,
    code: 'DUCKDB_LOCKED',
    message: (path, [, program, pid]) =>
      `The DuckDB file ${path} is in use by ${pid === undefined ? 'another process' : `process ${pid} (${program})`}.`,
    remedy: (_, [, , pid]) =>
      pid === undefined
        ? 'Close the program that uses it, then run again.'
        : `Wait for process ${pid} to end, or close it, then run again.`,
  },
  {
    pattern:
      /No space left on device|not enough (disk )?space|File too large|Disk quota exceeded|failed to offload data block/i,
    code: 'DUCKDB_DISK_FULL',
    message: (path) => `There is no room left to write for the DuckDB file ${path}.`,
  },
  {
    pattern: /not a valid DuckDB database file|Is a directory/,
    code: 'DUCKDB_NOT_A_DATABASE',
    message: (path) => `${path} exists and is not a DuckDB database.`,
    remedy: (path) => `Correct the path, or move it away: mv '${path}' '${path}.other'`,
  },
  {
    pattern: /database file with version number|newer version of DuckDB|storage version/i,
    code: 'DUCKDB_NEWER_VERSION',
    message: (path) => `The DuckDB file ${path} has a storage format that this DuckDB library cannot read.`,
  },
  {
    pattern:
      /Corrupt database file|Could not read enough bytes|checksum .* does not match|Failure while replaying WAL/i,
    code: 'DUCKDB_CORRUPT',
    message: (path) => `The DuckDB file ${path} is damaged.`,
    remedy: (path) => `Restore it from a backup, or move it away and load again: mv '${path}' '${path}.damaged'`,
  },
  {
    pattern: /database does not exist/,
    code: 'DUCKDB_OPEN_FAILED',
    message: (path) => `There is no DuckDB file at ${path}.`,
    remedy: () => 'Correct the path, or run the pipeline that writes the file first.',
  },
  {
    pattern: /No such file or directory|cannot find the path/i,
    code: 'DUCKDB_DIRECTORY_MISSING',
    message: (path) => `The directory of the DuckDB file ${path} does not exist.`,
  },
  {
    pattern: /Permission denied|Read-only file system|Access is denied/i,
    code: 'DUCKDB_UNWRITABLE',
    message: (path) => `The DuckDB file ${path} cannot be read or written by this user.`,
  },
]

/** The catalogued error for what DuckDB says about its file; undefined when it is about something else. */
export function duckdbFileError(cause: unknown, path: string): EclusaError | undefined {
  const text = cause instanceof Error ? cause.message : String(cause)
  for (const fault of faults) {
    const match = fault.pattern.exec(text)
    if (match === null) continue
    const remedy = fault.remedy?.(path, match)
    return new EclusaError(fault.code, {
      message: fault.message(path, match),
      ...(remedy === undefined ? {} : { remedy }),
      details: { path, message: text },
      cause,
    })
  }
  return undefined
}

const sqliteMagic = 'SQLite format 3\0'

/**
 * DuckDB would fetch an extension for an SQLite file and open it as something that it is not.
 *
 * @throws DUCKDB_NOT_A_DATABASE
 */
export async function refuseSqliteFile(path: string): Promise<void> {
  const file = await open(path).catch(() => undefined)
  if (file === undefined) return
  try {
    const { buffer } = await file
      .read(Buffer.alloc(sqliteMagic.length), 0, sqliteMagic.length, 0)
      .catch(() => ({ buffer: '' }))
    if (String(buffer) === sqliteMagic) throw duckdbFileError('not a valid DuckDB database file', path)!
  } finally {
    await file.close()
  }
}

/** What `DuckDBInstance.create` threw, as a catalogued error. */
export function duckdbOpenError(cause: unknown, path: string): EclusaError {
  const text = cause instanceof Error ? cause.message : String(cause)
  return (
    duckdbFileError(cause, path) ??
    new EclusaError('DUCKDB_OPEN_FAILED', {
      message: `DuckDB did not open ${path}: ${text}`,
      details: { path, message: text },
      cause,
    })
  )
}
