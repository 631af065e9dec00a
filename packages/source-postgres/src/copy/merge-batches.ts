/*
 * Several producers, one consumer. Each producer has at most one item handed over and not yet taken, and makes the next
 * one only after that: back-pressure reaches every one of them.
 */

interface Offer<Item> {
  readonly item: Item
  /** Lets the producer go on, or tells it to stop. */
  readonly settle: (goOn: boolean) => void
}

/**
 * Yields what the producers yield, as it comes. When one fails, the others are stopped and its error is thrown; when the
 * consumer stops, all are stopped. Every producer has ended when this ends.
 *
 * @param stop is called before waiting for producers that are to end early: it must make their waits fail.
 */
export async function* mergeProducers<Item>(
  producers: readonly AsyncIterable<Item>[],
  stop: () => void,
): AsyncGenerator<Item, void, undefined> {
  const offers: Offer<Item>[] = []
  let taken: Offer<Item> | undefined
  const failures: unknown[] = []
  const state = { running: producers.length, isStopped: false, wake: () => {} }
  const pump = async (producer: AsyncIterable<Item>) => {
    try {
      for await (const item of producer) {
        if (state.isStopped) return
        const goOn = await new Promise<boolean>((settle) => {
          offers.push({ item, settle })
          state.wake()
        })
        if (!goOn) return
      }
    } catch (error) {
      failures.push(error)
    } finally {
      state.running--
      state.wake()
    }
  }
  const pumps = producers.map(pump)
  try {
    while (state.running > 0 || offers.length > 0) {
      if (failures.length > 0) break
      taken = offers.shift()
      if (taken === undefined) {
        await new Promise<void>((resolve) => (state.wake = resolve))
        continue
      }
      yield taken.item
      taken.settle(true)
    }
  } finally {
    state.isStopped = true
    if (state.running > 0) stop()
    for (const offer of taken === undefined ? offers : [taken, ...offers]) offer.settle(false)
    await Promise.all(pumps)
  }
  if (failures.length > 0) throw failures[0]
}
