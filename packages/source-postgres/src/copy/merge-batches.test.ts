import { describe, expect, it } from 'vitest'
import { mergeProducers } from './merge-batches.ts'

/** Yields numbers; records how far it came and that it was closed. */
function producer(
  count: number,
  log: string[],
  { name = 'p', failsAt = Infinity, signal = new AbortController().signal } = {},
) {
  return (async function* () {
    try {
      for (let index = 0; index < count; index++) {
        await Promise.resolve()
        if (signal.aborted) throw new Error(`${name} aborted`)
        if (index === failsAt) throw new Error(`${name} failed`)
        log.push(`${name}${index}`)
        yield `${name}${index}`
      }
    } finally {
      log.push(`${name} closed`)
    }
  })()
}

async function collect(items: AsyncIterable<string>, countMax = Infinity): Promise<string[]> {
  const collected: string[] = []
  for await (const item of items) {
    collected.push(item)
    if (collected.length === countMax) break
  }
  return collected
}

describe('merged producers', () => {
  it('give everything once, each in its own order', async () => {
    const items = await collect(
      mergeProducers([producer(5, [], { name: 'a' }), producer(3, [], { name: 'b' }), producer(0, [])], () => {}),
    )
    expect(items.filter((item) => item.startsWith('a'))).toEqual(['a0', 'a1', 'a2', 'a3', 'a4'])
    expect(items.filter((item) => item.startsWith('b'))).toEqual(['b0', 'b1', 'b2'])
    expect(items).toHaveLength(8)
  })

  it('make the next item only after the last one was taken', async () => {
    const log: string[] = []
    for await (const item of mergeProducers([producer(3, log)], () => {})) {
      await new Promise((resolve) => setImmediate(resolve))
      expect(log.at(-1)).toBe(item)
    }
  })

  it('are all closed when the consumer stops', async () => {
    const log: string[] = []
    let stops = 0
    const merged = mergeProducers([producer(9, log, { name: 'a' }), producer(9, log, { name: 'b' })], () => stops++)
    expect(await collect(merged, 2)).toHaveLength(2)
    expect(log).toEqual(expect.arrayContaining(['a closed', 'b closed']))
    expect(stops).toBe(1)
  })

  it('fail with the first error, after the others were stopped and closed', async () => {
    const log: string[] = []
    const controller = new AbortController()
    const merged = mergeProducers(
      [producer(9, log, { name: 'a', signal: controller.signal }), producer(9, log, { name: 'b', failsAt: 2 })],
      () => controller.abort(),
    )
    await expect(collect(merged)).rejects.toThrow('b failed')
    expect(log).toEqual(expect.arrayContaining(['a closed', 'b closed']))
  })

  it('end at once when there are none', async () => {
    expect(await collect(mergeProducers<string>([], () => {}))).toEqual([])
  })
})
