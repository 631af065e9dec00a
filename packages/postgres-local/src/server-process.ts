import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { EclusaError } from '@eclusa/sdk'
import { Client } from 'pg'

import type { Binaries } from './binaries.ts'
import { serverEnvironment, switchUser } from './command.ts'
import { SUPERUSER } from './data-directory.ts'
import { LOOPBACK } from './port.ts'
import { readLogTail } from './run-directory.ts'
import type { RunDirectory } from './run-directory.ts'
import type { ServerUser } from './server-user.ts'

const READY_DEADLINE_MS = 60_000
const PROBE_INTERVAL_MS = 20
const STOP_DEADLINE_MS = 20_000

export interface ServerProcessOptions {
  readonly binaries: Binaries
  readonly dataDirectory: string
  readonly run: RunDirectory
  readonly user: ServerUser | undefined
  readonly port: number
  readonly settings: Readonly<Record<string, string>>
}

export interface ServerProcess {
  readonly pid: number
  /** True once the process has ended, for whatever reason. */
  readonly hasEnded: () => boolean
  /** Shuts down and waits for the end; `mode` is PostgreSQL's fast (with a checkpoint) or immediate (without). */
  stop(mode: 'fast' | 'immediate'): Promise<void>
}

export async function spawnServer(options: ServerProcessOptions): Promise<ServerProcess> {
  const { binaries, run, user } = options
  // A file and not a pipe: the server must not depend on somebody reading, and its last words survive it.
  await using log = await open(run.logFile, 'a', 0o600)
  const child = spawn(join(binaries.directory, 'postgres'), serverArguments(options), {
    ...switchUser(user),
    cwd: '/',
    env: serverEnvironment(),
    // PostgreSQL takes a terminal's Ctrl-C as an order to shut down, while the owner may still be writing a checkpoint.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  if (child.pid === undefined) {
    throw new EclusaError('POSTGRES_LOCAL_START_FAILED', {
      message: `The program ${join(binaries.directory, 'postgres')} could not be started.`,
    })
  }
  // A program that forgets to stop its server may still end; the watchdog then ends the server.
  child.unref()
  return {
    pid: child.pid,
    hasEnded: () => hasEnded(child),
    stop: (mode) => stopChild(child, ended, mode),
  }
}

function serverArguments({ dataDirectory, run, port, settings }: ServerProcessOptions): string[] {
  const fixed = {
    listen_addresses: LOOPBACK,
    port: String(port),
    unix_socket_directories: run.socketDirectory ?? '',
    unix_socket_permissions: '0700',
    lc_messages: 'C',
    timezone: 'UTC',
    log_timezone: 'UTC',
  }
  const all = Object.entries({ ...fixed, ...settings })
  return ['-D', dataDirectory, ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

export interface ReadinessOptions {
  readonly server: ServerProcess
  readonly port: number
  readonly password: string
  readonly run: RunDirectory
  readonly signal: AbortSignal | undefined
}

/** Logs in until it works; returns the server's version. The log says nothing reliable about readiness, a login does. */
export async function waitUntilReady({ server, port, password, run, signal }: ReadinessOptions): Promise<string> {
  const deadline = Date.now() + READY_DEADLINE_MS
  let lastError: unknown
  while (Date.now() < deadline) {
    signal?.throwIfAborted()
    if (server.hasEnded()) {
      throw new EclusaError('POSTGRES_LOCAL_START_FAILED', {
        message: `PostgreSQL ended while starting. Its log says:\n${await readLogTail(run)}`,
      })
    }
    try {
      return await readVersion(port, password)
    } catch (error) {
      lastError = error
    }
    await delay(PROBE_INTERVAL_MS)
  }
  throw new EclusaError('POSTGRES_LOCAL_START_FAILED', {
    message: `PostgreSQL accepted no connection within ${READY_DEADLINE_MS / 1000} seconds. Its log says:\n${await readLogTail(run)}`,
    cause: lastError,
  })
}

async function readVersion(port: number, password: string): Promise<string> {
  const client = new Client({
    host: LOOPBACK,
    port,
    user: SUPERUSER,
    password,
    database: 'postgres',
    ssl: false,
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]?.server_version ?? ''
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function stopChild(child: ChildProcess, ended: Promise<void>, mode: 'fast' | 'immediate'): Promise<void> {
  if (hasEnded(child)) return
  child.ref()
  const signals: NodeJS.Signals[] = mode === 'fast' ? ['SIGINT', 'SIGQUIT', 'SIGKILL'] : ['SIGQUIT', 'SIGKILL']
  const timers: NodeJS.Timeout[] = signals.map((signal, step) =>
    setTimeout(() => child.kill(signal), step * STOP_DEADLINE_MS),
  )
  await ended
  for (const timer of timers) clearTimeout(timer)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
