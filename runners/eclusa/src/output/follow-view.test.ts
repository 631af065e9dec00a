import { describe, expect, test } from 'vitest'
import type { RunEvent } from '@eclusa/sdk'
import { createPlainReporter } from './plain-reporter.ts'
import { progressLines } from './progress-lines.ts'
import { advance, followRate, noProgress } from './run-progress.ts'
import type { RunProgress } from './run-progress.ts'

const startMs = Date.parse('2026-01-01T00:00:00.000Z')
type Body = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, 'version' | 'at' | 'pipeline' | 'runId'>
    : never
  : never

function at(seconds: number, body: Body): RunEvent {
  return { version: 1, at: new Date(startMs + seconds * 1000).toISOString(), pipeline: 'sales', runId: 'r1', ...body }
}

const orders = { namespace: 'sales', name: 'orders' }
const view = { namespace: 'sales', name: 'view' }
const commit = (seconds: number, rows: number, ms = 40) =>
  at(seconds, {
    type: 'committed',
    sequence: 1,
    rows,
    bytes: rows * 100,
    durationMs: 5,
    streams: [orders],
    lag: { ms },
  })
const round = (seconds: number, status: 'succeeded' | 'failed') =>
  at(seconds, { type: 'step_completed', step: 'transform', status, summary: 'built', durationMs: 10 })

const beginning: readonly RunEvent[] = [
  at(0, { type: 'run_started', streams: [orders, view], steps: ['transform'], follow: true }),
  at(0, { type: 'stream_started', stream: orders, resumed: false }),
  at(0, { type: 'stream_started', stream: view, resumed: false }),
  at(1, { type: 'stream_completed', stream: view, rows: 5, bytes: 50, unrepresentable: 0, durationMs: 900 }),
  commit(2, 1000),
  at(2, { type: 'stream_progress', stream: orders, rows: 1000, bytes: 100_000 }),
  at(2, { type: 'caught_up', rows: 1005, bytes: 100_050, durationMs: 2000 }),
]

function progressAfter(events: readonly RunEvent[]): RunProgress {
  let progress = noProgress
  for (const event of events) progress = advance(progress, event)
  return progress
}

function linesOf(events: readonly RunEvent[]): string[] {
  const lines: string[] = []
  const reporter = createPlainReporter({
    note: (text) => lines.push(...text.split('\n')),
    paintNote: (_, text) => text,
  })
  for (const event of events) reporter.onEvent(event)
  return lines
}

describe('a run that follows', () => {
  test('tells at once what was copied, and then how it keeps up once a minute, if there was anything', () => {
    const events = [
      ...beginning,
      round(3, 'succeeded'),
      at(10, { type: 'lag', bytes: 2000 }),
      commit(20, 10),
      commit(63, 10),
      round(64, 'succeeded'),
      commit(130, 0),
      round(140, 'failed'),
      at(150, {
        type: 'stream_completed',
        stream: orders,
        rows: 1020,
        bytes: 102_000,
        unrepresentable: 0,
        durationMs: 1,
      }),
    ]
    expect(linesOf(events)).toEqual([
      '✓ sales.view  5 rows, 50 B',
      '✓ sales.orders  1,000 rows, 100 kB',
      '✓ caught up  1,005 rows, 2.0 s, following until it is stopped',
      '✓ transform  built, 10 ms',
      '  following  20 rows in 1 min 01 s, lag 40 ms',
      '✗ transform  built, 10 ms',
    ])
  })

  test('is one line that tells rate, lag and the age of the last commit', () => {
    const progress = progressAfter([...beginning, commit(10, 500), commit(14, 1500, 120)])
    const shown = progressLines(progress, { nowMs: startMs + 15_000, columns: 120, paint: (_, text) => text })
    expect(shown.map((line) => line.slice(2))).toEqual([
      'following  150 rows/s, 15.4 kB/s  lag 120 ms  committed 1.0 s ago  3,000 rows',
    ])
  })

  test('has a rate of the last seconds, which is nothing in silence', () => {
    const { follow } = progressAfter([...beginning, commit(100, 1000), commit(105, 1000)])
    expect(followRate(follow!, startMs + 105_000).rowsPerSecond).toBeCloseTo(2000 / 103, 0)
    expect(followRate(follow!, startMs + 116_000).rowsPerSecond).toBe(0)
  })

  test('keeps no more than the last seconds of weeks', () => {
    const many = Array.from({ length: 2000 }, (_, index) => commit(10 + index, 1))
    expect(progressAfter([...beginning, ...many]).follow!.samples.length).toBeLessThan(20)
  })
})

test('a stream that was read on and had nothing new is not told', () => {
  const events = [
    at(0, { type: 'run_started', streams: [orders], steps: [] }),
    at(0, { type: 'stream_started', stream: orders, resumed: true }),
    at(1, { type: 'stream_completed', stream: orders, rows: 0, bytes: 0, unrepresentable: 0, durationMs: 900 }),
  ]
  expect(linesOf(events)).toEqual([])
})
