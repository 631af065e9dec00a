import { describe, expect, it } from 'vitest'
import { succeed, refuse } from './answer.ts'
import { QueryStore } from './query-store.ts'
import { Query } from './query.ts'
import { ResultSpool } from './result-spool.ts'

const limits = { resultRetentionMs: 1000, queriesMax: 3, answerBytesMax: 1000 }

function open() {
  const store = new QueryStore(limits, new ResultSpool())
  const begin = (requestId = '', user = 'U') => {
    const query = new Query({ user, sessionId: 1, requestId })
    store.add(query)
    return query
  }
  const end = async (query: Query, { bytes = 0, ok = true } = {}) => {
    query.inlineBytes = bytes
    query.finish(ok ? succeed() : refuse({ code: '1', message: 'no' }))
    await store.settle(query)
  }
  return { store, begin, end }
}

describe('QueryStore', () => {
  it('finds a request that runs or succeeded, of the same user, and none that failed', async () => {
    const { store, begin, end } = open()
    const query = begin('r')
    expect(store.findRequest('U', 'r')).toBe(query)
    expect(store.findRequest('V', 'r')).toBeUndefined()
    await end(query)
    expect(store.findRequest('U', 'r')).toBe(query)
    const failed = begin('s')
    await end(failed, { ok: false })
    expect(store.findRequest('U', 's')).toBeUndefined()
    expect(store.find(failed.id)).toBe(failed)
  })

  it('cancels what runs of a user, and is meant', async () => {
    const { store, begin, end } = open()
    const [ended, meant, other, foreign] = [begin(), begin(), begin(), begin('', 'V')]
    await end(ended)
    expect(store.cancel('U', (query) => query !== other)).toBe(1)
    expect([ended, meant, other, foreign].map((query) => query.signal.aborted)).toEqual([false, true, false, false])
  })

  it('keeps no more than it may, and gives up what ended first', async () => {
    const { store, begin, end } = open()
    const [first, second, third] = [begin(), begin(), begin()]
    await end(second)
    await end(first)
    const fourth = begin()
    await end(third)
    expect([first, second, third, fourth].map((query) => store.find(query.id) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ])
  })

  it('gives up answers when they take too much memory', async () => {
    const { store, begin, end } = open()
    const [first, second] = [begin(), begin()]
    await end(first, { bytes: 600 })
    await end(second, { bytes: 600 })
    expect(store.find(first.id)).toBeUndefined()
    expect(store.find(second.id)).toBe(second)
  })

  it('gives up what ended long ago, and nothing that runs', async () => {
    const { store, begin, end } = open()
    const [first, second] = [begin(), begin()]
    await end(first)
    await store.forgetOld(Date.now() + 999_999)
    expect(store.find(first.id)).toBeUndefined()
    expect(store.find(second.id)).toBe(second)
  })
})
