import { streamKey } from '@eclusa/sdk'
import type { RunEvent } from '@eclusa/sdk'

const waitingMax = 10_000

/**
 * Events on their way to one reader. A reader that is slow, or absent, never holds up the run: of progress that nobody
 * has read yet only the newest per stream is kept, and of what nobody reads for long, as in a run that follows for weeks,
 * only the newest in all.
 */
export class EventChannel implements AsyncIterable<RunEvent> {
  #waiting: RunEvent[] = []
  #closed = false
  #wake: (() => void) | undefined

  push(event: RunEvent): void {
    if (event.type === 'stream_progress') this.#dropOlderProgress(streamKey(event.stream))
    if (event.type === 'lag') this.#waiting = this.#waiting.filter(({ type }) => type !== 'lag')
    this.#waiting.push(event)
    if (this.#waiting.length > waitingMax) this.#waiting.shift()
    this.#wake?.()
  }

  close(): void {
    this.#closed = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RunEvent> {
    while (true) {
      const ready = this.#waiting
      this.#waiting = []
      yield* ready
      if (this.#waiting.length > 0) continue
      if (this.#closed) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }

  #dropOlderProgress(key: string): void {
    const index = this.#waiting.findLastIndex(
      (event) => event.type === 'stream_progress' && streamKey(event.stream) === key,
    )
    if (index >= 0) this.#waiting.splice(index, 1)
  }
}
