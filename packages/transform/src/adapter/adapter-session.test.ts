import { openDuckDb } from '@eclusa/warehouse'
import { expect, it } from 'vitest'
import { AdapterSession } from './adapter-session.ts'
import { RelationCache } from './relation-cache.ts'

it('sends a statement of its own again while another transaction is in the way, five times in all', async () => {
  await using warehouse = await openDuckDb({ path: ':memory:' })
  await using other = await warehouse.connect()
  await using connection = await warehouse.connect()
  await other.query('create table counted as select 1 as n; begin; update counted set n = 2')
  let sent = 0
  const session = new AdapterSession({
    connection,
    cache: new RelationCache(),
    signal: new AbortController().signal,
    comment: (sql) => {
      sent += 1
      return sql
    },
  })
  const update = async () => await session.execute('update counted set n = 3', { autoBegin: false })
  await expect(update()).rejects.toMatchObject({ code: 'WAREHOUSE_CONFLICT' })
  expect(sent).toBe(5)
  expect(session.isRepeatable).toBe(true)
  await other.query('commit')
  await update()
  expect([sent, session.isRepeatable]).toEqual([6, false])
})
