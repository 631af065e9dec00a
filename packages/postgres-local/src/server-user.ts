// PostgreSQL refuses to run as root ("initdb: error: cannot be run as root"). A root process therefore starts the
// server as another user that already exists; creating users would change the machine.

import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

import { EclusaError } from '@eclusa/sdk'

/** The user a server process runs as. */
export interface ServerUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** The user to switch to, or undefined when the server can run as the current user. */
export async function findServerUser(): Promise<ServerUser | undefined> {
  if (process.geteuid?.() !== 0) return undefined
  const users = parsePasswd(await readFile('/etc/passwd', 'utf8'))
  const user = users.find(({ name }) => name === 'postgres') ?? users.find(({ name }) => name === 'nobody')
  if (user !== undefined) return user
  throw new EclusaError('POSTGRES_LOCAL_START_FAILED', {
    message:
      'PostgreSQL refuses to run as root and this machine has neither a user "postgres" nor a user "nobody" to run it as.',
    remedy: 'Run as another user.',
  })
}

/** Reads `name:password:uid:gid:...` lines; root and malformed lines are left out. */
export function parsePasswd(text: string): ServerUser[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    const user = { name: name ?? '', uid: Number.parseInt(uid ?? '', 10), gid: Number.parseInt(gid ?? '', 10) }
    return user.name !== '' && user.uid > 0 && user.gid >= 0 ? [user] : []
  })
}

/** Whether the user may pass through `directory` and all directories above it, judged by the mode bits alone. */
export async function mayEnter(directory: string, user: ServerUser): Promise<boolean> {
  const { mode, uid, gid } = await stat(directory)
  const executable = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
  if ((mode & executable) === 0) return false
  const parent = dirname(directory)
  return parent === directory || mayEnter(parent, user)
}
