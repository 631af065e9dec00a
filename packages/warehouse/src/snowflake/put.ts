import { stat } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EclusaError } from '@eclusa/sdk'
import { snowflakeLiteral } from './literal.ts'
import { watchRequests } from './request-watch.ts'
import { isStatementRefused } from './statement-failure.ts'

export interface PutOptions {
  readonly signal?: AbortSignal
  /** Files under way at once, each by a PUT of its own: the driver sends the files of one PUT one after the other. Default: 4. */
  readonly concurrency?: number
  /** An upload that moves no byte for this long is given up and begun anew. Default: 60,000. */
  readonly stallMs?: number
  /** Waits before each further PUT of a file, of which there are as many. Default: 250, 1,000, 4,000 and 15,000. */
  readonly againDelaysMs?: readonly number[]
}

/** A file that a stage holds now. */
export interface PutFile {
  /** As it was given. */
  readonly path: string
  /** Below the stage's location. */
  readonly name: string
  readonly bytes: number
}

/** Runs a PUT through the driver, under a new request id, and gives the row that tells what became of the file. */
export type PutStatement = (sql: string) => Promise<readonly unknown[]>

const concurrencyDefault = 4
const stallDefaultMs = 60_000
/** The driver tries five times, the cloud's library three times each, and a look at the file goes before and after. */
const requestsMax = 64
const againDelaysDefaultMs = [250, 1000, 4000, 15_000]

/**
 * Puts files into a stage as they are, over files of the same name. Each PUT gets a new token for the stage, so one that
 * ends in a fault of the storage - token expired, connection cut, storage busy - is put again.
 *
 * @throws WAREHOUSE_UPLOAD_FAILED when a file still could not be put, or changed meanwhile; what the server said of the
 *   statement, as the driver throws it; the signal's reason.
 */
export async function putFiles(
  put: PutStatement,
  paths: readonly string[],
  location: string,
  options: PutOptions = {},
): Promise<readonly PutFile[]> {
  const failed = new AbortController()
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal])
  const found: PutFile[] = []
  const waiting = paths.entries()
  const putWaiting = async () => {
    for (const [index, path] of waiting) found[index] = await putFile(put, path, location, { ...options, signal })
  }
  const workers = Array.from({ length: options.concurrency ?? concurrencyDefault }, putWaiting)
  try {
    await Promise.all(workers)
  } catch (error) {
    failed.abort(error)
    await Promise.allSettled(workers)
    throw error
  }
  return found
}

async function putFile(
  put: PutStatement,
  path: string,
  location: string,
  { signal, stallMs = stallDefaultMs, againDelaysMs = againDelaysDefaultMs }: PutOptions,
): Promise<PutFile> {
  const { size } = await stat(path)
  const sql = putStatement(path, location)
  const watch = { signal, stallMs, requestsMax, counts: 'both' } as const
  for (let again = 0; ; again += 1) {
    try {
      return putFileOf(path, size, await watchRequests(() => put(sql), watch))
    } catch (cause) {
      signal?.throwIfAborted()
      if (EclusaError.isInstance(cause) || isStatementRefused(cause)) throw cause
      const waitMs = againDelaysMs[again]
      if (waitMs === undefined) throw uploadFailed({ path, location, attempts: again + 1 }, cause)
      await delay(waitMs, undefined, { signal })
    }
  }
}

/** OVERWRITE spares a look whether the file is there, and makes putting again safe. */
function putStatement(path: string, location: string): string {
  const local = snowflakeLiteral(`file://${resolve(path).replaceAll(sep, '/')}`)
  return `PUT ${local} ${snowflakeLiteral(location)} PARALLEL = 1 AUTO_COMPRESS = FALSE OVERWRITE = TRUE`
}

/** The row has: source, target, source size, target size, source compression, target compression, status, message. */
function putFileOf(path: string, size: number, [, name, , bytes, , , status, message]: readonly unknown[]): PutFile {
  if (status !== 'UPLOADED') throw new Error(`${String(status)}: ${String(message)}`)
  if (Number(bytes) === size) return { path, name: String(name), bytes: size }
  throw new EclusaError('WAREHOUSE_UPLOAD_FAILED', {
    message: `The file ${path} had ${size} bytes when its upload began, and ${String(bytes)} were sent.`,
    details: { path, size, sent: Number(bytes) },
  })
}

function uploadFailed(
  { path, location, attempts }: { readonly path: string; readonly location: string; readonly attempts: number },
  cause: unknown,
): EclusaError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new EclusaError('WAREHOUSE_UPLOAD_FAILED', {
    message: `The file ${path} could not be put into ${location} in ${attempts} attempts: ${message}`,
    details: { path, location, attempts },
    cause,
  })
}
