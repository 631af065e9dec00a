import assert from 'node:assert'
import { EclusaError } from './error.ts'

/** Limits of a queue. */
export interface BoundedQueueOptions {
  /** Bytes that may wait in the queue. A larger item passes when the queue is empty. */
  readonly bytesMax: number
  /** Aborting is a failure with the signal's reason. */
  readonly signal?: AbortSignal
}

/**
 * Hands items from producers to one consumer, in the order in which they were put, and holds the producers back while
 * too many bytes wait.
 *
 * | state  | put                           | next item                          | left by                         |
 * |--------|-------------------------------|------------------------------------|---------------------------------|
 * | open   | resolves when there is room   | waits for one                      | close, fail, abort, consumer    |
 * | closed | rejects with INTERNAL         | what was put before, then the end  | fail, abort, consumer           |
 * | failed | rejects with the failure      | the failure, at once               | -                               |
 *
 * A consumer that stops iterating fails the queue with CANCELLED. Failing discards what waits.
 */
export interface BoundedQueue<Item> extends AsyncIterable<Item> {
  /** Bytes that wait; an item that the consumer has taken no longer counts. */
  readonly bytes: number
  /**
   * Resolves once the item is in the queue. Waiting producers are admitted in turn, a small item not before a large one.
   *
   * @throws CANCELLED when the consumer has stopped; the failure, when the queue has failed; INTERNAL after `close`.
   */
  put(item: Item, byteLength: number): Promise<void>
  /** Says that no more will be put; what waits, in the queue or before it, is still delivered. */
  close(): void
  /** Ends both sides with an error. The first failure counts. */
  fail(error: unknown): void
}

interface Entry<Item> {
  readonly item: Item
  readonly byteLength: number
  readonly admitted: () => void
  readonly refused: (error: unknown) => void
}

/**
 * Makes a queue of items whose bytes the producers tell.
 *
 * @example
 * const queue = createBoundedQueue<ChangeBatch>({ bytesMax: 16 * 1024 * 1024, signal })
 * await queue.put(batch, batch.byteLength) // in a producer
 * for await (const batch of queue) await session.write(batch) // in the consumer
 */
export function createBoundedQueue<Item>(options: BoundedQueueOptions): BoundedQueue<Item> {
  const { bytesMax, signal } = options
  const queued: Entry<Item>[] = []
  const waiting: Entry<Item>[] = []
  let bytes = 0
  let isClosed = false
  let isConsumed = false
  let failure: { readonly error: unknown } | undefined
  /** Wakes the consumer. It only ever resolves, so nobody needs to observe it. */
  let wake: (() => void) | undefined

  const abort = () => fail(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted === true) abort()

  function admit(): void {
    while (waiting[0] !== undefined && (queued.length === 0 || bytes + waiting[0].byteLength <= bytesMax)) {
      const entry = waiting.shift()!
      bytes += entry.byteLength
      queued.push(entry)
      entry.admitted()
    }
    wake?.()
  }

  function fail(error: unknown): void {
    if (failure !== undefined) return
    failure = { error }
    signal?.removeEventListener('abort', abort)
    for (const entry of waiting.splice(0)) entry.refused(error)
    queued.length = 0
    bytes = 0
    wake?.()
  }

  async function* consume(): AsyncGenerator<Item, void, undefined> {
    assert(!isConsumed, 'a bounded queue has one consumer')
    isConsumed = true
    try {
      for (;;) {
        if (failure !== undefined) throw failure.error
        const entry = queued.shift()
        if (entry !== undefined) {
          bytes -= entry.byteLength
          admit()
          yield entry.item
        } else if (isClosed) {
          return
        } else {
          const { promise, resolve } = Promise.withResolvers<void>()
          wake = resolve
          await promise
        }
      }
    } finally {
      fail(new EclusaError('CANCELLED', { message: 'The consumer of a queue takes no more.' }))
    }
  }

  return {
    get bytes() {
      return bytes
    },
    async put(item, byteLength) {
      if (isClosed) throw new EclusaError('INTERNAL', { message: 'A queue was given an item after it was closed.' })
      if (failure !== undefined) throw failure.error
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      waiting.push({ item, byteLength, admitted: resolve, refused: reject })
      admit()
      await promise
    },
    close() {
      isClosed = true
      wake?.()
    },
    fail,
    [Symbol.asyncIterator]: consume,
  }
}
