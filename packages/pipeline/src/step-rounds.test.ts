import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { StepRounds } from './step-rounds.ts'

/** Lets everything happen that needs no time. */
const settle = async () => {
  for (let count = 0; count < 5; count++) await turn()
}

function start(intervalMs: number) {
  const clock = new ManualClock()
  const rounds = new StepRounds({ clock, intervalMs })
  const ending = new AbortController()
  const began: number[] = []
  const running = rounds.run(async () => void began.push(clock.nowMs()), ending.signal)
  return { clock, rounds, ending, began, running }
}

describe('rounds of steps', () => {
  it('begin at once, and again after rows, but not before an interval has passed', async () => {
    const { clock, rounds, ending, began, running } = start(60)
    await settle()
    expect(began).toEqual([0])
    clock.advance(200)
    await settle()
    expect(began).toEqual([0])
    rounds.noticeRows()
    await settle()
    expect(began).toEqual([0, 200])
    clock.advance(10)
    rounds.noticeRows()
    rounds.noticeRows()
    await settle()
    expect([began.length, clock.sleeping]).toEqual([2, 1])
    clock.advance(50)
    await settle()
    expect(began).toEqual([0, 200, 260])
    ending.abort()
    await running
  })

  it('take up in the next round what came during one', async () => {
    const clock = new ManualClock()
    const rounds = new StepRounds({ clock, intervalMs: 60 })
    const ending = new AbortController()
    let count = 0
    const running = rounds.run(async () => {
      count += 1
      if (count === 1) rounds.noticeRows()
    }, ending.signal)
    await settle()
    expect([count, clock.sleeping]).toEqual([1, 1])
    clock.advance(60)
    await settle()
    expect(count).toBe(2)
    ending.abort()
    await running
  })

  it('end while they wait for rows or for time, and let a round under way end', async () => {
    const waitingForRows = start(60)
    await settle()
    waitingForRows.ending.abort()
    await waitingForRows.running
    const waitingForTime = start(60)
    await settle()
    waitingForTime.rounds.noticeRows()
    await settle()
    waitingForTime.ending.abort()
    await waitingForTime.running
    expect([waitingForRows.began, waitingForTime.began]).toEqual([[0], [0]])
  })
})
