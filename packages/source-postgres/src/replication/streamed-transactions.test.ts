import { readdirSync, readlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { wireOf } from '../../testing/pgoutput-capture.ts'
import type { MessageCursor } from './message-cursor.ts'
import { StreamedTransactions } from './streamed-transactions.ts'

function keep(transactions: StreamedTransactions, xid: number, texts: readonly string[]): void {
  transactions.enter(xid)
  for (const text of texts) {
    const { wire, start, end } = wireOf(Buffer.from(text), 4)
    transactions.keep(wire, start, end)
  }
  transactions.leave()
}

async function textsOf(cursors: AsyncIterable<MessageCursor>): Promise<string[]> {
  const texts: string[] = []
  for await (const cursor of cursors) {
    while (cursor.next()) texts.push(cursor.wire.bytes.toString('utf8', cursor.start, cursor.end))
  }
  return texts
}

const many = (prefix: string, count = 3000) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}${'x'.repeat(index % 300)}`)

test('gives back the messages of each transaction in their order, from memory and from disk alike', async () => {
  for (const bytesMax of [0, 100_000, 100_000_000]) {
    await using transactions = new StreamedTransactions(bytesMax)
    const huge = 'y'.repeat(3_000_000)
    for (const [round, prefix] of ['a', 'b', 'c'].entries()) {
      keep(transactions, 7, [...many(prefix), huge])
      keep(transactions, 8, [`${round}`])
      await transactions.settle()
    }
    expect(await textsOf(transactions.replay(8).cursors)).toEqual(['0', '1', '2'])
    const expected = ['a', 'b', 'c'].flatMap((prefix) => [...many(prefix), huge])
    expect(await textsOf(transactions.replay(7).cursors)).toEqual(expected)
  }
})

test('tells which subtransactions are void, and forgets a transaction that is', async () => {
  await using transactions = new StreamedTransactions(0)
  keep(transactions, 7, ['a'])
  transactions.abort(7, 9)
  transactions.abort(99, 100)
  expect([...transactions.replay(7).aborted]).toEqual([9])
  transactions.abort(7, 7)
  expect(() => transactions.replay(7)).toThrow('transaction 7')
})

test.skipIf(process.platform !== 'linux')('leaves no file behind, not even while it is open', async () => {
  const openFiles = () =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        const path = readlinkSync(`/proc/self/fd/${fd}`)
        return path.includes('/eclusa-') ? [path] : []
      } catch {
        return []
      }
    })
  const transactions = new StreamedTransactions(0)
  keep(transactions, 7, ['a'])
  keep(transactions, 8, ['b'])
  await transactions.settle()
  expect(openFiles().filter((path) => path.endsWith('(deleted)'))).toHaveLength(2)
  transactions.forget(7)
  await transactions.settle()
  expect(openFiles()).toHaveLength(1)
  await transactions[Symbol.asyncDispose]()
  expect(openFiles()).toEqual([])
})
