import type * as pg from 'pg'
import { EclusaError, isCertificateUntrusted, isTlsRefusal, sslAttempts, systemClock } from '@eclusa/sdk'
import type { SslAttempt, SslSettings } from '@eclusa/sdk'
import { postgresDialect } from './dialect.ts'

type Driver = Pick<typeof pg, 'Client'>

export interface OpenPostgresOptions {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string
  /** Default: 5432. */
  readonly port?: number
  readonly database: string
  readonly user: string
  readonly password?: string
  /** Default: mode `disable`. */
  readonly ssl?: SslSettings
  /** Shown in pg_stat_activity. Default: `eclusa`. */
  readonly applicationName?: string
  /** For one attempt to log in, in milliseconds; 0: without end. Default: 30,000. */
  readonly connectTimeoutMs?: number
  /** How long a connection is silent before the system asks whether the other side is there. Default: the system's. */
  readonly keepAliveIdleMs?: number
  /** How often a login that failed is tried again, after 0, 1, 4, 9, … seconds. Default: 0. */
  readonly retriesMax?: number
  /** `search_path` of each session, as SQL writes it: `sales, "My Schema"`. Default: that of role and database. */
  readonly searchPath?: string
  /** What each session does as its first statement, as SQL writes it: `SET ROLE <role>`. Default: the login's own role. */
  readonly role?: string
  /** Cancels what runs, and refuses what comes after. */
  readonly signal?: AbortSignal
}

/** So that values print the same at every server, whatever its settings and those of role and database. */
const sessionSettings =
  '-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1 -c bytea_output=hex'

/** The ways into one database: sessions that all begin alike. */
export class PostgresLogin {
  readonly options: OpenPostgresOptions
  readonly #driver: Driver
  /** The way that worked last comes first. */
  #attempts: readonly SslAttempt[]

  /** @throws POSTGRES_TLS_MATERIAL_INVALID */
  constructor(driver: Driver, options: OpenPostgresOptions) {
    this.#driver = driver
    this.options = options
    this.#attempts = sslAttempts(options.ssl ?? { mode: 'disable' }, options.host)
  }

  /** Opens a session, again after some time where that may help. */
  async open(): Promise<pg.Client> {
    const { retriesMax = 0, signal = new AbortController().signal } = this.options
    for (let retry = 0; ; retry++) {
      try {
        return await this.openOnce()
      } catch (error) {
        if (retry >= retriesMax || signal.aborted || !mayPass(error)) throw error
        await systemClock.sleep(retry * retry * 1000, signal)
      }
    }
  }

  /** Opens a session in the ways that the mode of TLS permits. */
  async openOnce(): Promise<pg.Client> {
    const failures: unknown[] = []
    for (const ssl of this.#attempts) {
      try {
        const client = await this.#connect(ssl)
        this.#attempts = [ssl, ...this.#attempts.filter((other) => other !== ssl)]
        return client
      } catch (error) {
        failures.push(error)
        if (!isServerError(error) && !isTlsRefusal(error)) break
      }
    }
    throw connectionFailed(this.options, mostTelling(failures))
  }

  async #connect(ssl: SslAttempt): Promise<pg.Client> {
    const { options } = this
    const client = new this.#driver.Client({
      host: options.host,
      port: options.port ?? 5432,
      database: options.database,
      user: options.user,
      password: options.password,
      ssl,
      application_name: options.applicationName ?? 'eclusa',
      connectionTimeoutMillis: options.connectTimeoutMs ?? 30_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: options.keepAliveIdleMs ?? 0,
      options: `${sessionSettings}${searchPathSetting(options)}`,
    })
    // Without a listener the end of an idle session would end the process; the next statement reports it.
    client.on('error', () => {})
    await client.connect()
    if (options.role !== undefined) await this.#setRole(client, options.role)
    return client
  }

  async #setRole(client: pg.Client, role: string): Promise<void> {
    try {
      await client.query(`SET ROLE ${role}`)
    } catch (cause) {
      await client.end().catch(() => {})
      throw new EclusaError('WAREHOUSE_CONNECTION_FAILED', {
        message: `PostgreSQL at ${addressOf(this.options)} refused SET ROLE ${role} to "${this.options.user}": ${reasonOf(cause)}`,
        remedy: `GRANT ${role} TO "${this.options.user}", or correct the role.`,
        cause,
      })
    }
  }
}

/** The server splits these options at white space that no backslash precedes. */
function searchPathSetting({ searchPath }: OpenPostgresOptions): string {
  if (searchPath === undefined || searchPath === '') return ''
  return ` -c search_path=${searchPath.replaceAll(/[\\\s]/gu, String.raw`\$&`)}`
}

function isServerError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string'
}

/** Whoever is told no by the server (SQLSTATE class 28, 3D000) or does not trust it is told so a second time. */
function mayPass(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  const isRefused = isServerError(cause) && /^(?:28|3D|22|42)/u.test(cause.code)
  return !isRefused && !isCertificateUntrusted(cause) && !reasonOf(cause).startsWith('SASL')
}

/** Of two refusals, the one that is not about TLS or pg_hba.conf says what is wrong once the way in is right. */
function mostTelling(failures: readonly unknown[]): unknown {
  const said = failures.filter(isServerError)
  return said.find(({ code }) => code !== '28000') ?? said[0] ?? failures[0]
}

function connectionFailed(options: OpenPostgresOptions, cause: unknown): EclusaError {
  if (EclusaError.isInstance(cause)) return cause
  const { code } = postgresDialect.classifyError(cause, '')
  const message = reasonOf(cause)
  return new EclusaError('WAREHOUSE_CONNECTION_FAILED', {
    message: `PostgreSQL at ${addressOf(options)}, database "${options.database}", user "${options.user}": ${message}`,
    details: { code, message, host: options.host, database: options.database },
    cause,
  })
}

function reasonOf(cause: unknown): string {
  const { message, code } = postgresDialect.classifyError(cause, '')
  return message || code || String(cause)
}

function addressOf({ host, port = 5432 }: OpenPostgresOptions): string {
  return `${host}:${port}`
}
