import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { EclusaError } from '@eclusa/sdk'

/** What the system takes as the path of a socket, in bytes: 104 with the final NUL on macOS, 108 on Linux. */
const pathBytesMax = 103

export interface SocketPathOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform?: NodeJS.Platform
}

/**
 * Where the process that holds a database file listens, the first choice first: beside the file, and, where that path is
 * too long or its file system has no sockets, in a folder of this user. Windows has named pipes instead.
 */
export function socketPathsOf(file: string, { env, platform = process.platform }: SocketPathOptions): string[] {
  const canonical = canonicalPath(file)
  const name = createHash('sha256').update(canonical).digest('hex').slice(0, 32)
  if (platform === 'win32') return [String.raw`\\.\pipe\eclusa-${name}`]
  const beside = `${canonical}.sock`
  const paths = [beside, join(runtimeDirectory(env), `${name}.sock`)]
  return paths.filter((path) => Buffer.byteLength(path) <= pathBytesMax)
}

/** Symbolic links resolved, so that both sides come to the same; the file and its folder may not exist yet. */
function canonicalPath(file: string): string {
  const directory = dirname(file)
  if (existsSync(file)) return realpathSync(file)
  return existsSync(directory) ? join(realpathSync(directory), basename(file)) : file
}

/** The folder that the system keeps for this user while they are logged in, else one of our own among temporary files. */
function runtimeDirectory(env: SocketPathOptions['env']): string {
  const given = env['XDG_RUNTIME_DIR']
  return given === undefined || given === ''
    ? join(tmpdir(), `eclusa-${process.getuid?.() ?? 0}`)
    : join(given, 'eclusa')
}

/**
 * Makes the folder of a socket that does not lie beside its file, for this user alone.
 *
 * @throws SOCKET_UNAVAILABLE when somebody else could get in: temporary folders are shared.
 */
export function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const facts = lstatSync(path)
  const isPrivate = facts.isDirectory() && facts.uid === process.getuid?.() && (facts.mode & 0o077) === 0
  if (isPrivate) return
  throw new EclusaError('SOCKET_UNAVAILABLE', {
    message: `The folder ${path} is not this user's alone.`,
    remedy: `Remove it, or make it yours: chmod 700 '${path}'`,
  })
}

/** True when whoever made the socket may answer for the file: this user, or the owner of the file. */
export function isTrustedSocket(path: string, file: string): boolean {
  if (path.startsWith('\\\\.\\pipe\\')) return true
  const owners = [process.getuid?.(), ownerOf(file)]
  const owner = ownerOf(path)
  return owner !== undefined && owners.includes(owner)
}

function ownerOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.uid
}
