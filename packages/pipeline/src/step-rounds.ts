import type { Clock } from '@eclusa/sdk'

export interface StepRoundsOptions {
  readonly clock: Clock
  /** From the end of a round to the beginning of the next one, at least. */
  readonly intervalMs: number
}

/**
 * When the steps of a following run are run: once at the beginning, and then whenever rows have come since the last round
 * began, but not sooner than an interval after it ended. What comes during a round is for the next one.
 */
export class StepRounds {
  readonly #options: StepRoundsOptions
  /** There is something that no round has seen. */
  #isDue = true
  #notBeforeMs = -Infinity
  #wake: (() => void) | undefined

  constructor(options: StepRoundsOptions) {
    this.#options = options
  }

  /** Rows have been committed. */
  noticeRows(): void {
    this.#isDue = true
    this.#wake?.()
  }

  /** Runs rounds until `ending` is aborted; a round under way is waited for. */
  async run(round: () => Promise<void>, ending: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#options
    while (await this.#isTime(ending)) {
      this.#isDue = false
      await round()
      this.#notBeforeMs = clock.nowMs() + intervalMs
    }
  }

  /** @returns false when there will be no more rounds. */
  async #isTime(ending: AbortSignal): Promise<boolean> {
    await this.#untilDue(ending)
    if (ending.aborted) return false
    const waitMs = this.#notBeforeMs - this.#options.clock.nowMs()
    // The only thing that a sleep can throw is that it was ended.
    if (waitMs > 0) await this.#options.clock.sleep(waitMs, ending).catch(() => {})
    return !ending.aborted
  }

  async #untilDue(ending: AbortSignal): Promise<void> {
    if (this.#isDue || ending.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const abort = () => resolve()
    ending.addEventListener('abort', abort, { once: true })
    await promise
    ending.removeEventListener('abort', abort)
    this.#wake = undefined
  }
}
