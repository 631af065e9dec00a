import { expect, test } from 'vitest'
import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import { EclusaError } from './error.ts'
import { isTransient, retry } from './retry.ts'

const transient = () => new EclusaError('TIMEOUT', { message: 'slow' })
const { signal } = new AbortController()

function clockOf(): { clock: Clock; delays: number[] } {
  const delays: number[] = []
  const sleep: Clock['sleep'] = async (delayMs) => {
    delays.push(delayMs)
  }
  return { clock: { nowMs: () => 0, sleep }, delays }
}

function failing(failures: number, error: () => unknown = transient): (attempt: number) => Promise<string> {
  return async (attempt) => {
    if (attempt <= failures) throw error()
    return `attempt ${attempt}`
  }
}

test('tries again until it succeeds, after delays whose limits double up to the longest', async () => {
  const { clock, delays } = clockOf()
  const options = { signal, clock, random: () => 0.5, attemptsMax: 6, delayMinMs: 100, delayMaxMs: 500 }
  expect(await retry(failing(5), options)).toBe('attempt 6')
  expect(delays).toEqual([50, 100, 200, 250, 250])
})

test('tells of each retry', async () => {
  const { clock } = clockOf()
  const told: unknown[] = []
  await retry(failing(1), { signal, clock, random: () => 0.5, onRetry: (failed) => told.push(failed) })
  expect(told).toEqual([{ attempt: 1, error: expect.objectContaining({ code: 'TIMEOUT' }), delayMs: 125 }])
})

test('gives up with the last error, unchanged', async () => {
  const { clock, delays } = clockOf()
  const error = transient()
  await expect(
    retry(
      failing(9, () => error),
      { signal, clock, attemptsMax: 3 },
    ),
  ).rejects.toBe(error)
  expect(delays).toHaveLength(2)
})

test('does not repeat what will not pass by itself', async () => {
  const { clock, delays } = clockOf()
  for (const error of [
    new EclusaError('CONFIG_INVALID', { message: 'wrong' }),
    new EclusaError('INTERNAL', { message: 'broken' }),
    new EclusaError('CANCELLED', { message: 'stopped' }),
    new Error('unknown'),
  ]) {
    expect(isTransient(error)).toBe(false)
    await expect(
      retry(
        failing(1, () => error),
        { signal, clock },
      ),
    ).rejects.toBe(error)
  }
  expect(delays).toEqual([])
})

test('repeats what the caller decides', async () => {
  const { clock } = clockOf()
  const options = { signal, clock, shouldRetry: (error: unknown) => error === 'odd' }
  expect(
    await retry(
      failing(2, () => 'odd'),
      options,
    ),
  ).toBe('attempt 3')
})

test('stops waiting when aborted, with the reason', async () => {
  const controller = new AbortController()
  const reason = new EclusaError('CANCELLED', { message: 'stopped' })
  const onRetry = () => controller.abort(reason)
  const attempt = retry(failing(9), { signal: controller.signal, random: () => 0.999, delayMinMs: 60_000, onRetry })
  await expect(attempt).rejects.toBe(reason)
  await expect(retry(failing(0), { signal: controller.signal })).rejects.toBe(reason)
})

test('the system clock sleeps, and wakes when aborted', async () => {
  const before = systemClock.nowMs()
  await systemClock.sleep(5, signal)
  expect(systemClock.nowMs() - before).toBeGreaterThanOrEqual(4)
  const controller = new AbortController()
  const sleep = systemClock.sleep(60_000, controller.signal)
  controller.abort(new Error('stop'))
  await expect(sleep).rejects.toThrow('stop')
  await expect(systemClock.sleep(1, controller.signal)).rejects.toThrow('stop')
})
