// A process id alone does not name a process for long: ids are reused, and the same id means another process in another
// container. What is written to disk about an owner therefore also says when it started and in which namespace.

import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

import * as z from 'zod'

import { errnoOf } from './errno.ts'

export const processIdentitySchema = z.object({
  pid: z.int().positive(),
  /** Clock ticks since boot on Linux; empty where the system does not tell. */
  startedAt: z.string(),
  /** Host and process namespace in which the id has its meaning. */
  namespace: z.string(),
})

export type ProcessIdentity = z.infer<typeof processIdentitySchema>

export async function identifyProcess(pid: number): Promise<ProcessIdentity> {
  return { pid, startedAt: await readStartTime(pid), namespace: await readNamespace() }
}

/** True only when it is certain that the process has ended: an owner in another namespace counts as alive. */
export async function isGone(identity: ProcessIdentity): Promise<boolean> {
  if (identity.namespace !== (await readNamespace())) return false
  if (!isRunning(identity.pid)) return true
  return identity.startedAt !== (await readStartTime(identity.pid))
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errnoOf(error) === 'EPERM'
  }
}

async function readNamespace(): Promise<string> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '')
  return `${hostname()} ${namespace}`
}

/** Field 22 of /proc/<pid>/stat; the command name before it may itself contain spaces and parentheses. */
async function readStartTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.slice(stat.lastIndexOf(')') + 1).split(' ')[20] ?? ''
}
