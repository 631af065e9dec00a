import { testServers } from '@eclusa/postgres-local/testing'
import { describe, expect, it } from 'vitest'
import { postgresConfigSchema } from '../config.ts'
import { connectionSettings } from './connection-settings.ts'
import { beginRead, endRead } from './read-transaction.ts'
import { openSession } from './session.ts'

const attempt = { doing: 'testing' }
const signal = new AbortController().signal

describe.each(await testServers())('on PostgreSQL $major, a transaction that reads', (server) => {
  const configOf = (options: object = {}) =>
    postgresConfigSchema.parse({ connection_string: server.connectionString(), ...options })
  const open = async () => await openSession(connectionSettings(configOf()), signal)

  it('sets what it needs for itself alone', async () => {
    await using session = await open()
    const settings = async () =>
      await session.query(
        `SELECT name, setting FROM pg_settings WHERE name IN ('jit', 'row_security', 'lock_timeout', 'TimeZone', 'bytea_output', 'transaction_read_only') ORDER BY name`,
        { attempt },
      )
    await session.execute(`SET bytea_output = 'escape'; SET "TimeZone" = 'Asia/Kolkata'`, attempt)
    const before = await settings()
    await beginRead(session, { config: configOf({ lock_timeout_ms: 1234 }), attempt })
    const inside = Object.fromEntries((await settings()).map(({ name, setting }) => [name, setting]))
    expect(inside).toEqual({
      TimeZone: 'UTC',
      bytea_output: 'hex',
      jit: 'off',
      lock_timeout: '1234',
      row_security: 'off',
      transaction_read_only: 'on',
    })
    await endRead(session, attempt)
    expect(await settings()).toEqual(before)
  })

  it('refuses a snapshot that is gone, and one that never was', async () => {
    await using session = await open()
    for (const snapshotId of ['00000003-0000001B-1', 'nonsense']) {
      await expect(beginRead(session, { config: configOf(), snapshotId, attempt })).rejects.toMatchObject({
        code: 'POSTGRES_SNAPSHOT_UNAVAILABLE',
        failureType: 'transient_error',
      })
    }
  })

  it('ends a statement that takes longer than statement_timeout_ms', async () => {
    await using session = await open()
    await beginRead(session, { config: configOf({ statement_timeout_ms: 20 }), attempt })
    await expect(session.execute('SELECT pg_sleep(60)', attempt)).rejects.toMatchObject({
      code: 'POSTGRES_STATEMENT_CANCELLED',
    })
  })
})
