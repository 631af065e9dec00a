import { randomUUID } from 'node:crypto'
import type { Answer } from './answer.ts'

export type QueryStatus = 'RUNNING' | 'SUCCESS' | 'FAILED_WITH_ERROR'

/** A statement from its arrival until its result is given up. */
export class Query {
  readonly id: string = randomUUID()
  readonly user: string
  readonly sessionId: number
  readonly requestId: string
  readonly startedAtMs: number = Date.now()
  readonly #cancelling = new AbortController()
  readonly #waiters = new Set<() => void>()
  #answer: Answer | undefined
  #finishedAtMs: number | undefined
  /** Chunks of the result in the spool. */
  chunkIds: readonly string[] = []
  /** What the stored answer takes in memory, about. */
  inlineBytes = 0
  statementTypeId = 0

  constructor(of: { readonly user: string; readonly sessionId: number; readonly requestId: string }) {
    this.user = of.user
    this.sessionId = of.sessionId
    this.requestId = of.requestId
  }

  get signal(): AbortSignal {
    return this.#cancelling.signal
  }

  get answer(): Answer | undefined {
    return this.#answer
  }

  get finishedAtMs(): number | undefined {
    return this.#finishedAtMs
  }

  get status(): QueryStatus {
    if (this.#answer === undefined) return 'RUNNING'
    return this.#answer.success ? 'SUCCESS' : 'FAILED_WITH_ERROR'
  }

  cancel(): void {
    this.#cancelling.abort()
  }

  finish(answer: Answer): void {
    this.#answer = answer
    this.#finishedAtMs = Date.now()
    for (const wake of this.#waiters) wake()
  }

  /** The answer, or none if there is none when the time is over. */
  async wait(timeoutMs: number): Promise<Answer | undefined> {
    if (this.#answer !== undefined) return this.#answer
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiters.add(resolve)
    const timer = setTimeout(resolve, timeoutMs)
    await promise
    clearTimeout(timer)
    this.#waiters.delete(resolve)
    return this.#answer
  }
}
