import { setTimeout as delay } from 'node:timers/promises'
import { hasErrorCode } from '@eclusa/sdk'
import type { QueryResult, SqlValue } from '@eclusa/sdk'
import { snowflakeDialect } from '@eclusa/warehouse'
import type { RelationName, SnowflakeConnection } from '@eclusa/warehouse'
import { committedSequence, fence, noteSession } from './lease.ts'
import type { HeldLease } from './lease.ts'
import type { Ledger, Query } from './ledger.ts'

/** Waits before each further attempt with a new session. */
const againDelaysMs = [250, 1000, 4000, 15_000]

/** Who writes, and where that is noted. */
export interface Held {
  readonly ledger: Ledger
  readonly lease: HeldLease
}

export interface LinkOptions {
  readonly connect: () => Promise<SnowflakeConnection>
  readonly signal: AbortSignal
}

/** The one session that runs a load's statements, and the one after it when it is lost. */
export class SessionLink implements AsyncDisposable {
  readonly #options: LinkOptions
  #connection: SnowflakeConnection
  #sessionId = ''
  /** Temporary tables that the session has, and with which columns. */
  #temporary = new Map<string, string>()

  private constructor(options: LinkOptions, connection: SnowflakeConnection) {
    this.#options = options
    this.#connection = connection
  }

  static async open(options: LinkOptions): Promise<SessionLink> {
    const link = new SessionLink(options, await options.connect())
    await link.#noteSession()
    return link
  }

  /** A statement by itself; with a session that was lost it is run again in the next, so it must bear that. */
  readonly query: Query = (sql, parameters = []) => this.#again(() => this.#run(sql, parameters))

  get sessionId(): string {
    return this.#sessionId
  }

  /** A statement that is run also when the load was cancelled, to leave things in order. */
  readonly lastly: Query = (sql, parameters = []) => this.#connection.query(sql, { parameters })

  /** Work of several statements, run again from its beginning when the session is lost, so it must find out what was done. */
  attempt<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
    return this.#again(() => work(this.#once))
  }

  /** One transaction of the holder of the lease, of statements that may be run again. @throws DESTINATION_BUSY */
  async transaction<Result>(held: Held, work: (query: Query, ledger: Ledger) => Promise<Result>): Promise<Result> {
    return await this.#again(() => this.#within(held, held.lease.sequence, work))
  }

  /**
   * Runs the work of a commit as one transaction, again from its beginning when the session is lost, wherever that was:
   * also when the answer of COMMIT did not come. By the ledger's sequence it is known then whether it came through.
   *
   * @param prepare what must be there before: temporary tables go with their session
   */
  async commit<Result>(
    held: Held,
    prepare: () => Promise<void>,
    work: (query: Query, ledger: Ledger) => Promise<Result>,
  ): Promise<Result> {
    const sequence = held.lease.sequence + 1
    let result: Result | undefined
    const noted = async (query: Query, ledger: Ledger) => (result = await work(query, ledger))
    return await this.#again(async (attempt): Promise<Result> => {
      const isDone = attempt > 0 && (await committedSequence(this.#once, held.ledger, held.lease)) === sequence
      if (isDone) return result!
      if (attempt > 0) await noteSession(this.#once, held.ledger, held.lease, this.#sessionId)
      await prepare()
      return await this.#within(held, sequence, noted)
    })
  }

  /** Makes an empty temporary table of the session, unless it has one with these columns. */
  async temporaryTable(table: RelationName, columns: string): Promise<void> {
    const name = snowflakeDialect.formatRelation(table)
    if (this.#temporary.get(name) === columns) return
    await this.#run(`CREATE OR REPLACE TEMPORARY TABLE ${name} (${columns})`, [])
    this.#temporary.set(name, columns)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }

  #run(sql: string, parameters: readonly SqlValue[]): Promise<QueryResult> {
    const { signal } = this.#options
    return this.#connection.query(sql, parameters.length === 0 ? { signal } : { signal, parameters })
  }

  readonly #once: Query = (sql, parameters = []) => this.#run(sql, parameters)

  async #within<Result>(
    { ledger, lease }: Held,
    sequence: number,
    work: (query: Query, ledger: Ledger) => Promise<Result>,
  ): Promise<Result> {
    await this.#once('BEGIN')
    try {
      await fence(this.#once, ledger, lease, sequence)
      const result = await work(this.#once, ledger.by(this.#once))
      await this.#once('COMMIT')
      return result
    } catch (error) {
      // Of a session that is lost, its end takes the transaction back.
      await this.lastly('ROLLBACK').catch(() => {})
      throw error
    }
  }

  async #again<Result>(work: (attempt: number) => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work(attempt)
      } catch (error) {
        const waitMs = againDelaysMs[attempt]
        if (waitMs === undefined || this.#options.signal.aborted || !isPassing(error)) throw error
        await delay(waitMs, undefined, { signal: this.#options.signal })
        if (hasErrorCode(error, 'WAREHOUSE_CONNECTION_LOST')) await this.#renew()
      }
    }
  }

  /**
   * The server may know nothing of the loss: it would keep the transaction of the lost session, and its locks, for hours.
   * So the next one ends it.
   */
  async #renew(): Promise<void> {
    const lost = this.#sessionId
    await this.#connection[Symbol.asyncDispose]().catch(() => {})
    this.#temporary = new Map()
    this.#connection = await this.#options.connect()
    await this.lastly(`SELECT SYSTEM$ABORT_SESSION('${lost}')`).catch(() => {})
    await this.#noteSession()
  }

  async #noteSession(): Promise<void> {
    const { rows } = await this.#once('SELECT CURRENT_SESSION()')
    this.#sessionId = String(rows[0]?.[0])
  }
}

function isPassing(error: unknown): boolean {
  return hasErrorCode(error, 'WAREHOUSE_CONNECTION_LOST') || hasErrorCode(error, 'WAREHOUSE_CONFLICT')
}
