import type { RunEvent } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import type { EventBody } from './run-emitter.ts'
import { HistoryDigest } from './run-history.ts'

const startMs = Date.parse('2026-01-01T00:00:00Z')

function at(seconds: number, body: EventBody): RunEvent {
  const identity = { version: 1, pipeline: 'sales', runId: 'r', at: new Date(startMs + seconds * 1000).toISOString() }
  return { ...identity, ...body } as RunEvent
}

const commit = (seconds: number, sequence: number, stream: string) =>
  at(seconds, { type: 'committed', sequence, rows: 2, bytes: 10, durationMs: 5, streams: [{ name: stream }] })
const node = (status: 'started' | 'succeeded' | 'failed') =>
  at(1, { type: 'step_node', step: 'transform', nodeType: 'model', node: 'a', status })
const caughtUp = at(0, { type: 'caught_up', rows: 0, bytes: 0, durationMs: 1 })

describe('the history of a run', () => {
  it('keeps everything of a run that does not follow', () => {
    const digest = new HistoryDigest()
    const events = [commit(0, 1, 'a'), commit(1, 2, 'a'), node('started'), node('succeeded')]
    expect(events.flatMap((event) => digest.take(event))).toEqual(events)
  })

  it('keeps one commit for each minute of following, with the rows of all', () => {
    const digest = new HistoryDigest()
    expect(digest.take(caughtUp)).toEqual([caughtUp])
    expect([commit(0, 1, 'a'), commit(30, 2, 'b')].flatMap((event) => digest.take(event))).toEqual([])
    expect(digest.take(commit(60, 3, 'a'))).toMatchObject([
      { sequence: 3, rows: 6, bytes: 30, durationMs: 15, streams: [{ name: 'a' }, { name: 'b' }] },
    ])
    expect(digest.take(commit(61, 4, 'c'))).toEqual([])
    const end = at(62, {
      type: 'run_completed',
      status: 'succeeded',
      rows: 8,
      bytes: 40,
      unrepresentable: 0,
      durationMs: 1,
    })
    expect(digest.take(end)).toMatchObject([{ sequence: 4, rows: 2, streams: [{ name: 'c' }] }, end])
  })

  it('keeps only the nodes of following that did not end well', () => {
    const digest = new HistoryDigest()
    digest.take(caughtUp)
    expect([node('started'), node('succeeded'), node('failed')].flatMap((event) => digest.take(event))).toEqual([
      node('failed'),
    ])
  })
})
