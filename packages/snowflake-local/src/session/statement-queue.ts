/** Runs the statements of a session one after the other, in the order in which they came. */
export class StatementQueue {
  #tail: Promise<unknown> = Promise.resolve()
  readonly #closing = new AbortController()

  /** `work` is called when all before it have ended; its signal is given when it or the queue is to end. */
  async run<Result>(work: (signal: AbortSignal) => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const either = AbortSignal.any([signal, this.#closing.signal])
    const result = this.#tail.then(async () => await work(either))
    // A failure is its caller's; the statements behind it run all the same.
    this.#tail = result.catch(() => undefined)
    return await result
  }

  /** Cancels what runs and what waits. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#tail
  }
}
