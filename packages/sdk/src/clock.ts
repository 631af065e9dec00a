/** Time as an argument, so that what waits can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number
  /**
   * Resolves after a delay in milliseconds.
   *
   * @throws the signal's reason as soon as it is aborted.
   */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>
}

/** The machine's clock. A sleep keeps the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  async sleep(delayMs, signal) {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = () => reject(signal.reason)
    const timer = setTimeout(resolve, delayMs)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  },
}
