import { testServer } from '@eclusa/postgres-local/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSourceDatabase, waitUntil } from '../../testing/database.ts'
import type { SourceDatabase } from '../../testing/database.ts'
import { settingsOf } from '../../testing/pgoutput-capture.ts'
import { openSession } from '../connection/session.ts'
import type { Session } from '../connection/session.ts'
import { ControlSession } from './control-session.ts'

let database: SourceDatabase

beforeAll(async () => {
  database = await createSourceDatabase(await testServer())
})
afterAll(async () => {
  await database[Symbol.asyncDispose]()
})

test('a session that was lost while nobody used it is replaced by the next use, which does not fail', async () => {
  const opened: Session[] = []
  await using control = new ControlSession(async () => {
    opened.push(await openSession(settingsOf(database.connectionString), new AbortController().signal))
    return opened.at(-1)!
  })
  const backend = async () =>
    await control.use(async (session) => {
      const [row] = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid', {
        attempt: { doing: 'testing' },
      })
      return row?.pid
    })
  const first = await backend()
  expect(await backend()).toBe(first)
  await database.run(`SELECT pg_terminate_backend(${first})`)
  await waitUntil('the loss is known', async () => await Promise.resolve(opened.at(-1)!.isBroken))
  expect(await backend()).not.toBe(first)
  expect(opened).toHaveLength(2)
})
