import { describe, expect, test } from 'vitest'
import type { RunEvent } from '@eclusa/sdk'
import { createPlainReporter } from './plain-reporter.ts'
import { progressLines } from './progress-lines.ts'
import { advance, fractionDone, noProgress, remainingMs } from './run-progress.ts'
import type { RunProgress } from './run-progress.ts'

const startMs = Date.parse('2026-01-01T00:00:00.000Z')
type Body = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, 'version' | 'at' | 'pipeline' | 'runId'>
    : never
  : never

function at(seconds: number, body: Body): RunEvent {
  return {
    version: 1,
    at: new Date(startMs + seconds * 1000).toISOString(),
    pipeline: 'sales',
    runId: 'r1',
    ...body,
  }
}

const orders = { namespace: 'sales', name: 'orders' }
const items = { namespace: 'sales', name: 'order_items' }

const events: readonly RunEvent[] = [
  at(0, { type: 'run_started', streams: [orders, items], steps: ['transform'] }),
  at(0, { type: 'stream_started', stream: orders, rowsEstimated: 1_000_000, resumed: false }),
  at(1, { type: 'stream_progress', stream: orders, rows: 125_000, bytes: 12_500_000 }),
  at(2, { type: 'stream_progress', stream: orders, rows: 250_000, bytes: 25_000_000 }),
  at(8, {
    type: 'stream_completed',
    stream: orders,
    rows: 1_000_123,
    bytes: 100_000_000,
    unrepresentable: 2,
    durationMs: 8000,
  }),
  at(8, { type: 'stream_started', stream: items, resumed: false }),
  at(9, { type: 'stream_progress', stream: items, rows: 90_000, bytes: 4_000_000 }),
  at(19, { type: 'stream_progress', stream: items, rows: 900_000, bytes: 40_000_000 }),
  at(20, { type: 'stream_progress', stream: items, rows: 990_000, bytes: 44_000_000 }),
  at(21, { type: 'log', level: 'warn', message: 'Connection lost. Trying again in 900 ms.', fields: {} }),
  at(22, { type: 'stream_restarted', stream: items, reason: 'the table was rewritten' }),
  at(30, { type: 'stream_completed', stream: items, rows: 1, bytes: 50, unrepresentable: 0, durationMs: 4_000 }),
  at(31, { type: 'step_started', step: 'transform' }),
  at(31, { type: 'step_node', step: 'transform', nodeType: 'model', node: 'dim_date', status: 'started' }),
  at(32, {
    type: 'step_node',
    step: 'transform',
    nodeType: 'model',
    node: 'dim_date',
    status: 'succeeded',
    durationMs: 900,
  }),
  at(32, { type: 'step_node', step: 'transform', nodeType: 'test', node: 'unique_id', status: 'started' }),
  at(33, {
    type: 'step_node',
    step: 'transform',
    nodeType: 'test',
    node: 'unique_id',
    status: 'failed',
    message: '3 rows',
  }),
  at(34, {
    type: 'step_completed',
    step: 'transform',
    status: 'failed',
    summary: '1 model built, 1 test failed',
    durationMs: 3000,
  }),
]

function progressAt(seconds: number): RunProgress {
  return events.filter((event) => Date.parse(event.at) <= startMs + seconds * 1000).reduce(advance, noProgress)
}

const plain = (_style: unknown, text: string) => text
function linesAt(seconds: number, columns = 100): string[] {
  return progressLines(progressAt(seconds), { nowMs: startMs + seconds * 1000, columns, paint: plain })
}

describe('the live block', () => {
  test('shows a bar, the present rate and the time left where there is an estimate', () => {
    expect(linesAt(2)).toEqual([
      '⠋ sales.orders  █████░░░░░░░░░░░░░░░   25 %  250,000 rows  130,000 rows/s, 12.5 MB/s  6.0 s left',
      '⠋ 0 of 2 streams  250,000 rows  130,000 rows/s, 12.5 MB/s  2.0 s',
    ])
  })

  test('shows an empty bar and no percentage where there is none', () => {
    expect(linesAt(19)[0]).toBe('⠋ sales.order_items  ░░░░░░░░░░░░░░░░░░░░  900,000 rows  81,000 rows/s, 3.60 MB/s')
  })

  test('leaves out streams whose turn has not come', () => {
    expect(linesAt(8)).toEqual(['⠋ 1 of 2 streams  1,000,123 rows  130,000 rows/s, 12.5 MB/s  8.0 s'])
  })

  test('leaves facts out rather than wrapping in a narrow terminal', () => {
    for (const columns of [40, 60, 80]) {
      expect(linesAt(2, columns).every((line) => line.length <= columns)).toBe(true)
    }
  })

  test('shows what a step works at', () => {
    expect(linesAt(32)).toEqual(['⠋ transform  1 done  1.0 s  unique_id'])
  })
})

describe('progress', () => {
  test('never claims to be complete before the stream is, however low the estimate was', () => {
    const late = [...events.slice(0, 2), at(5, { type: 'stream_progress', stream: orders, rows: 2_000_000, bytes: 1 })]
    const stream = late.reduce(advance, noProgress).streams.get('sales.orders')!
    expect(fractionDone(stream)).toBe(0.99)
    expect(remainingMs(stream, startMs + 5000)).toBeUndefined()
  })

  test('begins again when a stream is restarted', () => {
    expect(progressAt(22).streams.get('sales.order_items')).toMatchObject({ rows: 0, status: 'running' })
  })
})

test('plain lines tell what ended, what went wrong, and of long streams now and then how far they are', () => {
  const lines: string[] = []
  const reporter = createPlainReporter({ note: (line) => lines.push(line), paintNote: plain })
  for (const event of events) reporter.onEvent(event)
  expect(lines).toEqual([
    '✓ sales.orders  1,000,123 rows, 100 MB, 8.0 s, 130,000 rows/s, 12.5 MB/s  2 values kept as text',
    '  sales.order_items  900,000 rows, 81,000 rows/s, 3.60 MB/s',
    '! Connection lost. Trying again in 900 ms.',
    '↻ sales.order_items  starts again: the table was rewritten',
    '✓ sales.order_items  1 row, 50 B',
    '✗ transform: test unique_id: 3 rows',
    '✗ transform  1 model built, 1 test failed, 3.0 s',
  ])
})
