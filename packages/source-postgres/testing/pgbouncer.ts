import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { waitUntil } from './database.ts'

export interface PgBouncer extends AsyncDisposable {
  /** To the same database, through PgBouncer. */
  readonly connectionString: string
}

/** Major and minor version of the PgBouncer of this machine; undefined where there is none. */
export function pgbouncerVersion(): readonly [number, number] | undefined {
  const { stdout, error } = spawnSync('pgbouncer', ['--version'], { encoding: 'utf8' })
  const [, major, minor] = error === undefined ? (/PgBouncer (\d+)\.(\d+)/u.exec(stdout) ?? []) : []
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)]
}

/** Starts PgBouncer before a database. It does not run as root, and then runs as the user "nobody". */
export async function startPgbouncer(
  connectionString: string,
  poolMode: 'session' | 'transaction',
): Promise<PgBouncer> {
  const target = new URL(connectionString)
  const directory = await mkdtemp(join(tmpdir(), 'eclusa-pgbouncer-'))
  await chmod(directory, 0o755)
  const port = await freePort()
  await writeFile(join(directory, 'users.txt'), `"${target.username}" "${decodeURIComponent(target.password)}"\n`)
  await writeFile(
    join(directory, 'pgbouncer.ini'),
    `[databases]
* = host=${target.hostname} port=${target.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${join(directory, 'users.txt')}
pool_mode = ${poolMode}
ignore_startup_parameters = extra_float_digits
`,
  )
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const server = spawn('pgbouncer', [...user, join(directory, 'pgbouncer.ini')], { stdio: 'ignore' })
  const url = new URL(connectionString)
  url.port = String(port)
  await waitUntil('PgBouncer answers', async () => {
    const client = new Client({ connectionString: url.href })
    try {
      await client.connect()
      return true
    } catch {
      return false
    } finally {
      await client.end().catch(() => undefined)
    }
  })
  return {
    connectionString: url.href,
    [Symbol.asyncDispose]: async () => {
      const ended = once(server, 'exit')
      server.kill('SIGTERM')
      await ended
      await rm(directory, { recursive: true })
    },
  }
}

/** One that was free a moment ago. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  listener.close()
  await once(listener, 'close')
  return port
}
