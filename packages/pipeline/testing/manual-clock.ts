import type { Clock } from '@eclusa/sdk'

/** Time that moves when the test says so. */
export class ManualClock implements Clock {
  #nowMs = 0
  readonly #sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>()

  nowMs(): number {
    return this.#nowMs
  }

  /** How many wait. */
  get sleeping(): number {
    return this.#sleepers.size
  }

  advance(ms: number): void {
    this.#nowMs += ms
    for (const { untilMs, wake } of this.#sleepers) if (untilMs <= this.#nowMs) wake()
  }

  async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const sleeper = { untilMs: this.#nowMs + delayMs, wake: resolve }
    const abort = () => reject(signal.reason)
    this.#sleepers.add(sleeper)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await promise
    } finally {
      this.#sleepers.delete(sleeper)
      signal.removeEventListener('abort', abort)
    }
  }
}
