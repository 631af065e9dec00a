import { randomBytes } from 'node:crypto'
import { openEngine, type Engine } from './engine/engine.ts'
import { Faults } from './fault/faults.ts'
import { QueryRunner } from './http/query-runner.ts'
import { QueryStore, type QueryLimits } from './http/query-store.ts'
import { ResultSpool } from './http/result-spool.ts'
import type { RowsetLimits } from './http/rowset.ts'
import { HttpServer, type RequestRecord } from './http/server.ts'
import type { LocalUser } from './session/login.ts'
import { SessionStore, type SessionLimits } from './session/session-store.ts'
import { StageEndpoint } from './stage/stage-endpoint.ts'
import { StageGrants } from './stage/stage-grants.ts'
import type { StageShape } from './stage/transfer-answer.ts'

/** What is bounded, and where. Times are in milliseconds. */
export interface SnowflakeLocalLimits extends SessionLimits, QueryLimits, RowsetLimits {
  /** A statement that takes longer is told to be asked for again, and its driver waits as long each time. */
  readonly longPollMs: number
  /** How long the token of a PUT or GET is good for. */
  readonly stageTokenValidityMs: number
}

export interface SnowflakeLocalOptions {
  /** Where data and stages live. In memory and a temporary directory, and gone on `close`, when left out. */
  readonly directory?: string
  /** `127.0.0.1` by default. Anyone who reaches the port and knows a password may log in: there is no TLS. */
  readonly host?: string
  /** A free one by default. */
  readonly port?: number
  /** Drivers ask for one; any will do. `local` by default. */
  readonly account?: string
  /** One user LOCAL with a random password by default. */
  readonly users?: readonly LocalUser[]
  /** How clients move files: over HTTP as to Google's storage (default), or by copying them on this disk. */
  readonly stage?: StageShape
  readonly limits?: Partial<SnowflakeLocalLimits>
  /** Told of each request when it has been answered. */
  readonly onRequest?: (record: RequestRecord) => void
}

/** Options of `createConnection` of snowflake-sdk. */
export interface ConnectionOptions {
  readonly account: string
  readonly accessUrl: string
  readonly username: string
  readonly password?: string
}

export interface SnowflakeLocal extends AsyncDisposable {
  /** `http://127.0.0.1:8123` */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly account: string
  /** Of the first user. */
  readonly connectionOptions: ConnectionOptions
  /** What is to go wrong next. */
  readonly faults: Faults
  /** Ends all sessions, rolls back what is open, and leaves nothing behind but what `directory` holds. */
  close(): Promise<void>
}

const limitsDefault: SnowflakeLocalLimits = {
  sessionValidityMs: 3_600_000,
  masterValidityMs: 14_400_000,
  sessionsMax: 1000,
  resultRetentionMs: 3_600_000,
  queriesMax: 10_000,
  answerBytesMax: 64 * 1024 * 1024,
  inlineBytesMax: 256 * 1024,
  chunkBytesMax: 4 * 1024 * 1024,
  longPollMs: 45_000,
  stageTokenValidityMs: 3_600_000,
}

const sweepIntervalMs = 30_000

/**
 * Starts an endpoint that drivers of Snowflake take for an account, on this machine and without internet.
 *
 * @example
 * ```ts
 * import snowflake from 'snowflake-sdk'
 * import { startSnowflakeLocal } from '@eclusa/snowflake-local'
 *
 * await using server = await startSnowflakeLocal()
 * const connection = snowflake.createConnection(server.connectionOptions)
 * ```
 */
export async function startSnowflakeLocal(options: SnowflakeLocalOptions = {}): Promise<SnowflakeLocal> {
  const engine = await openEngine(options.directory === undefined ? {} : { directory: options.directory })
  try {
    return await serveEngine(engine, options)
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** The same over an engine that is open; `close` closes it. */
export async function serveEngine(engine: Engine, options: SnowflakeLocalOptions): Promise<SnowflakeLocal> {
  const limits = { ...limitsDefault, ...options.limits }
  const users = options.users ?? [{ name: 'LOCAL', password: randomBytes(18).toString('base64url') }]
  const faults = new Faults()
  const sessions = new SessionStore(limits)
  const spool = new ResultSpool()
  const queries = new QueryStore(limits, spool)
  const grants = new StageGrants(limits.stageTokenValidityMs)
  const runner = new QueryRunner({ queries, spool, grants, stageShape: options.stage ?? 'http', rowsetLimits: limits })
  const server = new HttpServer({
    context: { engine, users, sessions, queries, runner, longPollMs: limits.longPollMs },
    stage: new StageEndpoint(grants),
    spool,
    faults,
    onRequest: options.onRequest ?? (() => undefined),
  })
  const host = options.host ?? '127.0.0.1'
  const port = await server.listen(host, options.port ?? 0)
  // A session that cannot be closed must not end the process of all others.
  const sweeper = setInterval(() => void sweep(sessions, queries).catch(() => undefined), sweepIntervalMs)
  sweeper.unref()
  const close = async () => {
    clearInterval(sweeper)
    await server.close()
    await sessions.endAll()
    await spool.close()
    await engine.close()
  }
  const account = options.account ?? 'local'
  const url = `http://${host}:${port}`
  return {
    url,
    host,
    port,
    account,
    faults,
    connectionOptions: connectionOptions({ account, url, user: users[0] }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function sweep(sessions: SessionStore, queries: QueryStore): Promise<void> {
  await sessions.endExpired()
  await queries.forgetOld()
}

function connectionOptions(of: {
  readonly account: string
  readonly url: string
  readonly user: LocalUser | undefined
}): ConnectionOptions {
  return {
    account: of.account,
    accessUrl: of.url,
    username: of.user?.name ?? '',
    ...(of.user?.password === undefined ? {} : { password: of.user.password }),
  }
}
