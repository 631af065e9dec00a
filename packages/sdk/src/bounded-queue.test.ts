import { getEventListeners } from 'node:events'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBoundedQueue } from './bounded-queue.ts'

/** Lets everything that is ready run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

function watch(promise: Promise<unknown>): { state: string } {
  const watched = { state: 'pending' }
  promise.then(
    () => (watched.state = 'resolved'),
    (error: unknown) => (watched.state = `rejected: ${error instanceof Error ? error.message : '?'}`),
  )
  return watched
}

test('delivers everything in order, and never holds more than its bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 50 })),
      fc.integer({ min: 1, max: 100 }),
      async (sizes, bytesMax) => {
        const queue = createBoundedQueue<number>({ bytesMax })
        const produced = (async () => {
          for (const [index, size] of sizes.entries()) await queue.put(index, size)
          queue.close()
        })()
        const received: number[] = []
        for await (const index of queue) {
          expect(queue.bytes).toBeLessThanOrEqual(Math.max(bytesMax, 50))
          received.push(index)
        }
        await produced
        expect(received).toEqual(sizes.map((_, index) => index))
      },
    ),
  )
})

test('holds producers back while too many bytes wait, each in its turn', async () => {
  const queue = createBoundedQueue<string>({ bytesMax: 10 })
  const puts = [queue.put('a', 6), queue.put('large', 8), queue.put('small', 1)].map(watch)
  await settle()
  expect(puts.map(({ state }) => state)).toEqual(['resolved', 'pending', 'pending'])
  expect(queue.bytes).toBe(6)
  const items = queue[Symbol.asyncIterator]()
  expect(await items.next()).toEqual({ done: false, value: 'a' })
  await settle()
  expect(puts.map(({ state }) => state)).toEqual(['resolved', 'resolved', 'resolved'])
  expect(queue.bytes).toBe(9)
})

test('lets an item larger than its limit pass alone', async () => {
  const queue = createBoundedQueue<string>({ bytesMax: 10 })
  await queue.put('huge', 1000)
  const next = watch(queue.put('next', 1))
  await settle()
  expect(next.state).toBe('pending')
})

test('delivers what was put before it was closed, also what still waits for room', async () => {
  const queue = createBoundedQueue<string>({ bytesMax: 1 })
  const puts = [queue.put('a', 1), queue.put('b', 1)]
  queue.close()
  const received: string[] = []
  for await (const item of queue) received.push(item)
  await Promise.all(puts)
  expect(received).toEqual(['a', 'b'])
  await expect(queue.put('c', 1)).rejects.toMatchObject({ code: 'INTERNAL' })
})

test('refuses items after it was closed', async () => {
  const queue = createBoundedQueue<string>({ bytesMax: 1 })
  queue.close()
  await expect(queue.put('a', 1)).rejects.toMatchObject({ code: 'INTERNAL' })
})

test('ends both sides with the first failure, and discards what waits', async () => {
  const queue = createBoundedQueue<string>({ bytesMax: 1 })
  await queue.put('a', 1)
  const waiting = watch(queue.put('b', 1))
  queue.fail(new Error('broken'))
  queue.fail(new Error('later'))
  await settle()
  expect(waiting.state).toBe('rejected: broken')
  expect(queue.bytes).toBe(0)
  await expect(queue.put('c', 1)).rejects.toThrow('broken')
  await expect(queue[Symbol.asyncIterator]().next()).rejects.toThrow('broken')
})

test('wakes a waiting consumer when it fails, is closed, or is aborted', async () => {
  const failing = createBoundedQueue<string>({ bytesMax: 1 })
  const failed = watch(failing[Symbol.asyncIterator]().next())
  failing.fail(new Error('broken'))
  const closing = createBoundedQueue<string>({ bytesMax: 1 })
  const ended = closing[Symbol.asyncIterator]().next()
  closing.close()
  const controller = new AbortController()
  const aborting = createBoundedQueue<string>({ bytesMax: 1, signal: controller.signal })
  const aborted = watch(aborting[Symbol.asyncIterator]().next())
  controller.abort(new Error('stop'))
  await settle()
  expect(failed.state).toBe('rejected: broken')
  expect(await ended).toEqual({ done: true, value: undefined })
  expect(aborted.state).toBe('rejected: stop')
})

test('is failed from the start when its signal is already aborted', async () => {
  const queue = createBoundedQueue<string>({ bytesMax: 1, signal: AbortSignal.abort(new Error('stop')) })
  await expect(queue.put('a', 1)).rejects.toThrow('stop')
})

test('releases producers when the consumer stops', async () => {
  const queue = createBoundedQueue<string>({ bytesMax: 1 })
  const puts = [queue.put('a', 1), queue.put('b', 1), queue.put('c', 1)].map(watch)
  for await (const _ of queue) break
  await settle()
  expect(puts[2]).toEqual({ state: 'rejected: The consumer of a queue takes no more.' })
  await expect(queue.put('d', 1)).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('leaves no listener on a signal that outlives it', async () => {
  const { signal } = new AbortController()
  const queue = createBoundedQueue<string>({ bytesMax: 1, signal })
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  queue.close()
  for await (const _ of queue) expect.unreachable()
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})
