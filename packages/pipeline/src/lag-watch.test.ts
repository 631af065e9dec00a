import { setImmediate as turn } from 'node:timers/promises'
import type { CheckFinding, ReplicationStatus, SourceReplication } from '@eclusa/sdk'
import { expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { LagWatch } from './lag-watch.ts'

const usual: CheckFinding = { status: 'warning', subject: 'limit', message: 'There is none.' }
const near: CheckFinding = { status: 'warning', subject: 'slot', message: 'It is nearly lost.', remedy: 'Hurry.' }

function statusWith(findings: CheckFinding[]): ReplicationStatus {
  const lag = { bytes: 7 }
  return {
    slot: 's',
    publication: 'p',
    isActive: true,
    serverPosition: '0/1',
    lag,
    retainedBytes: 9,
    streams: [],
    findings,
  }
}

it('tells the lag at once and again, and warns once of what was not so at the beginning', async () => {
  const answers = [[usual], 'away', [usual, near], [near]] as const
  const pending = answers.values()
  const status: SourceReplication['status'] = async () => {
    const { value = [] } = pending.next()
    if (value === 'away') throw new Error('away')
    return statusWith([...value])
  }
  const replication = { status, listSlots: async () => [], dropSlot: async () => {} }
  const events: unknown[] = []
  const warnings: string[] = []
  const clock = new ManualClock()
  const log = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} }
  const { signal } = new AbortController()
  {
    await using watch = new LagWatch({ replication, clock, emit: (event) => void events.push(event), signal, log })
    watch.begin()
    for (let asked = 1; asked < answers.length; asked++) {
      while (clock.sleeping === 0) await turn()
      clock.advance(10_000)
      await turn()
    }
    while (clock.sleeping === 0) await turn()
  }
  expect(events).toEqual(Array.from({ length: 3 }, () => ({ type: 'lag', bytes: 7, retainedBytes: 9 })))
  expect(warnings).toEqual(['It is nearly lost.'])
})
