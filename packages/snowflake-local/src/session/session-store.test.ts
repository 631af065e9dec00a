import { describe, expect, it } from 'vitest'
import { SessionStore } from './session-store.ts'

const limits = { sessionValidityMs: 1000, masterValidityMs: 5000, sessionsMax: 2 }

function open() {
  const closed: string[] = []
  const sql = {
    sessionId: '7',
    role: undefined,
    warehouse: undefined,
    database: undefined,
    schema: undefined,
    parameters: new Map<string, string>(),
    execute: async () => await Promise.reject(new Error('no statement')),
    close: async () => {
      closed.push('7')
      await Promise.resolve()
    },
  }
  const store = new SessionStore(limits)
  const session = store.add(
    { user: 'LOCAL', clientApp: 'JavaScript', clientVersion: '3.3.0', capabilities: new Set(), sql },
    0,
  )
  return { store, session, closed }
}

describe('SessionStore', () => {
  it('finds a session by its token until the token is over', () => {
    const { store, session } = open()
    expect(store.find(session.sessionToken, 999)).toEqual({ session })
    expect(store.find(session.sessionToken, 1000)).toMatchObject({ refusal: { code: '390112' } })
  })

  it('renews a token that is over, and has the driver renew again if it sends the old one', () => {
    const { store, session } = open()
    const { sessionToken, masterToken } = session
    expect(store.renew(masterToken, 1500)).toEqual({ session })
    expect(store.find(session.sessionToken, 2000)).toEqual({ session })
    expect(store.find(sessionToken, 2000)).toMatchObject({ refusal: { code: '390112' } })
    expect(store.renew(masterToken, 2000)).toMatchObject({ refusal: { code: '390114' } })
  })

  it('does not renew a session that nobody has used for the time of a master token', () => {
    const { store, session } = open()
    expect(store.renew(session.masterToken, 5000)).toMatchObject({ refusal: { code: '390114' } })
  })

  it('keeps a session that is used alive', () => {
    const { store, session } = open()
    store.find(session.sessionToken, 900)
    expect(store.renew(session.masterToken, 5500)).toEqual({ session })
  })

  it('tells an ended session from a token that never was', async () => {
    const { store, session, closed } = open()
    await store.end(session)
    expect(closed).toEqual(['7'])
    expect(store.find(session.sessionToken, 10)).toMatchObject({ refusal: { code: '390111' } })
    expect(store.find('other', 10)).toMatchObject({ refusal: { code: '390104' } })
  })

  it('ends the sessions that are over', async () => {
    const { store, closed } = open()
    await store.endExpired(4999)
    expect(closed).toEqual([])
    await store.endExpired(5000)
    expect(closed).toEqual(['7'])
    expect(store.size).toBe(0)
  })

  it('is full when it has as many sessions as it may have', () => {
    const { store, session } = open()
    expect(store.isFull).toBe(false)
    store.add({ user: 'LOCAL', clientApp: '', clientVersion: '', capabilities: new Set(), sql: session.sql }, 0)
    expect(store.isFull).toBe(true)
  })
})
