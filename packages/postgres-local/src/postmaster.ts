import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { isRunning } from './process-identity.ts'

const POLL_MS = 20
const FAST_SHUTDOWN_MS = 10_000
const IMMEDIATE_SHUTDOWN_MS = 5_000

/** The process id in a data directory's postmaster.pid, or undefined when no server runs there. */
export async function readPostmasterPid(dataDirectory: string): Promise<number | undefined> {
  const text = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  return pid > 1 && isRunning(pid) && (await isPostgres(pid)) ? pid : undefined
}

/** Stops a server that is not our child: fast first, then without a checkpoint, then by force. */
export async function stopPostmaster(dataDirectory: string): Promise<void> {
  const pid = await readPostmasterPid(dataDirectory)
  if (pid === undefined) return
  for (const [signal, waitMs] of [
    ['SIGINT', FAST_SHUTDOWN_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_MS],
    ['SIGKILL', IMMEDIATE_SHUTDOWN_MS],
  ] as const) {
    if (await signalAndWait(dataDirectory, pid, signal, waitMs)) return
  }
}

async function signalAndWait(
  dataDirectory: string,
  pid: number,
  signal: NodeJS.Signals,
  waitMs: number,
): Promise<boolean> {
  try {
    process.kill(pid, signal)
  } catch {
    return true
  }
  const deadline = Date.now() + waitMs
  while (Date.now() < deadline) {
    if ((await readPostmasterPid(dataDirectory)) !== pid) return true
    await delay(POLL_MS)
  }
  return false
}

/** A stale postmaster.pid may name an unrelated process by now; where the system tells, its program decides. */
async function isPostgres(pid: number): Promise<boolean> {
  const command = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => undefined)
  if (command === undefined) return process.platform !== 'linux'
  return command.trim() === 'postgres'
}
