import { EclusaError, isTlsRefusal, sslAttempts } from '@eclusa/sdk'
import type { SslAttempt } from '@eclusa/sdk'
import { Client } from 'pg'
import type { QueryResultRow } from 'pg'
import { requestCancel } from './cancel-request.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import { connectError, isServerError, statementError } from './server-error.ts'
import type { Attempt } from './server-error.ts'

export interface StatementOptions {
  /** What the statement is for, should it fail. */
  readonly attempt: Attempt
  readonly parameters?: readonly unknown[]
}

export interface SessionOptions {
  /** True: a walsender, which also takes the commands of logical replication, but no parameters. Default: false. */
  readonly isReplication?: boolean
}

const closeTimeoutMs = 2_000
const keepAliveDelayMs = 30_000

/**
 * One connection to PostgreSQL. Statements run one at a time. When the signal it was opened with is aborted, its socket
 * is closed and the running statement is cancelled at the server, so that nothing goes on there unseen.
 */
export class Session implements AsyncDisposable {
  readonly client: Client
  /** The options of TLS that succeeded, or false where the connection is not encrypted. */
  readonly ssl: SslAttempt
  readonly #signal: AbortSignal
  readonly #onAbort = () => this.#sever()
  #isBroken = false

  constructor(client: Client, options: { ssl: SslAttempt; signal: AbortSignal }) {
    this.client = client
    this.ssl = options.ssl
    this.#signal = options.signal
    // Without a listener, a connection that is lost while idle would end the process; the next statement reports it.
    client.on('error', () => (this.#isBroken = true))
    options.signal.addEventListener('abort', this.#onAbort, { once: true })
    if (options.signal.aborted) this.#sever()
  }

  /** True once the connection is known to be lost, or in a state that nobody knows. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Runs one statement and returns its rows. */
  async query<Row extends QueryResultRow>(sql: string, { attempt, parameters }: StatementOptions): Promise<Row[]> {
    return await this.use(attempt, async (client) => (await client.query<Row>(sql, parameters && [...parameters])).rows)
  }

  /** Runs statements separated by semicolons in one message. */
  async execute(sql: string, attempt: Attempt): Promise<void> {
    await this.use(attempt, async (client) => await client.query(sql))
  }

  /** Lets `work` use the client, and turns what it throws into a catalogued error. */
  async use<Result>(attempt: Attempt, work: (client: Client) => Promise<Result>): Promise<Result> {
    this.#throwIfAborted()
    try {
      return await work(this.client)
    } catch (error) {
      throw this.explain(error, attempt)
    }
  }

  explain(error: unknown, attempt: Attempt): EclusaError {
    if (this.#signal.aborted) return cancelled(this.#signal)
    // After an error of the server the session goes on; after any other its state is unknown.
    if (!isServerError(error)) this.#isBroken = true
    return statementError(error, attempt)
  }

  /** Closes the connection without waiting for what it is doing, and cancels that at the server. */
  async abandon(): Promise<void> {
    this.#isBroken = true
    await this.close()
  }

  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort)
    if (this.#isBroken) {
      this.#sever()
      return
    }
    const timer = setTimeout(() => this.#sever(), closeTimeoutMs)
    try {
      await this.client.end()
    } catch {
      this.#sever()
    } finally {
      clearTimeout(timer)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #throwIfAborted(): void {
    if (this.#signal.aborted) throw cancelled(this.#signal)
  }

  #sever(): void {
    this.#isBroken = true
    const { stream } = internals(this.client).connection
    if (stream.destroyed) return
    void requestCancel(this.client, { isAwaited: false })
    stream.destroy()
  }
}

/**
 * Opens a connection, in the ways and the order that the mode of TLS permits.
 *
 * @throws POSTGRES_… by cause: see `connectError`. CANCELLED when the signal is aborted.
 */
export async function openSession(
  settings: ConnectionSettings,
  signal: AbortSignal,
  options: SessionOptions = {},
): Promise<Session> {
  const failures: EclusaError[] = []
  for (const ssl of sslAttempts(settings.ssl, settings.host)) {
    try {
      return await connectOnce(settings, { ssl, signal, ...options })
    } catch (error) {
      if (signal.aborted) throw cancelled(signal)
      const failure = connectError(error, settings)
      failures.push(failure)
      if (!isServerError(error) && !isTlsRefusal(error)) break
    }
  }
  throw mostTelling(failures)
}

async function connectOnce(
  settings: ConnectionSettings,
  { ssl, signal, isReplication = false }: SessionOptions & { readonly ssl: SslAttempt; readonly signal: AbortSignal },
): Promise<Session> {
  const client = new Client({
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.username,
    // A function, since pg would take PGPASSWORD or a password file where a plain value is missing.
    password: () => settings.password ?? '',
    ssl,
    application_name: settings.applicationName,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    // Part of pg, but not of its type declarations.
    ...(isReplication && { replication: 'database' }),
  })
  const session = new Session(client, { ssl, signal })
  try {
    await client.connect()
    return session
  } catch (error) {
    await session.abandon()
    throw error
  }
}

/** Of two refusals, the one that is not about TLS or pg_hba.conf says what is wrong once the way in is right. */
function mostTelling(failures: readonly EclusaError[]): EclusaError {
  const aboutTheWay = ['POSTGRES_TLS_REFUSED', 'POSTGRES_TLS_FAILED', 'POSTGRES_HBA_REJECTED']
  return failures.find(({ code }) => !aboutTheWay.includes(code)) ?? failures[0]!
}

function cancelled(signal: AbortSignal): EclusaError {
  if (EclusaError.isInstance(signal.reason)) return signal.reason
  return new EclusaError('CANCELLED', { message: 'Reading from PostgreSQL was cancelled.', cause: signal.reason })
}

/** What `pg` has and its declarations leave out. */
interface ClientInternals {
  readonly processID: number | null
  readonly connection: { readonly stream: { readonly destroyed: boolean; destroy(): void } }
}

function internals(client: Client): ClientInternals {
  return client as unknown as ClientInternals
}

/** The id of the server process as the server told it at login; a pooler makes one up. */
export function announcedProcessId(session: Session): number | null {
  return internals(session.client).processID
}
