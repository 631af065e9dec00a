import type { RunEvent } from '@eclusa/sdk'
import { describe, expect, it } from 'vitest'
import { EventChannel } from './event-channel.ts'
import type { EventBody } from './run-emitter.ts'

function event(body: EventBody): RunEvent {
  return { version: 1, at: '2026-01-01T00:00:00.000Z', pipeline: 'sales', runId: 'r', ...body }
}

const commit = (sequence: number) =>
  event({ type: 'committed', sequence, rows: 1, bytes: 1, durationMs: 1, streams: [] })
const progress = (name: string, rows: number) => event({ type: 'stream_progress', stream: { name }, rows, bytes: 1 })
const lag = (bytes: number) => event({ type: 'lag', bytes })

async function read(channel: EventChannel): Promise<RunEvent[]> {
  channel.close()
  const events: RunEvent[] = []
  for await (const one of channel) events.push(one)
  return events
}

describe('events that nobody has read yet', () => {
  it('keep of progress and lag only the newest', async () => {
    const channel = new EventChannel()
    for (const one of [progress('a', 1), progress('b', 1), lag(5), progress('a', 2), lag(3)]) channel.push(one)
    expect(await read(channel)).toEqual([progress('b', 1), progress('a', 2), lag(3)])
  })

  it('are bounded: of a run that follows for weeks the newest are kept', async () => {
    const channel = new EventChannel()
    for (let sequence = 1; sequence <= 12_000; sequence++) channel.push(commit(sequence))
    const events = await read(channel)
    expect([events.length, events[0], events.at(-1)]).toEqual([10_000, commit(2001), commit(12_000)])
  })
})
