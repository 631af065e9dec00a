import { expect, test } from 'vitest'
import { FlushClock } from './flush-clock.ts'

test('without changes nothing is due', () => {
  const clock = new FlushClock(100)
  expect(clock.dueAtMs(true)).toBe(Number.POSITIVE_INFINITY)
  clock.changed(5)
  clock.flushed(6)
  expect(clock.dueAtMs(true)).toBe(Number.POSITIVE_INFINITY)
})

test('the first change is due at once when nothing more has been received, and else after the interval', () => {
  const clock = new FlushClock(100)
  clock.changed(1000)
  clock.changed(1050)
  expect(clock.dueAtMs(true)).toBe(Number.NEGATIVE_INFINITY)
  expect(clock.dueAtMs(false)).toBe(1100)
})

test('a change soon after a flush waits for the interval since that flush at most', () => {
  const clock = new FlushClock(100)
  clock.changed(1000)
  clock.flushed(1000)
  clock.changed(1040)
  expect(clock.dueAtMs(true)).toBe(1100)
  expect(clock.dueAtMs(false)).toBe(1140)
})

test('a flush without changes keeps the next change from nothing', () => {
  const clock = new FlushClock(100)
  clock.flushed(1000)
  clock.changed(1001)
  expect(clock.dueAtMs(true)).toBe(Number.NEGATIVE_INFINITY)
})
