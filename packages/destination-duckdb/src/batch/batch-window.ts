/** Batches that may be on their way to the thread at once: one is written, one is ready, one is being taken over. */
const batchesMax = 3

/** Holds up whoever hands over batches while too many, or too many bytes, are on their way. */
export class BatchWindow {
  readonly #bytesMax: number
  #batches = 0
  #bytes = 0
  #waiting: (() => void) | undefined

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Resolves when there is room. A batch larger than all room passes when it is alone. One caller at a time. */
  async enter(bytes: number): Promise<void> {
    while (this.#batches >= batchesMax || (this.#batches > 0 && this.#bytes + bytes > this.#bytesMax)) {
      await this.#change()
    }
    this.#batches++
    this.#bytes += bytes
  }

  leave(bytes: number): void {
    this.#batches--
    this.#bytes -= bytes
    this.#waiting?.()
  }

  /** Resolves when nothing is on its way. */
  async empty(): Promise<void> {
    while (this.#batches > 0) await this.#change()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }
}
