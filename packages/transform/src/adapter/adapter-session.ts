import { hasErrorCode } from '@eclusa/sdk'
import type { QueryResult, SqlValue, WarehouseConnection } from '@eclusa/sdk'
import type { RelationPath, RelationValue } from '../context/relation-value.ts'
import { AdapterResponse, responseOf } from './adapter-response.ts'
import { isAutocommit } from './autocommit-connection.ts'
import { rememberStatement } from './failed-statement.ts'
import type { RelationCache } from './relation-cache.ts'

/** Other nodes commit at the same time; DuckDB refuses the later of two changes to one catalog entry. */
const conflictAttemptsMax = 5

export interface AdapterSessionOptions {
  readonly connection: WarehouseConnection
  readonly cache: RelationCache
  readonly signal: AbortSignal
  /** What `thread_id` is for templates. Default: `MainThread`. */
  readonly threadName?: string
  /** Puts the query comment on a statement. Default: none. */
  readonly comment?: (sql: string) => string
  /** Called with an open transaction that is about to be committed, and so becomes part of it. */
  readonly beforeCommit?: ((connection: WarehouseConnection) => Promise<void>) | undefined
}

export interface ExecuteOptions {
  /** Begins a transaction unless one is open. */
  readonly autoBegin: boolean
  readonly parameters?: readonly SqlValue[]
}

export interface Executed {
  readonly response: AdapterResponse
  readonly result: QueryResult
}

/**
 * What one node sends to the warehouse, with dbt's rules for transactions: `statement` begins one, `commit` ends it, and
 * what was neither committed nor rolled back when the node ends is rolled back. Where the session commits each statement,
 * there is no transaction to begin, and each statement stays.
 */
export class AdapterSession implements AsyncDisposable {
  readonly connection: WarehouseConnection
  readonly cache: RelationCache
  readonly signal: AbortSignal
  readonly threadName: string
  readonly #comment: (sql: string) => string
  readonly #beforeCommit: AdapterSessionOptions['beforeCommit']
  #isOpen = false
  #hasLastingEffect = false
  #undo: (() => void)[] = []

  constructor(options: AdapterSessionOptions) {
    const { connection, cache, signal, threadName = 'MainThread', comment = (sql) => sql, beforeCommit } = options
    this.connection = connection
    this.cache = cache
    this.signal = signal
    this.threadName = threadName
    this.#comment = comment
    this.#beforeCommit = beforeCommit
  }

  /** Whether everything sent so far is gone after a rollback, or would be the same if it were sent again. */
  get isRepeatable(): boolean {
    return !this.#hasLastingEffect
  }

  async execute(sql: string, { autoBegin, parameters }: ExecuteOptions): Promise<Executed> {
    const control = transactionControl(sql)
    if (control !== undefined) return await this.#control(control)
    if (autoBegin) await this.begin()
    const result = this.#isOpen ? await this.#send(sql, parameters) : await this.#sendAlone(sql, parameters)
    return { response: responseOf(result), result }
  }

  async begin(): Promise<void> {
    if (this.#isOpen || isAutocommit(this.connection)) return
    await this.connection.query('begin', { signal: this.signal })
    this.#isOpen = true
  }

  async commit(): Promise<void> {
    if (!this.#isOpen) return
    await this.#beforeCommit?.(this.connection)
    await this.connection.query('commit', { signal: this.signal })
    this.#isOpen = false
    this.#hasLastingEffect = true
    this.#undo = []
  }

  async rollback(): Promise<void> {
    for (const undo of this.#undo.toReversed()) undo()
    this.#undo = []
    if (!this.#isOpen) return
    this.#isOpen = false
    // The first error is the one to tell; a session that is gone cannot roll back and need not.
    await this.connection.query('rollback').catch(() => undefined)
  }

  /** Rolls back what was not committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.rollback()
  }

  async cacheAdded(relation: RelationValue): Promise<void> {
    this.#remember(await this.cache.put(relation))
  }

  async cacheDropped(path: RelationPath): Promise<void> {
    this.#remember(await this.cache.drop(path))
  }

  #remember(undo: () => void): void {
    if (this.#isOpen) this.#undo.push(undo)
  }

  /** A statement of its own may be sent again when another transaction was in the way: it has had no effect. */
  async #sendAlone(sql: string, parameters: readonly SqlValue[] | undefined): Promise<QueryResult> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result = await this.#send(sql, parameters)
        if (!isHarmless(sql)) this.#hasLastingEffect = true
        return result
      } catch (error) {
        if (attempt >= conflictAttemptsMax || !isConflict(error)) throw error
      }
    }
  }

  async #send(sql: string, parameters: readonly SqlValue[] | undefined): Promise<QueryResult> {
    const sent = this.#comment(sql)
    try {
      const { signal } = this
      return await this.connection.query(sent, { signal, ...(parameters === undefined ? {} : { parameters }) })
    } catch (error) {
      rememberStatement(error, sent)
      throw error
    }
  }

  async #control(control: 'begin' | 'commit' | 'rollback'): Promise<Executed> {
    await this[control]()
    return { response: new AdapterResponse(control.toUpperCase()), result: { columns: [], rows: [], rowsChanged: 0 } }
  }
}

export function isConflict(error: unknown): boolean {
  return hasErrorCode(error, 'WAREHOUSE_CONFLICT')
}

const controlWords: Readonly<Record<string, 'begin' | 'commit' | 'rollback'>> = {
  begin: 'begin',
  'begin transaction': 'begin',
  'start transaction': 'begin',
  commit: 'commit',
  end: 'commit',
  rollback: 'rollback',
}

/** Transactions are the session's: a hook's own `commit;` without one would be an error in DuckDB. */
function transactionControl(sql: string): 'begin' | 'commit' | 'rollback' | undefined {
  const words = sql.length > 60 ? '' : sql.trim().replace(/;$/u, '').trim().toLowerCase()
  return Object.hasOwn(controlWords, words) ? controlWords[words] : undefined
}

/** Questions, and removing what an earlier run left behind, may be sent twice. */
function isHarmless(sql: string): boolean {
  return /^\s*(?:select|with|show|describe|explain|drop\s+\w+(?:\s+view)?\s+if\s+exists|create\s+schema\s+if\s+not)\b/iu.test(
    sql.replaceAll(/\/\*[\s\S]*?\*\/|--[^\n]*/gu, ' '),
  )
}
