/**
 * When changes are to be yielded with a checkpoint. Company is awaited only while it comes: what arrives after a quiet time
 * goes out as soon as nothing more has been received, and no change waits longer than the interval.
 */
export class FlushClock {
  readonly #intervalMs: number
  #flushedAtMs = Number.NEGATIVE_INFINITY
  #changedAtMs: number | undefined

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /** There are changes that were not there before the last flush. */
  changed(nowMs: number): void {
    this.#changedAtMs ??= nowMs
  }

  /**
   * What is yielded without changes, a position of an idle log, keeps no change waiting.
   *
   * @param nowMs when the flush began: who takes what it yields may take long, and others come meanwhile.
   */
  flushed(nowMs: number): void {
    if (this.#changedAtMs === undefined) return
    this.#flushedAtMs = nowMs
    this.#changedAtMs = undefined
  }

  /** When the next flush is due; never without changes. @param isDrained nothing more has been received. */
  dueAtMs(isDrained: boolean): number {
    if (this.#changedAtMs === undefined) return Number.POSITIVE_INFINITY
    return this.#intervalMs + (isDrained ? Math.min(this.#flushedAtMs, this.#changedAtMs) : this.#changedAtMs)
  }
}
