// Each running server has a directory of its own in the temporary directory. It holds the socket, the log, the data of
// a throw-away server, and a note of who started it. The note is what lets a later start clean up after a process that
// was killed: no note is believed unless the directory is ours and its owner is certainly gone.

import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { EclusaError } from '@eclusa/sdk'
import * as z from 'zod'

import { stopPostmaster } from './postmaster.ts'
import { identifyProcess, isGone, processIdentitySchema } from './process-identity.ts'
import { mayEnter } from './server-user.ts'
import type { ServerUser } from './server-user.ts'

const RUN_PREFIX = 'eclusa-postgres-run-'
const NOTE = 'owner.json'
/** A directory without a note is one that is just being made, unless it is this old. */
const UNOWNED_AFTER_MS = 600_000
/** The longest path of a unix socket is 103 bytes on macOS and 107 on Linux; the name below it takes up to 21. */
const SOCKET_DIRECTORY_BYTES_MAX = 80

const noteSchema = z.object({ owner: processIdentitySchema, dataDirectory: z.string() })

export interface RunDirectory {
  readonly path: string
  readonly logFile: string
  readonly passwordFile: string
  /** Where a throw-away server keeps its data. */
  readonly temporaryDataDirectory: string
  /** Directory for the unix socket; undefined where its path would be too long for a socket. */
  readonly socketDirectory: string | undefined
}

/** The first temporary directory that the server user can enter: root's own TMPDIR is often closed to others. */
export async function findTemporaryDirectory(user: ServerUser | undefined): Promise<string> {
  if (user === undefined) return tmpdir()
  for (const candidate of [tmpdir(), '/tmp', '/var/tmp']) {
    if (await mayEnter(candidate, user).catch(() => false)) return candidate
  }
  throw new EclusaError('POSTGRES_LOCAL_START_FAILED', {
    message: `The server runs as user ${user.name}, who can enter none of ${tmpdir()}, /tmp and /var/tmp.`,
    remedy: 'Set TMPDIR to a directory that everybody can enter.',
  })
}

/** Makes the directory and notes this process as its owner. */
export async function createRunDirectory(
  temporaryDirectory: string,
  user: ServerUser | undefined,
): Promise<RunDirectory> {
  const path = await mkdtemp(join(temporaryDirectory, RUN_PREFIX))
  const socketDirectory = join(path, 'socket')
  await mkdir(socketDirectory, { mode: 0o700 })
  if (user !== undefined) {
    await chmod(path, 0o711)
    await chown(socketDirectory, user.uid, user.gid)
  }
  return {
    path,
    logFile: join(path, 'log'),
    passwordFile: join(path, 'password'),
    temporaryDataDirectory: join(path, 'data'),
    socketDirectory: Buffer.byteLength(socketDirectory) <= SOCKET_DIRECTORY_BYTES_MAX ? socketDirectory : undefined,
  }
}

/** Names this process as the owner, and the data directory whose server must end with it. */
export async function noteOwner(run: RunDirectory, dataDirectory: string): Promise<void> {
  const note: z.infer<typeof noteSchema> = { owner: await identifyProcess(process.pid), dataDirectory }
  const draft = join(run.path, `${NOTE}.new`)
  await writeFile(draft, JSON.stringify(note), { mode: 0o600 })
  await rename(draft, join(run.path, NOTE))
}

/** Creates an empty directory that only the server user can open, as PostgreSQL demands of its data directory. */
export async function createPrivateDirectory(path: string, user: ServerUser | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await chmod(path, 0o700)
  if (user !== undefined) await chown(path, user.uid, user.gid)
}

/** Stops the servers and removes the directories of processes that ended without doing so themselves. */
export async function reapAbandonedRuns(temporaryDirectory: string): Promise<void> {
  const names = await readdir(temporaryDirectory)
  for (const name of names.filter((entry) => entry.startsWith(RUN_PREFIX))) {
    await reapRun(join(temporaryDirectory, name))
  }
}

async function reapRun(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined || !found.isDirectory() || found.uid !== process.getuid?.()) return
  const text = await readFile(join(path, NOTE), 'utf8').catch(() => undefined)
  if (text === undefined) {
    if (Date.now() - found.mtimeMs > UNOWNED_AFTER_MS) await removeDirectory(path)
    return
  }
  const note = parseNote(text)
  if (note === undefined || !(await isGone(note.owner))) return
  await stopPostmaster(note.dataDirectory)
  await removeDirectory(path)
}

function parseNote(text: string): z.infer<typeof noteSchema> | undefined {
  try {
    return noteSchema.parse(JSON.parse(text))
  } catch {
    // Written by another version of this package; its owner cleans up.
    return undefined
  }
}

/** An orphaned initdb, or another start that cleans up too, may be busy in the directory: removal is repeated. */
export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}

/** The last lines of the server's log, for an error message. */
export async function readLogTail(run: RunDirectory): Promise<string> {
  const tailBytes = 4_000
  const { size } = await stat(run.logFile).catch(() => ({ size: 0 }))
  if (size === 0) return '(the log is empty)'
  await using file = await open(run.logFile)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(tailBytes), 0, tailBytes, Math.max(0, size - tailBytes))
  return buffer.toString('utf8', 0, bytesRead).trim().split('\n').slice(-15).join('\n')
}
