import { Client } from 'pg'
import { describe, expect, it } from 'vitest'

import { testServer, testServers } from './testing.ts'

const servers = await testServers()

it('always has a server of version 18', async () => {
  const server = await testServer()
  expect(server.version).toMatch(/^18\./)
})

it('gives the same server to everybody who asks for the same', async () => {
  const [first, second] = await Promise.all([testServer(), testServer()])
  expect(second.port).toBe(first.port)
})

it('gives a server of its own to whoever wants other settings', async () => {
  const [shared, own] = await Promise.all([testServer(), testServer({ settings: { wal_level: 'replica' } })])
  expect(own.port).not.toBe(shared.port)
  expect(await show(own.connectionString(), 'wal_level')).toBe('replica')
  expect(await show(shared.connectionString(), 'wal_level')).toBe('logical')
})

describe.each(servers)('PostgreSQL $major', (server) => {
  it('runs the version it says', async () => {
    expect(server.version).toMatch(new RegExp(`^${server.major}\\.`))
    expect(await show(server.connectionString(), 'server_version')).toBe(server.version)
  })

  it('creates databases apart from each other, empty or from a template, and drops them with their sessions', async () => {
    await using template = await server.createDatabase()
    await query(template.connectionString, 'create table kept as select 1 as a')
    const copy = await server.createDatabase({ template: template.name })
    await using empty = await server.createDatabase()
    expect(await query(copy.connectionString, 'select a from kept')).toEqual([{ a: 1 }])
    await expect(query(empty.connectionString, 'select a from kept')).rejects.toThrow('does not exist')

    const session = new Client({ connectionString: copy.connectionString })
    const ended = new Promise<void>((resolve) => session.once('end', () => resolve()))
    session.on('error', () => undefined)
    await session.connect()
    await copy.drop()
    await ended
    await copy.drop()
    await expect(query(copy.connectionString, 'select 1')).rejects.toThrow('does not exist')
  })
})

async function show(connectionString: string, setting: string): Promise<unknown> {
  const rows = await query(connectionString, `select current_setting('${setting}') as value`)
  return rows[0]?.['value']
}

async function query(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}
