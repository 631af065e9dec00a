import type { Query } from './query.ts'
import type { ResultSpool } from './result-spool.ts'

export interface QueryLimits {
  /** How long results can be fetched, and requests be answered again, after the statement. */
  readonly resultRetentionMs: number
  readonly queriesMax: number
  /** Of the parts of answers that are kept in memory. */
  readonly answerBytesMax: number
}

/** The statements that run, and those that have ended for as long as their results are kept. */
export class QueryStore {
  readonly #limits: QueryLimits
  readonly #spool: ResultSpool
  readonly #byId = new Map<string, Query>()
  readonly #byRequest = new Map<string, Query>()
  #answerBytes = 0

  constructor(limits: QueryLimits, spool: ResultSpool) {
    this.#limits = limits
    this.#spool = spool
  }

  add(query: Query): void {
    this.#byId.set(query.id, query)
    if (query.requestId !== '') this.#byRequest.set(requestKey(query.user, query.requestId), query)
  }

  find(id: string): Query | undefined {
    return this.#byId.get(id)
  }

  /** Cancels the statements of a user that run, of those that are told; how many there were. */
  cancel(user: string, isMeant: (query: Query) => boolean): number {
    const meant = [...this.#byId.values()].filter(
      (query) => query.user === user && query.status === 'RUNNING' && isMeant(query),
    )
    for (const query of meant) query.cancel()
    return meant.length
  }

  /** What this request started before, unless it failed: then it had no effect and may be tried again. */
  findRequest(user: string, requestId: string): Query | undefined {
    const query = this.#byRequest.get(requestKey(user, requestId))
    return query?.status === 'FAILED_WITH_ERROR' ? undefined : query
  }

  /** Called when a statement has ended: its answer counts from now on. */
  async settle(query: Query): Promise<void> {
    this.#answerBytes += query.inlineBytes
    // The map is in the order of its entries' coming, and is to be forgotten in the order of their ends.
    this.#byId.delete(query.id)
    this.#byId.set(query.id, query)
    await this.forgetOld()
  }

  async forgetOld(nowMs = Date.now()): Promise<void> {
    for (const query of this.#byId.values()) {
      if (query.finishedAtMs === undefined) continue
      const isOld = query.finishedAtMs + this.#limits.resultRetentionMs <= nowMs
      const isTooMuch = this.#byId.size > this.#limits.queriesMax || this.#answerBytes > this.#limits.answerBytesMax
      if (!isOld && !isTooMuch) return
      await this.#forget(query)
    }
  }

  async #forget(query: Query): Promise<void> {
    this.#byId.delete(query.id)
    const key = requestKey(query.user, query.requestId)
    if (this.#byRequest.get(key) === query) this.#byRequest.delete(key)
    this.#answerBytes -= query.inlineBytes
    await this.#spool.drop(query.chunkIds)
  }
}

function requestKey(user: string, requestId: string): string {
  return `${user}\n${requestId}`
}
