import { expect, test } from 'vitest'
import type { PrepareMessage } from './pgoutput-message.ts'
import { PreparedTransactions } from './prepared-transactions.ts'

function prepare(xid: number, prepareLsn: bigint): PrepareMessage {
  return { kind: 'prepare', xid, prepareLsn, endLsn: prepareLsn + 10n, preparedAtUs: 0n, globalId: String(xid) }
}

test('reading begins at the oldest transaction that is prepared and has not ended', () => {
  const prepared = new PreparedTransactions({ from: 100n, readFrom: 100n })
  prepared.moveTo(150n)
  expect(prepared.readFrom(150n)).toBe(150n)
  prepared.add(prepare(1, 200n))
  prepared.add(prepare(2, 300n))
  expect(prepared.readFrom(180n)).toBe(180n)
  expect(prepared.readFrom(400n)).toBe(200n)
  prepared.resolve(1)
  expect(prepared.readFrom(400n)).toBe(300n)
  prepared.resolve(2)
  expect(prepared.readFrom(400n)).toBe(400n)
})

test('until a new connection has come to where the last one was, those that it does not know yet are held', () => {
  const prepared = new PreparedTransactions({ from: 100n, readFrom: 100n })
  prepared.moveTo(150n)
  prepared.add(prepare(1, 200n))
  prepared.add(prepare(2, 300n))
  prepared.disconnect(400n)
  expect(prepared.readFrom(400n)).toBe(200n)
  prepared.add(prepare(1, 200n))
  prepared.resolve(1)
  prepared.disconnect(400n)
  prepared.moveTo(350n)
  expect(prepared.readFrom(400n)).toBe(200n)
  prepared.add(prepare(2, 300n))
  prepared.moveTo(400n)
  expect(prepared.readFrom(400n)).toBe(300n)
})

test('a checkpoint says from where on to read, which holds for the first connection too', () => {
  const prepared = new PreparedTransactions({ from: 400n, readFrom: 200n })
  expect(prepared.readFrom(400n)).toBe(200n)
  prepared.moveTo(410n)
  expect(prepared.readFrom(410n)).toBe(410n)
})

test('what was prepared before the slot got two_phase comes whole at its commit, and holds nothing up', () => {
  const prepared = new PreparedTransactions({ from: 400n, readFrom: 400n })
  prepared.add(prepare(1, 300n))
  prepared.moveTo(500n)
  expect(prepared.readFrom(500n)).toBe(500n)
})
