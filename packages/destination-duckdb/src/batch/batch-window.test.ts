import { expect, it } from 'vitest'
import { BatchWindow } from './batch-window.ts'

/** Tells whether a promise is settled by now, without waiting for it. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  return (await Promise.race([promise, new Promise((resolve) => setImmediate(resolve, pending))])) !== pending
}

it('lets three batches in, and the next when one has left', async () => {
  const window = new BatchWindow(1000)
  for (let count = 0; count < 3; count++) await window.enter(1)
  const fourth = window.enter(1)
  expect(await isSettled(fourth)).toBe(false)
  window.leave(1)
  await fourth
})

it('holds up a batch that has no room, until there is enough', async () => {
  const window = new BatchWindow(100)
  await window.enter(60)
  await window.enter(30)
  const third = window.enter(70)
  window.leave(30)
  expect(await isSettled(third)).toBe(false)
  window.leave(60)
  await third
})

it('lets a batch larger than all room pass alone', async () => {
  const window = new BatchWindow(100)
  await window.enter(5000)
  const next = window.enter(1)
  expect(await isSettled(next)).toBe(false)
  window.leave(5000)
  await next
})

it('tells when nothing is on its way', async () => {
  const window = new BatchWindow(100)
  await window.empty()
  await window.enter(1)
  const empty = window.empty()
  expect(await isSettled(empty)).toBe(false)
  window.leave(1)
  await empty
})
