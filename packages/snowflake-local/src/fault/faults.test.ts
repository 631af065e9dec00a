import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connect, disconnect, execute } from '../../testing/driver.ts'
import { openScriptedEngine, rows, type ScriptedEngine } from '../../testing/scripted-engine.ts'
import { serveEngine, type SnowflakeLocal } from '../snowflake-local.ts'
import { Faults } from './faults.ts'

describe('Faults', () => {
  it('meets as many requests as it was asked to, after those that pass', () => {
    const faults = new Faults()
    faults.inject({ kind: 'unavailable', times: 2, after: 1 })
    const met = Array.from({ length: 5 }, () => faults.take({ area: 'query' })?.kind)
    expect(met).toEqual([undefined, 'unavailable', 'unavailable', undefined, undefined])
    expect(faults.list()).toEqual([{ kind: 'unavailable', at: 'query', timesLeft: 0, hits: 2 }])
  })

  it('meets only the statements that it names', () => {
    const faults = new Faults()
    faults.inject({ kind: 'answer-lost', statement: '^commit' })
    expect(faults.take({ area: 'query', sqlText: 'BEGIN' })).toBeUndefined()
    expect(faults.take({ area: 'login' })).toBeUndefined()
    expect(faults.take({ area: 'query', sqlText: 'COMMIT' })?.kind).toBe('answer-lost')
  })

  it('meets stages with expired tokens unless told otherwise', () => {
    const faults = new Faults()
    faults.inject({ kind: 'stage-token-expired' })
    expect(faults.take({ area: 'stage' })?.kind).toBe('stage-token-expired')
  })
})

describe('an endpoint with faults', () => {
  let engine: ScriptedEngine
  let server: SnowflakeLocal

  beforeEach(async () => {
    engine = await openScriptedEngine(() => [
      [/^SELECT/, () => rows([{ name: 'N', type: 'fixed', nullable: true }], [['1']])],
    ])
    server = await serveEngine(engine, {})
  })

  afterEach(async () => await server.close())

  it('has the driver renew its session and send the statement again', async () => {
    const connection = await connect(server.connectionOptions)
    server.faults.inject({ kind: 'session-expired' })
    expect((await execute(connection, 'SELECT 1')).rows).toEqual([{ N: 1 }])
    expect(server.faults.list()[0]?.hits).toBe(1)
    expect(engine.executed).toEqual(['SELECT 1'])
    await disconnect(connection)
  })

  it.each([
    ['unavailable', 503],
    ['too-many-requests', 429],
  ] as const)('answers %s with HTTP %i', async (kind, status) => {
    server.faults.inject({ kind, at: 'login' })
    const response = await fetch(`${server.url}/session/v1/login-request`, { method: 'POST', body: '{}' })
    expect(response.status).toBe(status)
  })

  it('cuts connections before anything is done', async () => {
    server.faults.inject({ kind: 'connection-cut', at: 'login' })
    await expect(fetch(`${server.url}/session/v1/login-request`, { method: 'POST' })).rejects.toThrow('fetch failed')
    expect(engine.sessions).toEqual([])
  })

  it('takes faults over HTTP, for tests in other languages', async () => {
    const path = `${server.url}/snowflake-local/faults`
    const added = await fetch(path, { method: 'POST', body: JSON.stringify({ kind: 'slow', times: 3, delayMs: 1 }) })
    expect(await added.json()).toEqual({ faults: [{ kind: 'slow', at: 'query', timesLeft: 3, hits: 0 }] })
    const refused = await fetch(path, { method: 'POST', body: JSON.stringify({ kind: 'fire' }) })
    expect(refused.status).toBe(400)
    const cleared = await fetch(path, { method: 'DELETE' })
    expect(await cleared.json()).toEqual({ faults: [] })
  })

  it('is nothing for pages in a browser', async () => {
    const headers = { origin: 'https://example.com' }
    const response = await fetch(`${server.url}/snowflake-local/faults`, { method: 'DELETE', headers })
    expect(response.status).toBe(403)
  })
})
